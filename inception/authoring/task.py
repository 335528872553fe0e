"""The base class of every task: it decides where a call goes.

| called | in a parent | elsewhere |
|---|---|---|
| `task.delay(…)`, `task.apply_async(…)` | a recorded step | a message; for a parent, a new run |
| `task(…)` | runs right there, as part of the parent | test mode |
| by a worker, for a message | | the process's executor |
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Literal, TypeAlias

import celery
from celery._state import get_current_worker_task
from celery.exceptions import Reject
from celery.states import READY_STATES, RETRY

from inception.authoring import direct
from inception.authoring.errors import NotDurable
from inception.authoring.execution import get_executor, hosts_parents
from inception.authoring.frame import current_frame, frame_is_hidden, refuse_thread, require_frame
from inception.authoring.redaction import redact_all
from inception.authoring.secret_arguments import as_annotated, delivered, sealed_message
from inception.authoring.starting import start_run
from inception.authoring.steps import step_of_call
from inception.authoring.voice import current_voice, read_update
from inception.runs.celery_app import BROKER_ERRORS
from inception.runs.errors import StoreUnavailable
from inception.runs.insistence import insist
from inception.runs.limits import Limits
from inception.runs.messages import read_ticket
from inception.runs.model import State

TaskKind: TypeAlias = Literal["child", "parent", "plain"]

_ENDING_WORDS: Final = READY_STATES | {RETRY}
"""States by which Celery says that a delivery of a task is over."""


class Task(celery.Task):  # type: ignore[misc]  # celery has no types
    """Base of all tasks of an app that Inception is installed in, plain ones included."""

    abstract = True
    inception_kind: ClassVar[TaskKind] = "plain"
    rerun_if_lost: ClassVar[bool] = True
    """Whether a child whose worker died is started again (`@child(rerun_if_lost=False)`)."""
    limits: ClassVar[Limits] = Limits()
    """How many runs of a parent go on at once."""
    steps: ClassVar[tuple[str, ...] | None] = None
    """Names of a parent's steps, for those who look (`@parent(steps=[…])`)."""

    @property
    def attempt(self) -> int:
        """Which attempt of this child runs, from 1; a bound child may ask `self.attempt`."""
        ticket = read_ticket(self.request)
        return 1 if ticket is None else ticket.attempt

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the body: for a worker by the process's executor, else right here."""
        request = self.request
        if request.called_directly or request.is_eager or _is_running(request):
            return direct.call(self, args, kwargs)
        request.inception_running = True
        executor = get_executor()
        if executor is None:
            return self.run_delivered(args, kwargs)
        return executor.execute(self, args, kwargs)

    def run_body(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the function, within what a base class of the project's own puts around it.

        Flask's documentation has projects enter the application's context in `Task.__call__`.
        """
        around = super().__call__
        call = self.run if around.__func__ is celery.Task.__call__ else around
        args, kwargs = as_annotated(self, args, kwargs)
        return call(*args, **kwargs)

    def run_delivered(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the function for a message, where no executor does: its secrets are put back."""
        with delivered(self, args, kwargs) as (true_args, true_kwargs):
            placed, named = as_annotated(self, true_args, true_kwargs)
            return self.run(*placed, **named)

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Start the task: inside a parent a durable step, outside a message or a new run.

        Takes Celery's options; `label` too in a parent, `label` and `tags` for a run. Returns
        a StepHandle inside a parent, an AsyncResult outside. Raises NotDurable inside a parent
        for what can't be replayed (links, canvas), TypeError for arguments that don't fit,
        SecretsRefused for secret ones without a key to seal them with.
        """
        args, kwargs = tuple(args or ()), dict(kwargs or {})
        if current_frame.get() is not None:
            frame = require_frame(f"{self.name}.delay()")
            return frame.start([step_of_call(self, args, kwargs, options)])[0]
        refuse_beside_parents(f"{self.name}.delay()")
        if self.inception_kind == "parent" and not self._is_redelivery(options):
            return start_run(self, args, kwargs, options, send=super().apply_async)
        if self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, **options)
        message = sealed_message(self, args, kwargs, options.pop("headers", None))
        return super().apply_async(message.args, message.kwargs, headers=message.headers, **options)

    def apply(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Run the task right here, as Celery's `apply` does. Raises NotDurable in a parent."""
        refuse_in_parent(f"{self.name}.apply()")
        return super().apply(args, kwargs, **options)

    def update_state(
        self,
        task_id: str | None = None,
        state: str | None = None,
        meta: Any = None,
        **options: Any,
    ) -> None:
        """Say where the task is, in Celery's own way.

        In a parent this sets the parent's own meta. A final state that a parent or a child
        names becomes `meta.status` and ends nothing: how its body ends does. (Who leaves by
        Celery's `Ignore` ends as what was named.) In test mode it sends nothing.
        """
        if task_id not in (None, self.request.id):
            super().update_state(task_id, state, meta, **options)
            return
        meta = redact_all(meta)
        word = read_update(state, meta)
        frame, voice = current_frame.get(), current_voice()
        if voice is not None:
            voice.note(word)
        if frame is not None:
            frame.report(word)
        elif self.request.id is not None and not self.request.is_eager:
            if state in _ENDING_WORDS and read_ticket(self.request) is not None:
                self.request.inception_named_end = (state, meta)
                state, meta = State.PROGRESS, word
            super().update_state(task_id, state, meta, **options)

    def retry(
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: BaseException | None = None,
        *more: Any,
        **options: Any,
    ) -> Any:
        """Retry the task, as Celery does; in a parent raise `exc`, for its run is retried instead.

        Where Redis is away it is waited for, up to a day: Celery itself would give the task up.
        Raises NotDurable in a parent without `exc`.
        """
        if self.inception_kind != "parent" and current_frame.get() is None:
            send = partial(self._send_retry, args, kwargs, exc, *more, **options)
            return insist(send, what="Celery's own retry of a task")
        if exc is not None:
            raise exc
        raise NotDurable(
            f"{self.name} asked Celery to retry it, which would start it anew behind its journal."
            "\n\nTo solve this, let its steps be retried: `watch(task.s(...), retries=3)`."
        )

    def _send_retry(self, *args: Any, **options: Any) -> Any:
        """Have Celery retry; raises StoreUnavailable where the broker took no message."""
        try:
            return super().retry(*args, **options)
        except Reject as reject:
            if isinstance(reject.reason, BROKER_ERRORS):
                raise StoreUnavailable(f"A retry was not sent: {reject.reason}") from reject
            raise

    def _is_redelivery(self, options: Mapping[str, Any]) -> bool:
        """True for what must not become a new run: Celery's retries, and eager mode."""
        return bool(options.get("retries")) or bool(self.app.conf.task_always_eager)


def refuse_in_parent(what: str = "send_task()") -> None:
    """Raise NotDurable if a parent runs here, where `what` would escape its journal."""
    if current_frame.get() is not None:
        raise NotDurable(
            f"`{what}` inside a parent would not be recorded, and would happen again each time "
            "the parent is taken over.\n\nTo solve this, write `watch(task.s(...))` or "
            "`task.delay(...)`; for something that is no child, `side_effect(fn)`."
        )


def refuse_beside_parents(what: str) -> None:
    """Raise OutsideParent in a thread that a parent made: it has no frame, and no order.

    In a process that hosts parents nobody else starts tasks but its main thread, tasks that a
    message brought, and what `side_effect` calls.
    """
    if not hosts_parents() or frame_is_hidden() or get_current_worker_task() is not None:
        return
    if threading.current_thread() is not threading.main_thread():
        refuse_thread(what)


def _is_running(request: Any) -> bool:
    """True if the body of this request runs already, so that this is a plain recursive call."""
    return bool(getattr(request, "inception_running", False))
