"""Runs a child in a compute worker: claim, STARTED, body, end, and with it Celery's result.

The claim comes first, so that a copy of a message runs nothing; the end in the claim never comes
after Celery's result, since it is the truth and the result a hint. Where one Redis keeps both,
STARTED and a success are stored in the very step of the claim and of its end.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar, NoReturn, Protocol

from celery.exceptions import Ignore, Reject, Retry
from celery.states import STARTED, SUCCESS

from inception.authoring.secret_arguments import delivered
from inception.authoring.voice import last_word
from inception.compute import ending
from inception.compute.ending import BodyRaised, Ending, for_celery
from inception.compute.interruption import Interruption, Stopped
from inception.compute.output import Output
from inception.compute.slots import Held
from inception.runs.insistence import insist
from inception.runs.messages import Ticket, read_ticket
from inception.runs.model import State
from inception.runs.records import Claim, ClaimAnswer, ResultWord
from inception.runs.result_words import KEPT_AFTER_END, ResultWords
from inception.runs.store import Store

logger = logging.getLogger(__name__)


class Place(Protocol):
    """Where a pool process says what it works on, so that the main process knows."""

    can_stop: ClassVar[bool]
    """Whether the work of this place can be stopped by a signal."""

    def begin(self, held: Held) -> None:
        """This process, or a thread of it, works on `held` from now on: it asks for its claim."""

    def ask(self, held: Held) -> None:
        """It asks for the claim again; what was ordered before is not for this delivery."""

    def end(self, held: Held) -> None:
        """It works on it no more."""


class ComputeExecutor:
    """The executor of one compute process: `process` is the worker's name in claims."""

    def __init__(
        self,
        store: Store,
        *,
        process: str,
        place: Place,
        interruption: Interruption,
        output: Output,
        words: ResultWords,
    ) -> None:
        self._store = store
        self._words = words
        self._process = process
        self._place = place
        self._interruption = interruption
        self._output = output

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """Run the body of `task` if this delivery of it may run; else raise Celery's Ignore."""
        if task.inception_kind == "parent":
            self._refuse_parent(task, args, kwargs)
        ticket = read_ticket(task.request)
        body = _Body(task, args, kwargs)
        if ticket is None:
            return self._run_plain(body)
        claim = self._claim_of(ticket, body)
        held = _held(claim)
        self._place.begin(held)
        try:
            return self._run(body, self._ask(claim, held, body))
        finally:
            if not self._interruption.process_leaves:
                self._place.end(held)
            # else it stays said which delivery this was: the main process judges what it ends as,
            # and an order for an earlier delivery says nothing of it.

    def _refuse_parent(
        self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> NoReturn:
        """A parent's message that came here by a wrong route; its record brings it to a watcher.

        Somebody's `send_task`, which knows no queue of it, has no record yet.
        """
        if read_ticket(task.request) is None:
            run_id = task.request.id
            insist(lambda: task.apply_async(args, kwargs, task_id=run_id), what="a run's record")
        logger.error(
            "%s is a parent, and this is a compute worker: send parents to a queue that a "
            "watcher consumes. Its run is started by a watcher all the same.",
            task.name,
            extra={"action": "parent_refused", "run_id": task.request.id},
        )
        raise Ignore

    def _run_plain(self, body: _Body) -> object:
        """Run a task that no parent started."""
        body.store_started()
        try:
            with body.opened(), self._interruption.body(None):
                return body.run()
        except BaseException as exception:
            if self._interruption.process_leaves:
                raise
            _raise(for_celery(exception), exception)

    # The claim

    def _claim_of(self, ticket: Ticket, body: _Body) -> Claim:
        return Claim(
            run_id=ticket.run_id,
            path=ticket.path,
            attempt=ticket.attempt,
            retries=body.retries,
            task_id=body.id,
            worker=self._process,
            pid=os.getpid(),
            word=body.started_word(self._words),
        )

    def _ask(self, claim: Claim, held: Held, body: _Body) -> Held:
        """Make this attempt ours, STARTED, or raise Ignore where it is not (any more) to be run.

        Returns `held` as of the asking that had an answer.
        """
        asked = False

        def ask() -> ClaimAnswer:
            nonlocal held, asked
            if asked:
                held = _held(claim)
                self._place.ask(held)
            asked = True
            return self._store.claim(claim)

        answer = insist(ask, what="a claim")
        if answer is not ClaimAnswer.OK:
            _log("A delivery of %s was dropped: %s", body.name, answer, claim=claim)
            raise Ignore
        if claim.word is None:
            body.store_started()
        return held

    # The body and its end

    def _run(self, body: _Body, held: Held) -> object:
        served = self._interruption.served
        try:
            with self._watched(body, held):
                value = body.run()
            end = ending.returned(value, last_word())
        except (Stopped, Retry, Ignore, Reject) as signal:
            self._end_by(signal, body, held)
        except BaseException as exception:
            if self._interruption.process_leaves:
                raise  # this process ends unfinished: the main process says as what
            if (stop := self._interruption.stop_since(served)) is not None:
                self._end_by(stop, body, held)  # raised by the body's own cleaning up
            self._record(ending.raised(body.name, exception, last_word()), body, held)
            _raise(for_celery(exception), exception)
        word = body.word(self._words, SUCCESS, value, seconds=KEPT_AFTER_END)
        if self._record(end, body, held, word) and word is not None:
            body.result_is_stored()
        return value

    @contextmanager
    def _watched(self, body: _Body, held: Held) -> Iterator[None]:
        """Keep what is printed within, save its secrets, and let orders stop it."""
        try:
            kept = self._output.of(held) if self._place.can_stop else nullcontext()
            with body.opened(), kept, self._interruption.body(held):
                yield
        finally:
            self._output.flush()

    def _end_by(self, signal: BaseException, body: _Body, held: Held) -> NoReturn:
        """End an attempt whose body left by one of the ways that mean something to Celery."""
        if isinstance(signal, Stopped):
            self._end_stopped(signal, body, held)
        if isinstance(signal, Retry):
            self._record_retry(signal, body, held)
        else:
            end = ending.left(body.name, signal, last_word(), body.named_end)
            if self._record(end, body, held):
                body.store_named_end()
        raise signal

    def _end_stopped(self, stop: Stopped, body: _Body, held: Held) -> NoReturn:
        order = stop.order
        kept = self._record(ending.stopped(order.state, order.error, last_word()), body, held)
        if not kept:
            raise Ignore  # its node goes on without it, or is gone: no word of it concerns anybody
        if order.state is State.REVOKED:
            body.store_revoked()
            raise Ignore
        raise BodyRaised(order.error or order.state)

    def _record(self, end: Ending, body: _Body, held: Held, word: ResultWord | None = None) -> bool:
        """Record the end in the claim; False if the attempt was ended or taken over before."""
        record = end.of(held, word)
        kept = insist(lambda: self._store.end_claim(record), what="a child's end")
        if not kept:
            _log("The end of %s came too late: %s", body.name, end.state, claim=held)
        return kept

    def _record_retry(self, retry: Retry, body: _Body, held: Held) -> None:
        """Tell the owner that Celery's own retry follows within this attempt."""
        error = ending.describe(body.name, retry.exc if retry.exc is not None else retry)
        eta = _eta_ms(retry.when)

        def call() -> bool:
            return self._store.retry_claim(
                held.run_id, held.path, held.attempt, body.retries, error=error, eta_ms=eta
            )

        insist(call, what="a child's retry")


class _Body:
    """A delivered task: its function, and what Celery's backend keeps of it."""

    def __init__(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._task = task
        self._args = args
        self._kwargs = kwargs
        self.name: str = task.name
        self.id: str = task.request.id
        self.retries: int = task.request.retries or 0

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have the arguments' secrets within, and keep them out of all that it says."""
        with delivered(self._task, self._args, self._kwargs) as (args, kwargs):
            self._args, self._kwargs = tuple(args), kwargs
            yield

    def run(self) -> object:
        """Run the function as its task has it run."""
        return self._task.run_body(self._args, self._kwargs)

    def word(
        self, words: ResultWords, state: str, result: object, *, seconds: int | None = None
    ) -> ResultWord | None:
        """Celery's result in this state, to be stored along with the claim's; None if it can't."""
        if self._ignores_result():
            return None
        return words.of(self._task, state, result, seconds=seconds)

    def started_word(self, words: ResultWords) -> ResultWord | None:
        """Likewise, of STARTED."""
        return None if self._ignores_result() else words.started(self._task, self.started())

    def started(self) -> dict[str, object]:
        """What `task_track_started` stores, which is off since it comes before the claim."""
        return {"pid": os.getpid(), "hostname": self._task.request.hostname}

    def store_started(self) -> None:
        """Store STARTED by Celery's own backend."""
        request, said = self._task.request, self.started()
        self._store(
            lambda backend: backend.store_result(request.id, said, STARTED, request=request)
        )

    def result_is_stored(self) -> None:
        """Celery need not store the result that this body returns."""
        self._task.request.ignore_result = True

    @property
    def named_end(self) -> tuple[str, object] | None:
        """A state that ends a task, and its meta, which the body named by `update_state` last."""
        named: tuple[str, object] | None = vars(self._task.request).get("inception_named_end")
        return named

    def store_named_end(self) -> None:
        """Have Celery's result say what the body said: by `Ignore` nothing else is stored."""
        if self.named_end is not None:
            request, (state, said) = self._task.request, self.named_end
            self._store(
                lambda backend: backend.store_result(request.id, said, state, request=request)
            )

    def store_revoked(self) -> None:
        request = self._task.request
        self._store(lambda backend: backend.mark_as_revoked(request.id, "revoked", request=request))

    def _store(self, write: Callable[[Any], object]) -> None:
        if self._ignores_result():
            return
        try:
            write(self._task.backend)
        except Exception:  # whatever a backend raises: its word is a hint, the claim is the truth
            about = {"action": "result_not_stored"}
            logger.exception("Celery's result of %s was not stored", self.name, extra=about)

    def _ignores_result(self) -> bool:
        asked = vars(self._task.request).get("ignore_result")
        return bool(self._task.ignore_result if asked is None else asked)


def _held(claim: Claim) -> Held:
    """What is asked for by this claim now."""
    return Held(
        run_id=claim.run_id,
        path=claim.path,
        attempt=claim.attempt,
        retries=claim.retries,
        began=time.monotonic(),
    )


def _raise(shown: Exception, exception: BaseException) -> NoReturn:
    """Raise for Celery what it can store, without the original where that is the trouble."""
    if shown is exception:
        raise shown
    raise shown from None


def _eta_ms(when: Any) -> int | None:
    """When a retry is due, in ms since the epoch; Celery says a moment, or seconds from now."""
    if when is None:
        return None
    due = time.time() + when if isinstance(when, int | float) else when.timestamp()
    return int(due * 1000)


def _log(text: str, *words: object, claim: Claim | Held) -> None:
    logger.info(text, *words, extra={"action": "claim", "run_id": claim.run_id, "path": claim.path})
