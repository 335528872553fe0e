"""How nodes end: what is believed, what follows an attempt, and when a parent is told.

The end in the claim is the truth. Celery's result is a hint, believed only of a task that
nobody has claimed (a worker that isn't ours) and of a claimed one that Celery's own main
process ended (a time limit, a lost process).
"""

from __future__ import annotations

import logging
import random
from functools import partial
from typing import TYPE_CHECKING, Final

from inception.authoring.outcome import judge
from inception.runs.errors import AttemptEnded, InceptionError, SpawnRefused
from inception.runs.jsontext import encode
from inception.runs.meta import cut, read_meta
from inception.runs.model import (
    MAX_ERROR_BYTES,
    MAX_TRACEBACK_BYTES,
    ROOT,
    Meta,
    State,
)
from inception.runs.paths import task_id
from inception.watching.live_node import NodeEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from celery import Celery

    from inception.runs.records import EndRecord, Stopped
    from inception.watching.context import Context
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.results import CeleryWord

log = logging.getLogger(__name__)

_LOST_TYPES: Final = frozenset({"WorkerLostError", "Terminated"})
_COMPANY: Final = 0.005
"""Seconds (s) for which a recorded end waits for what its parent does next, to ride along."""
_FIRST_BACKOFF: Final = 1.0
_LONGEST_BACKOFF: Final = 300.0
"""Seconds (s) before a failed child's next attempt: doubled each time, with full jitter."""


class Endings:
    """Decides and records how the nodes of this process's runs end."""

    def __init__(self, ctx: Context, *, begin_attempt: Callable[[LiveRun, LiveNode], None]) -> None:
        self._ctx = ctx
        self._begin_sending = begin_attempt

    def finish(
        self, live: LiveRun, node: LiveNode, end: NodeEnd, *, in_claim: bool = False
    ) -> None:
        """Let `node` end as `end`, unless it has an end; its parent hears once it is recorded.

        An end that is `in_claim` is recorded there: whoever takes the run over finds it. So the
        parent hears at once, and what it does next takes the node's record along.
        """
        with live.lock:
            if node.ended or live.dropped:
                return
            self._decide(live, node, end)
            fields = {**end.fields(), "waiting": "null"}
            live.writer.post(node, fields, urgent=not in_claim, company=in_claim * _COMPANY)
        if in_claim:
            self.recorded(live, node)

    def finish_unclaimed(self, live: LiveRun, nodes: list[LiveNode], end: NodeEnd) -> None:
        """End those of `nodes` that no worker has claimed, in one step that excludes claims."""
        fields = {**end.fields(), "waiting": "null"}
        patch = {node.path: fields for node in nodes}
        if not patch:
            return
        answer = live.lane.commit(lambda lease, op: self._ctx.store.end_unclaimed(lease, op, patch))
        skipped = set(answer.skipped)
        self._all_recorded(live, [node for node in nodes if node.path not in skipped], end)

    def stop_unclaimed(
        self, live: LiveRun, nodes: Sequence[LiveNode], end: NodeEnd, reason: str
    ) -> Stopped:
        """The same on behalf of their parent, and ask those that are claimed to stop."""
        stop = partial(
            self._ctx.store.stop_steps,
            paths=[node.path for node in nodes],
            reason=reason,
            end={**end.fields(), "waiting": "null"},
        )
        stopped = live.lane.commit(stop)
        self._all_recorded(live, [live.nodes[path] for path in stopped.ended], end)
        return stopped

    def _all_recorded(self, live: LiveRun, nodes: Iterable[LiveNode], end: NodeEnd) -> None:
        for node in nodes:
            with live.lock:
                if not node.ended:
                    self._decide(live, node, end)
            self.recorded(live, node)

    def recorded(self, live: LiveRun, node: LiveNode) -> None:
        """Redis has the end of `node`: tell whoever waits for it."""
        with live.lock:
            if node.recorded:
                return
            node.recorded = True
            waiters, node.waiters = node.waiters, []
            node.request = None
        if node.kind == "child":
            hub = self._ctx.hub
            leave = hub.leave if node.result_expires else hub.forget
            leave(live.lane.lease.token, node.task_id)
        for waiter in waiters:
            waiter(node)

    def revoke_instead(self, live: LiveRun, node: LiveNode) -> None:
        """Redis refused the end of a parent: a revoke that wasn't heard of yet came before it."""
        with live.lock:
            if node.end is None or live.dropped:
                return
            end = under_revoke(node.end, node.shown)
            self._decide(live, node, end)
            live.writer.post(node, end.fields(), urgent=True)

    def take_end(self, live: LiveRun, node: LiveNode, end: EndRecord) -> None:
        """Believe the recorded end of an attempt. May need a round trip: crew and frames only."""
        if node.ended or end.attempt != node.attempt:
            return
        if end.state == State.LOST:
            self.lose(live, node, end.attempt, end.meta["error"] or "its worker died")
        else:
            self._take_attempt_end(live, node, end.attempt, _node_end(end), in_claim=True)

    def take_word(self, live: LiveRun, node: LiveNode, attempt: int, word: CeleryWord) -> None:
        """Look up what Celery's final word on an attempt means. Needs a round trip: crew only."""
        if node.ended or node.attempt != attempt:
            return
        end = live.lane.insist(lambda: self._ctx.store.read_end(live.id, node.path))
        if end is not None and end.attempt == attempt:
            self.take_end(live, node, end)
            return
        claims = live.lane.insist(lambda: self._ctx.store.read_claims(live.id, [node.path]))
        claim = claims.get(node.path)
        if claim is not None and claim.attempt == attempt:
            self._take_word_of_claimed(live, node, attempt, word)
        elif word.state == State.REVOKED:
            self.finish_unclaimed(live, [node], revoked_end(node.meta))
        elif word.exception_type in _LOST_TYPES:
            # Perhaps of an earlier delivery, whose step Redis has lost: it started anew, as this.
            self.lose(live, node, attempt, word.exception_text)
        else:
            self._take_attempt_end(live, node, attempt, _celery_end(node, word))

    def lose(self, live: LiveRun, node: LiveNode, attempt: int, why: str) -> None:
        """An attempt ended with its process: begin another one, or end the node."""
        if not self._settle(live, node, attempt):
            return
        if live.is_revoked(node.path):
            self.finish(live, node, revoked_end(node.meta))
        elif not _rerun_if_lost(self._ctx.results.app, node.name):
            self.finish(live, node, failed_end(node.meta, why, state=State.LOST))
        elif not self._begin_attempt(live, node, State.LOST, why):
            losses = self._ctx.settings.max_losses
            text = f"{why} (given up after {node.attempt} attempts; at most {losses} losses)"
            self.finish(live, node, failed_end(node.meta, text))

    @staticmethod
    def _settle(live: LiveRun, node: LiveNode, attempt: int) -> bool:
        """True for the first who tells of this attempt's end; what follows must follow once."""
        with live.lock:
            if node.ended or node.attempt != attempt or node.settled == attempt:
                return False
            node.settled = attempt
            return True

    def _take_attempt_end(
        self, live: LiveRun, node: LiveNode, attempt: int, end: NodeEnd, *, in_claim: bool = False
    ) -> None:
        if not self._settle(live, node, attempt):
            return
        if end.state != State.FAILURE or not node.retries_left or live.is_revoked(node.path):
            self.finish(live, node, end, in_claim=in_claim)
            return
        node.retries_left -= 1
        if not self._begin_attempt(live, node, State.FAILURE, end.meta["error"] or ""):
            self.finish(live, node, end, in_claim=in_claim)

    def _take_word_of_claimed(
        self, live: LiveRun, node: LiveNode, attempt: int, word: CeleryWord
    ) -> None:
        """Celery's main process may know of an end that the child couldn't record.

        Not of a death: it may be that of a process which had a copy of the message, and was about
        to be refused the claim. Of the process that holds it, the worker records the end itself.
        """
        if word.state != State.REVOKED and word.exception_type not in _LOST_TYPES:
            self._take_attempt_end(live, node, attempt, _celery_end(node, word))

    def _begin_attempt(self, live: LiveRun, node: LiveNode, state: State, why: str) -> bool:
        """Start `node` anew under its next attempt's id; False if it may not."""
        earlier = node.as_earlier(state, cut(why, MAX_ERROR_BYTES))
        next_id = task_id(live.id, node.path, node.attempt + 1)
        new_attempt = partial(
            self._ctx.store.new_attempt,
            path=node.path,
            task_id=next_id,
            lost=earlier,
            max_losses=self._ctx.settings.max_losses,
        )
        try:
            attempt = live.lane.commit(new_attempt)
        except SpawnRefused:
            self.finish(live, node, revoked_end(node.meta))
            return True
        except AttemptEnded:
            self._take_end_after_all(live, node)
            return True
        if attempt is None:
            return False
        self._restart(live, node, attempt, next_id, state)
        return True

    def _take_end_after_all(self, live: LiveRun, node: LiveNode) -> None:
        """The attempt that was settled as lost has ended: that is what its node comes to."""
        end = live.lane.insist(lambda: self._ctx.store.read_end(live.id, node.path))
        with live.lock:
            node.settled = node.attempt - 1
        if end is not None:
            self.take_end(live, node, end)

    def _restart(
        self, live: LiveRun, node: LiveNode, attempt: int, next_id: str, after: State
    ) -> None:
        self._ctx.hub.forget(live.lane.lease.token, node.task_id)
        with live.lock:
            node.attempt, node.task_id, node.state = attempt, next_id, State.RETRY
            node.claim, node.waiting, node.missed_beats = None, None, 0
            node.unsent.clear()  # what the attempt before said of itself
            node.backing_off = after != State.LOST
        if after == State.LOST:
            self._begin_sending(live, node)
        else:
            pause = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (attempt - 2))
            jittered = pause * random.uniform(0.5, 1.0)  # noqa: S311  # nosec B311  # no secret
            begin = live.guarded(partial(self._begin_in_time, live, node))
            send = partial(self._ctx.crew.submit, begin)
            self._ctx.timers.call_later(jittered, send)

    def _begin_in_time(self, live: LiveRun, node: LiveNode) -> None:
        node.backing_off = False
        self._begin_sending(live, node)

    def _decide(self, live: LiveRun, node: LiveNode, end: NodeEnd) -> None:
        if node.end is None:
            node.shown = node.meta
        node.end, node.state, node.meta = end, end.state, end.meta
        node.cancel_timers()
        if node.path != ROOT:
            live.writer.roll_up(
                node,
                100.0 if end.state == State.SUCCESS else end.meta["completion"],
                succeeded=end.state == State.SUCCESS,
            )


def revoked_end(meta: Meta) -> NodeEnd:
    """The end of a node that was asked to stop."""
    return failed_end(meta, "Revoked", state=State.REVOKED)


def under_revoke(end: NodeEnd, shown: Meta) -> NodeEnd:
    """What becomes of an end that came after a revoke: what was returned or raised is kept.

    `shown` is what the node said of itself before.
    """
    return NodeEnd(
        state=State.REVOKED,
        meta=revoked_end(shown).meta,
        value_text=end.value_text,
        traceback=end.traceback,
    )


def failed_end(meta: Meta, error: str, *, state: State = State.FAILURE) -> NodeEnd:
    """The end of a node that came to nothing: its last word, and why."""
    said = Meta(**{**meta, "status": "ERROR", "error": cut(error, MAX_ERROR_BYTES)})
    return NodeEnd(state=state, meta=said)


def _node_end(end: EndRecord) -> NodeEnd:
    return NodeEnd(
        state=end.state,
        meta=end.meta,
        value_text=end.value_text or "null",
        traceback=end.traceback,
    )


def _celery_end(node: LiveNode, word: CeleryWord) -> NodeEnd:
    """The end of a task that only Celery told us about."""
    if word.state != State.SUCCESS:
        text = f"Error in {node.name}: {word.exception_text}"
        end = failed_end(node.meta, text, state=State(word.state))
        trace = cut(word.traceback, MAX_TRACEBACK_BYTES) if word.traceback else None
        return NodeEnd(state=end.state, meta=end.meta, traceback=trace)
    try:
        text = encode(word.result, "return value")
    except InceptionError as refused:
        return failed_end(node.meta, f"Error in {node.name}: {refused}")
    error = judge(word.result)
    meta = read_meta({**node.meta, "error": error, "status": "ERROR" if error else "OK"})
    if error is None:
        meta["completion"] = 100.0
    return NodeEnd(state=State.FAILURE if error else State.SUCCESS, meta=meta, value_text=text)


def _rerun_if_lost(app: Celery, name: str) -> bool:
    task = app.tasks.get(name)
    return bool(getattr(task, "rerun_if_lost", True))
