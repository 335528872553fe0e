"""What the main process learns of its pool: a process that died, a time limit that was hit.

Celery asks a task for the class of its requests (`Task.Request`), and tells the request in the
main process how the pool fared with it. There a child that could not record its own end gets one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from billiard.einfo import ExceptionWithTraceback
from celery.exceptions import Terminated, TimeLimitExceeded, WorkerLostError
from celery.worker.request import Request

from inception.authoring.outcome import end_meta
from inception.compute.ending import Ending, stopped, type_name
from inception.compute.recorder import Posthumous, Recorder
from inception.compute.slots import Held, Order, Slots
from inception.runs.messages import read_ticket
from inception.runs.model import State
from inception.runs.processes import lives

_HOW: Final = re.compile(r"prematurely: (.*?)(?: Job: \d+)?\.?$")
"""Where billiard's text says by which signal or exit code a process ended."""
_OUT_OF_MEMORY: Final = "signal 9"

OrderFor = Callable[[Held], Order | None]


class Deaths:
    """Ends the claims whose pool process died; `process` is this worker's name."""

    def __init__(
        self, recorder: Recorder, *, process: str, order_for: OrderFor, slots: Slots | None = None
    ) -> None:
        self._recorder = recorder
        self._process = process
        self._order_for = order_for
        self._slots = slots

    def judge(self, request: Request, exception: BaseException, *, cancelled: bool = False) -> None:
        """Record the end of the child of `request` if the pool could not: never waits.

        `cancelled` says that Celery terminated it because the worker ends.
        """
        ticket = read_ticket(request._context)  # noqa: SLF001 -- what Celery's own handlers use
        ending = self._ending(request, exception, cancelled=cancelled)
        if ticket is None or ending is None:
            return
        retries = request.request_dict.get("retries") or 0
        held = Held(run_id=ticket.run_id, path=ticket.path, attempt=ticket.attempt, retries=retries)
        order = self._order_for(self._as_it_began(held, request.worker_pid))
        if order is not None:
            ending = _as_ordered(order)
        if self._slots is not None and not isinstance(exception, TimeLimitExceeded):
            self._slots.clear(request.worker_pid)
        self._record(ending, held, request.worker_pid)

    def _as_it_began(self, held: Held, pid: int | None) -> Held:
        """The delivery that the pool process died of, if its slot still says which."""
        working = self._slots.working().values() if self._slots is not None else ()
        return next((one for its_pid, one in working if (its_pid, one) == (pid, held)), held)

    def bury(self, pid: int, how: str) -> None:
        """Record the end of what a pool process has left that died, and nobody was told of.

        Its message may be delivered again, and begin the child if this one had not claimed it.
        """
        held = self._slots.clear(pid) if self._slots is not None else None
        if held is not None:
            order = self._order_for(held)
            ending = self._lost(pid, how) if order is None else _as_ordered(order)
            self._record(ending, held, pid, claimed=True)

    def leave(self) -> None:
        """Record as lost whatever the pool, which has ended, left without an end."""
        if self._slots is None:
            return
        for pid, held in self._slots.working().values():
            if not lives(pid):
                self._record(self._lost(pid, "the worker ended"), held, pid)

    def _record(
        self, ending: Ending, held: Held, pid: int | None, *, claimed: bool = False
    ) -> None:
        end = Posthumous(end=ending.of(held), worker=self._process, pid=pid, claimed=claimed)
        self._recorder.record(end)

    def _ending(
        self, request: Request, exception: BaseException, *, cancelled: bool
    ) -> Ending | None:
        if isinstance(exception, WorkerLostError):
            return self._lost(request.worker_pid, _how(exception))
        if isinstance(exception, TimeLimitExceeded):
            return _failed(f"Error in {request.name}: {_limit(exception)}", exception)
        if isinstance(exception, Terminated):
            if cancelled:
                return self._lost(request.worker_pid, "the worker ended")
            return stopped(State.REVOKED, None, None)
        return None

    def _lost(self, pid: int | None, how: str) -> Ending:
        error = f"Worker {self._process} lost pool process {pid}: {how}."
        if how.startswith(_OUT_OF_MEMORY):
            error += " (The kernel does that too when memory runs out.)"
        return Ending(
            state=State.LOST,
            meta=end_meta(None, None, error),
            error_type=type_name(WorkerLostError()),
        )


def request_class(deaths: Deaths) -> type[Request]:
    """The request class for tasks of this worker, which tells `deaths` what it hears."""

    class ClaimedRequest(Request):  # type: ignore[misc]  # celery has no types
        """A request whose child's claim gets an end, however the pool process fares."""

        def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
            exception = exc_info.exception
            if isinstance(exception, ExceptionWithTraceback):
                exception = exception.exc
            deaths.judge(self, exception, cancelled=self._already_cancelled)
            return super().on_failure(exc_info, *args, **kwargs)

    return ClaimedRequest


def _as_ordered(order: Order) -> Ending:
    return stopped(order.state, order.error, None)


def _failed(error: str, exception: BaseException) -> Ending:
    return Ending(
        state=State.FAILURE,
        meta=end_meta(None, None, error),
        error_type=type_name(exception),
    )


def _limit(exception: TimeLimitExceeded) -> str:
    seconds = exception.args[0] if exception.args else "?"
    return f"TimeLimitExceeded({seconds}): it was ended after its time limit of {seconds} s"


def _how(exception: WorkerLostError) -> str:
    found = _HOW.search(str(exception))
    return found.group(1) if found else str(exception)
