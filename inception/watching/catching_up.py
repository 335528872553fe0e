"""Brings what is known of a run here up to its record: when it is taken over, and after a gap."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from inception.runs.errors import RunNotFound, StaleToken
from inception.runs.model import ROOT, State
from inception.runs.paths import tree_order
from inception.watching.live import Parting
from inception.watching.live_node import LiveNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inception.runs.records import ClaimRecord, LoadedRun
    from inception.watching.context import Context
    from inception.watching.endings import Endings
    from inception.watching.hearing import Hearing
    from inception.watching.live import LiveRun
    from inception.watching.revoking import Revoker

Item = TypeVar("Item")

_TURN: Final = 200
"""Nodes of a run that is taken over, some ten milliseconds (ms) in which a green process does
nothing else."""


class CatchingUp:
    """Reads records of held runs, and has what is new in them taken as if it were just said."""

    def __init__(
        self,
        ctx: Context,
        *,
        endings: Endings,
        hearing: Hearing,
        revoker: Revoker,
        listen: Callable[[LiveRun, Sequence[LiveNode]], None],
        drop: Callable[[LiveRun, Parting], None],
    ) -> None:
        self._ctx = ctx
        self._endings = endings
        self._hearing = hearing
        self._revoker = revoker
        self._listen = listen
        self._drop = drop

    def take_over(self, live: LiveRun) -> None:
        """Take up what is recorded: hear the running children first, then read their ends."""
        loaded = live.lane.insist(lambda: self._ctx.store.load_run(live.id))
        live.kwargs = loaded.run["kwargs"] or {}
        live.journal = dict(loaded.journal)
        live.intents.update(loaded.intents)
        live.rollup.restore(ROOT, loaded.run["meta"]["completion"])
        for node in _in_turns(sorted(loaded.nodes, key=lambda node: tree_order(node["path"]))):
            taken = LiveNode.from_record(node, live.granted(node["path"]))
            taken.claim = loaded.claims.get(taken.path) if taken.ended else None
            live.add(taken)
            done = taken.state == State.SUCCESS
            live.rollup.restore(taken.path, 100.0 if done else node["meta"]["completion"])
        going_on = [n for n in live.nodes.values() if n.kind == "child" and not n.ended]
        if going_on:
            self._listen(live, going_on)
            self.resync(live)

    def resync(self, live: LiveRun) -> None:
        """Read claims, ends, results and intents, and take them as if they were just said."""
        acknowledged = live.lane.lease.acknowledged.op
        try:
            loaded = live.lane.insist(lambda: self._ctx.store.load_run(live.id))
        except RunNotFound:
            self._drop(live, Parting.GONE)
            return
        except StaleToken:
            self._drop(live, Parting.TAKEN)
            return
        if loaded.token != live.lane.lease.token:
            self._drop(live, Parting.TAKEN)
            return
        if loaded.op < acknowledged:
            self._drop(live, Parting.LOST)
            return
        self._revoker.heard(live, *loaded.intents)
        self._settle(live, loaded)

    def _settle(self, live: LiveRun, loaded: LoadedRun) -> None:
        silent = []
        nodes = [n for n in list(live.nodes.values()) if n.kind == "child" and not n.ended]
        for node in _in_turns(nodes):
            claim, end = loaded.claims.get(node.path), loaded.ends.get(node.path)
            if claim is not None and claim.attempt == node.attempt and _is_news(claim, node):
                self._hearing.claimed(live, node, claim)
            if end is not None and end.attempt == node.attempt:
                self._endings.take_end(live, node, end)
            else:
                silent.append(node)
        ids, known = [node.task_id for node in silent], [node.words for node in silent]
        words = live.lane.insist(lambda: self._ctx.results.read(ids))
        for node, word, heard in zip(silent, words, known, strict=True):
            if word is not None and node.words == heard:  # else it has said something newer since
                self._hearing.word(live, node.path, node.task_id, word)


def _in_turns(items: Sequence[Item]) -> Iterator[Item]:
    """Go through what may be thousands, and let others of this process have their turns."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _TURN == 0:
            time.sleep(0)


def _is_news(claim: ClaimRecord, node: LiveNode) -> bool:
    """True for a claim that wasn't heard of, or of whose retry by Celery that is so."""
    known = node.claim
    return known is None or (claim.retries, claim.retry_at) != (known.retries, known.retry_at)
