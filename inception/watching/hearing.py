"""What a held run's children say, turned into changes of the live run.

Runs on the hub's reader: nothing here waits for Redis; what must look something up is handed to
the crew.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from inception.runs.meta import read_meta
from inception.runs.model import State
from inception.runs.records import ClaimRecord
from inception.runs.recordtext import end_in_message, raw, raw_meta

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inception.watching.context import Context
    from inception.watching.endings import Endings
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.results import CeleryWord

log = logging.getLogger(__name__)

Message = dict[str, Any]

_COMPANY: Final = 0.005
"""Seconds (s) for which a child's start waits for its first word or its end, so that a child of a
moment costs one write and its end finds no other under way. Nobody sees a state that short."""
_SETTLED: Final = frozenset({State.PENDING, State.RETRY})
"""States that a child's own word moves on."""


class Hearing:
    """Hands what is heard to the run and node that it concerns."""

    def __init__(
        self,
        ctx: Context,
        endings: Endings,
        *,
        runs: Mapping[str, LiveRun],
        on_revoke: Callable[[LiveRun, str], None],
        on_claim: Callable[[LiveRun, LiveNode], None],
        on_retry: Callable[[LiveRun, LiveNode], None],
    ) -> None:
        self._ctx = ctx
        self._endings = endings
        self._runs = runs
        self._on_revoke = on_revoke
        self._on_claim = on_claim
        self._on_retry = on_retry

    def order(self, text: str) -> None:
        """Take a message of this process's own channel, or of all watchers'."""
        message: Message = json.loads(text)
        kind = message.get("kind")
        live = self._runs.get(str(message.get("run")))
        if live is None:
            return
        if kind == "revoke":
            token = live.lane.lease.token
            if message.get("token", token) == token:  # else a retry has taken it back since
                self._on_revoke(live, str(message["path"]))
            return
        path = str(message.get("path"))
        if not live.is_early(path, partial(self._about_node, live, path, message)):
            self._about_node(live, path, message)

    def _about_node(self, live: LiveRun, path: str, message: Message) -> None:
        node = live.nodes.get(path)
        if node is not None and not node.ended and message.get("attempt") == node.attempt:
            self._about_attempt(live, node, message)

    def _about_attempt(self, live: LiveRun, node: LiveNode, message: Message) -> None:
        node.heard = time.monotonic()
        kind = message["kind"]
        if kind == "claimed":
            self.claimed(live, node, _claim(node, message))
        elif kind == "end":
            self._ended(live, node, message)
        elif kind == "retry":
            self._retry_follows(live, node, message)

    def claimed(self, live: LiveRun, node: LiveNode, claim: ClaimRecord) -> None:
        """A worker began this attempt."""
        with live.lock:
            if node.ended or claim.attempt != node.attempt:  # another one began meanwhile
                return
            if node.claim is not None and node.claim.retries > claim.retries:
                return
            state = State.STARTED if claim.retry_at is None else State.RETRY
            fields = {"state": raw(state), "worker": raw(claim.worker), "waiting": "null"}
            if node.claim is None:
                fields["started_at"] = raw(claim.at)
            node.claim, node.state, node.waiting, node.missed_beats = claim, state, None, 0
            if node.resend is not None:
                node.resend.cancel()
                node.resend = None
            self._roll_and_post(live, node, fields, company=_COMPANY)
        self._on_claim(live, node)
        self._on_retry(live, node)

    def _retry_follows(self, live: LiveRun, node: LiveNode, message: Message) -> None:
        claim = node.claim
        if claim is not None and claim.retries == message["retries"]:
            node.claim = replace(claim, retry_at=int(message["eta"]))
            self._on_retry(live, node)
        self._retries(live, node, str(message["error"]))

    def _ended(self, live: LiveRun, node: LiveNode, message: Message) -> None:
        """The end came along, unless it was too large for a message."""
        node.result_expires = message.get("result") is True
        if message.get("end") is None:
            self._ctx.crew.submit(live.guarded(partial(self._fetch_end, live, node)))
            return
        end = end_in_message(message["end"])
        if end.state == State.LOST or (end.state == State.FAILURE and node.retries_left):
            self._ctx.crew.submit(live.guarded(partial(self._endings.take_end, live, node, end)))
        else:
            self._endings.take_end(live, node, end)

    def _fetch_end(self, live: LiveRun, node: LiveNode) -> None:
        end = live.lane.insist(lambda: self._ctx.store.read_end(live.id, node.path))
        if end is not None:
            self._endings.take_end(live, node, end)

    def _retries(self, live: LiveRun, node: LiveNode, error: str) -> None:
        """Celery itself will deliver this attempt again."""
        with live.lock:
            node.state = State.RETRY
            node.meta = {**node.meta, "error": error or None}
            fields = {"state": raw(State.RETRY), "meta": raw(node.meta)}
            self._roll_and_post(live, node, fields, urgent=True)

    def word(self, live: LiveRun, path: str, task_id: str, word: CeleryWord) -> None:
        """Take what a child said on Celery's result channel."""
        if live.arriving and live.is_early(path, partial(self.word, live, path, task_id, word)):
            return
        node = live.nodes.get(path)
        attempt = 0 if node is None else node.attempt  # before its task's id: both change at once
        if node is None or node.ended or node.task_id != task_id or live.dropped:
            return
        node.heard = time.monotonic()
        node.words += 1
        if word.is_final:
            take = partial(self._endings.take_word, live, node, attempt, word)
            self._ctx.crew.submit(live.guarded(take))
        elif word.state == State.RETRY:
            self._retries(live, node, word.exception_text)
        elif word.state == State.STARTED:
            self._foreign_start(live, node)
        elif word.state != State.PENDING:
            self._progress(live, node, word)

    def _progress(self, live: LiveRun, node: LiveNode, word: CeleryWord) -> None:
        status = "PROGRESS" if word.state == State.PROGRESS else word.state
        with live.lock:
            moved = node.state not in (State.PROGRESS, State.REVOKING)
            node.meta = word.meta or read_meta(word.result, status=status)
            fields = {"meta": raw_meta(node.meta)}
            if moved:
                node.state, node.waiting = State.PROGRESS, None
                fields.update(state=raw(State.PROGRESS), waiting="null")
            self._roll_and_post(live, node, fields, urgent=moved)

    def _foreign_start(self, live: LiveRun, node: LiveNode) -> None:
        """STARTED of a task without a claim: a worker that isn't ours has it."""
        with live.lock:
            if node.claim is None and node.state in _SETTLED:
                node.state, node.waiting = State.STARTED, None
                fields = {"state": raw(State.STARTED), "waiting": "null"}
                self._roll_and_post(live, node, fields, urgent=True)

    @staticmethod
    def _roll_and_post(
        live: LiveRun,
        node: LiveNode,
        fields: dict[str, str],
        *,
        urgent: bool = False,
        company: float = 0.0,
    ) -> None:
        live.writer.roll_up(node, node.meta["completion"])
        live.writer.post(node, fields, urgent=urgent, company=company)


def _claim(node: LiveNode, message: Message) -> ClaimRecord:
    return ClaimRecord(
        attempt=int(message["attempt"]),
        retries=int(message["retries"]),
        task_id=node.task_id,
        worker=str(message["worker"]),
        pid=int(message["pid"]),
        at=int(message["at"]),
    )
