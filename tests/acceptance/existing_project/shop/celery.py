"""The project's Celery app, as its documentation says, and one line more."""

from __future__ import annotations

from typing import Any, ClassVar

from celery import Celery, Task

from inception import install


class InContext(Task):  # type: ignore[misc]  # celery has no types
    """The project's own base: tasks run within its context, as Flask's documentation has it."""

    inside: ClassVar[bool] = False

    def audit(self, text: str) -> str:
        return f"audited: {text}, {'inside' if InContext.inside else 'outside'}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        InContext.inside = True
        try:
            return self.run(*args, **kwargs)
        finally:
            InContext.inside = False


app = Celery("shop", task_cls=InContext)
app.config_from_object("shop.settings")
app.autodiscover_tasks(["shop"])
install(app)
