"""Test mode: tasks that are called run right there, without a broker and without Redis.

A parent that is called runs behind a frame that runs each child as it is started. What
matters for a parent's own logic is as live: values and arguments go through JSON, exceptions
become outcomes, retries happen. Time does not: time-outs are accepted and never strike,
countdowns and back-off are not waited for.
"""

from __future__ import annotations

import threading
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from time import sleep as sleep_for
from typing import Any, Final

from celery.exceptions import Retry

from inception.authoring.body import requested, run_behind
from inception.authoring.errors import NotWatchable
from inception.authoring.frame import (
    StepHandle,
    StepRequest,
    WatchOptions,
    current_frame,
    outside_frame,
)
from inception.authoring.outcome import Outcome, describe_exception, end_meta, judge
from inception.authoring.secret_arguments import as_annotated
from inception.authoring.voice import (
    Voice,
    current_voice,
    read_update,
    silent_voice,
    speaking,
)
from inception.runs.jsontext import normalise
from inception.runs.messages import Ticket, ticket_headers
from inception.runs.meta import cut, empty_meta
from inception.runs.model import MAX_TRACEBACK_BYTES, ROOT, JsonValue, Meta, State
from inception.runs.paths import child_path, task_id

MOST_RETRIES: Final = 100
"""Of Celery's own retries of one child, which may be set to go on for ever."""


def call(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
    """Run a task that was called as a function; returns and raises what its body does.

    Within a parent, or within another task, it is simply a part of that.
    """
    if task.inception_kind == "parent" and current_frame.get() is None:
        frame = DirectFrame()
        return run_behind(frame, task, args, kwargs, task_id=frame.run_id, draws=True)
    voice = current_voice()
    with requested(task, args, kwargs), nullcontext() if voice else speaking(silent_voice()):
        placed, named = as_annotated(task, args, kwargs)
        return task.run(*placed, **named)


class DirectFrame:
    """The frame of a parent in test mode: children run when they are started, one by one."""

    def __init__(self, run_id: str | None = None, path: str = ROOT) -> None:
        self.run_id = run_id or str(uuid.uuid4())
        self.path = path
        self.meta: Meta = empty_meta("PROGRESS")
        self._steps: dict[str, tuple[StepRequest, Outcome]] = {}
        self._thread = threading.get_ident()

    def start(self, steps: Sequence[StepRequest]) -> list[StepHandle]:
        """Run `steps` in order, and return the handles of what has ended by then."""
        return [self._run_new(step) for step in steps]

    def wait(self, handles: Sequence[StepHandle], options: WatchOptions) -> list[Outcome]:
        """Return the outcomes; children that failed are run again as `options.retries` says."""
        return [self._settled(handle, options.retries) for handle in handles]

    def watch_all(
        self,
        steps: Iterable[StepRequest | StepHandle],
        limit: int | None,
        options: WatchOptions,
        *,
        stop_on_error: bool,
        ahead: int = 0,  # noqa: ARG002 -- nobody looks on
    ) -> list[Outcome]:
        """Run `steps` one after the other.

        With `stop_on_error` the first that is not ok revokes those that would run beside it
        (without a `limit`, all others); with a limit, what is not started by then is left out.
        """
        outcomes: list[Outcome] = []
        stopped = False
        for step in steps:
            handle = self._skip(step) if stopped else self._handle(step)
            outcomes.append(self._settled(handle, 0 if stopped else options.retries))
            stopped = stopped or (stop_on_error and not outcomes[-1].ok)
            if stopped and limit is not None:
                break
        return outcomes

    def record(self, kind: str, produce: Callable[[], JsonValue]) -> JsonValue:
        """Return what `produce` returns, as it comes back from JSON."""
        return normalise(produce(), kind)

    def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` (s)."""
        sleep_for(seconds)

    def report(self, meta: Meta) -> None:
        """Remember what the parent says of itself."""
        self.meta = meta

    def owns_thread(self) -> bool:
        """True in the thread that called the parent."""
        return threading.get_ident() == self._thread

    def _handle(self, step: StepRequest | StepHandle) -> StepHandle:
        return step if isinstance(step, StepHandle) else self._run_new(step)

    def _run_new(self, step: StepRequest) -> StepHandle:
        handle = self._number()
        self._steps[handle.path] = (step, self._run(step, handle.path, attempt=1))
        return handle

    def _skip(self, step: StepRequest | StepHandle) -> StepHandle:
        """Number a step that is not run any more; one that ended before keeps its outcome."""
        if isinstance(step, StepHandle):
            return step
        handle = self._number()
        meta = end_meta(None, None, "Revoked: a child before it failed (stop_on_error).")
        outcome = Outcome(state=State.REVOKED, meta=meta, task_id=handle.id, path=handle.path)
        self._steps[handle.path] = (step, outcome)
        return handle

    def _number(self) -> StepHandle:
        path = child_path(self.path, len(self._steps))
        return StepHandle(id=task_id(self.run_id, path, 1), path=path, frame=self)

    def _settled(self, handle: StepHandle, retries: int) -> Outcome:
        if handle.frame is not self:
            raise NotWatchable(f"The child at {handle.path} was started by another parent.")
        step, outcome = self._steps[handle.path]
        for attempt in range(2, retries + 2):
            if outcome.state != State.FAILURE:
                break
            outcome = self._run(step, handle.path, attempt)
            self._steps[handle.path] = (step, outcome)
        return outcome

    def _run(self, step: StepRequest, path: str, attempt: int) -> Outcome:
        """Run one child to its end; whatever ends it but a revoke becomes its outcome."""
        number = task_id(self.run_id, path, attempt)
        voice = silent_voice()
        try:
            with outside_frame(), speaking(voice), _overheard(step.task, voice):
                returned = self._run_body(step, path, attempt)
            value = normalise(returned)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - every end becomes an outcome
            return _failed(step.name, error, voice.last, number, path)
        error_text = judge(value, step.kind)
        return Outcome(
            state=State.SUCCESS if error_text is None else State.FAILURE,
            meta=end_meta(voice.last, value, error_text),
            returned=value,
            task_id=number,
            path=path,
        )

    def _run_body(self, step: StepRequest, path: str, attempt: int) -> object:
        number = task_id(self.run_id, path, attempt)
        if step.kind == "parent":
            nested = DirectFrame(self.run_id, path)
            return run_behind(nested, step.task, *step.arguments(), task_id=number, draws=True)
        ticket = ticket_headers(Ticket(run_id=self.run_id, path=path, attempt=attempt))
        return _run_child(step, id=number, headers=ticket)


@contextmanager
def _overheard(task: Any, voice: Voice) -> Iterator[None]:
    """Let `voice` have what a task of another base class says, which would look for Redis."""
    if hasattr(task, "inception_kind"):
        yield
        return

    def update_state(
        task_id: str | None = None, state: str | None = None, meta: Any = None, **_celery: Any
    ) -> None:
        del task_id
        voice.note(read_update(state, meta))

    task.update_state = update_state
    try:
        yield
    finally:
        del task.update_state


def _run_child(step: StepRequest, **request: object) -> object:
    """Run a child as Celery's eager mode does: its own retries follow at once."""
    args, kwargs = step.arguments()
    for retries in range(MOST_RETRIES):
        eager = {"is_eager": True, "called_directly": False, "retries": retries}
        try:
            with requested(step.task, args, kwargs, **request, **eager):
                placed, named = as_annotated(step.task, args, kwargs)
                return step.task.run(*placed, **named)
        except Retry as again:
            if again.sig is None:
                raise
            args, kwargs = again.sig.args, again.sig.kwargs
    raise RecursionError(f"{step.name} asked for {MOST_RETRIES} retries; test mode has no more.")


def _failed(name: str, error: BaseException, last: Meta | None, number: str, path: str) -> Outcome:
    trace = "".join(traceback.format_exception(error))
    return Outcome(
        state=State.FAILURE,
        meta=end_meta(last, None, describe_exception(name, error)),
        traceback=cut(trace, MAX_TRACEBACK_BYTES),
        task_id=number,
        path=path,
    )
