"""`install`: what a Celery app gets, ours or a project's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from celery import Celery, _state
from celery.utils.imports import symbol_by_name

from inception.authoring.task import Task, refuse_in_parent
from inception.installing.discovery import import_on_start
from inception.installing.errors import InstalledTooLate
from inception.installing.loglines import log_json
from inception.installing.wiring import wire
from inception.runs.celery_app import configure
from inception.runs.settings import LogFormat, Settings

_MARK: Final = "inception_settings"


def install(
    app: Celery, settings: Settings | None = None, *, packages: Sequence[str] = ()
) -> Celery:
    """Give `app` our base task, settings and worker roles, and return it.

    To be called where the app is made, after its configuration and before its tasks are used.
    `packages` are imported by workers with all their modules, beside those of INCEPTION_TASKS.
    Without a REDIS_URL the app's own Redis broker keeps the runs. Calling it again does nothing.
    Raises InstalledTooLate if tasks were bound to the app before, SettingsError.
    """
    if hasattr(app, _MARK):
        return app
    settings = settings or Settings.from_environment()
    _adopt_base(app)
    configure(app, settings)
    _guard_sending(app)
    import_on_start(app, modules=settings.tasks, packages=packages)
    wire(app, settings)
    if settings.log is LogFormat.JSON:
        log_json()
    _be_found_by_threads(app)
    setattr(app, _MARK, settings)
    return app


def _be_found_by_threads(app: Celery) -> None:
    """Make `app` the default where there is none: Celery keeps the current app per thread.

    In a thread or greenlet of a web process, `my_parent.delay()` would go to an app that Celery
    makes up, without any configuration.
    """
    if _state.default_app is None:
        app.set_default()


def _adopt_base(app: Celery) -> None:
    """Make our Task the base of all the app's tasks, in front of a base of its own."""
    present: type[Any] = symbol_by_name(app.task_cls)
    if issubclass(present, Task):
        return
    _refuse_bound(app)
    app.task_cls = _joined(present)
    # Celery builds app.Task from task_cls once; where that was done, it is to be built again.
    vars(app).pop("Task", None)


def _joined(present: type[Any]) -> type[Any]:
    if issubclass(Task, present):
        return Task
    return type("Task", (Task, present), {"abstract": True, "__module__": Task.__module__})


def _refuse_bound(app: Celery) -> None:
    """Celery's own few tasks may keep their base; a project's would never claim anything."""
    if not app.finalized and not app._tasks:  # noqa: SLF001 -- app.tasks would bind them all
        return
    bound = sorted(
        name
        for name, task in app._tasks.items()  # noqa: SLF001
        if not name.startswith("celery.") and not isinstance(task, Task)
    )
    if bound:
        raise InstalledTooLate(
            f"install(app) came after these tasks were bound to the app: {', '.join(bound[:5])}. "
            "Call it right after the app is made and configured, before any task is called, "
            "and before anything reads app.tasks."
        )


def _guard_sending(app: Celery) -> None:
    """Refuse `app.send_task` inside a parent, where it would be sent again at each replay."""
    send_task = app.send_task

    def guarded(*args: Any, **kwargs: Any) -> Any:
        refuse_in_parent("send_task()")
        return send_task(*args, **kwargs)

    app.send_task = guarded
