"""Stops what a revoke covers: the owner's part of it.

Intent is stored first and signalled second: whatever is done here may be lost, and is done again
by the next beat or the next owner. Queued children are ended in one step that excludes a
claim; running ones are stopped by an order to the process that claimed them; parents are woken.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from inception.runs.errors import InceptionError
from inception.runs.meta import empty_meta
from inception.runs.model import State
from inception.runs.recordtext import raw
from inception.watching.endings import revoked_end

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from inception.watching.context import Context
    from inception.watching.endings import Endings
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode

log = logging.getLogger(__name__)

GRACE: Final = 5.0
"""Seconds (s) between SIGTERM and SIGKILL."""
_REPEAT: Final = 2.0
"""Seconds (s) until a child that hasn't ended is stopped again."""
_CHUNK: Final = 200
"""Nodes ended by one script call: some 80 microseconds each, in which Redis serves nobody else."""


class Revoker:
    """Carries intents out on the runs of this process."""

    def __init__(
        self, ctx: Context, endings: Endings, *, on_intent: Callable[[LiveRun], None]
    ) -> None:
        self._ctx = ctx
        self._on_intent = on_intent
        self._endings = endings

    def request(self, live: LiveRun, nodes: Sequence[LiveNode], *, reason: str) -> None:
        """Stop these on behalf of their parent: those that wait end, the others get an intent.

        What an earlier owner asked of them already is being carried out.
        Raises StaleToken if the run isn't held here any more.
        """
        end = revoked_end(empty_meta())
        new = [node for node in nodes if not live.is_revoked(node.path)]
        for start in range(0, len(new), _CHUNK):
            chunk = new[start : start + _CHUNK]
            stopped = self._endings.stop_unclaimed(live, chunk, end, reason)
            self.carry_out(live, stopped.asked)

    def heard(self, live: LiveRun, *paths: str) -> None:
        """Intents were told of: wake the parents at once, and let the crew do the rest."""
        fresh = [path for path in paths if path not in live.intents]
        if fresh:
            self._remember(live, fresh)
            self._ctx.crew.submit(live.guarded(partial(self.carry_out, live, fresh)))

    def carry_out(self, live: LiveRun, paths: Collection[str]) -> None:
        """Stop everything under `paths`. Needs round trips: crew and frames only."""
        if paths:
            self._remember(live, paths)
            self.stop(live, list(live.under(*paths)))

    def stop(self, live: LiveRun, nodes: list[LiveNode]) -> None:
        """Stop these nodes, which an intent covers. Needs round trips: crew and frames only."""
        with live.lock:
            for node in nodes:
                self._show(live, node)
        children = [node for node in nodes if node.kind == "child"]
        for start in range(0, len(children), _CHUNK):
            self._stop(live, children[start : start + _CHUNK])

    def order_stop(self, live: LiveRun, node: LiveNode, *, state: State, error: str) -> None:
        """Have the process that claimed `node` stop this attempt, which then ends as `state`."""
        claim = node.claim
        if claim is None:
            return
        order = {
            "kind": "stop",
            "run": live.id,
            "path": node.path,
            "attempt": claim.attempt,
            "pid": claim.pid,
            "grace": GRACE,
            "state": state,
            "error": error,
        }
        try:
            self._ctx.store.tell(claim.worker, order)
        except InceptionError as unavailable:
            about = {"action": "order_lost", "run_id": live.id, "path": node.path}
            log.warning("An order to stop is sent again: %s", unavailable, extra=about)

    def _remember(self, live: LiveRun, paths: Iterable[str]) -> None:
        with live.lock:
            if not live.intents.issuperset(paths):
                live.intents.update(paths)
                self._on_intent(live)
            frames = [frame for frame in live.frames.values() if live.is_revoked(frame.path)]
        for frame in frames:
            frame.revoke()

    def _stop(self, live: LiveRun, nodes: list[LiveNode]) -> None:
        queued = [node for node in nodes if node.awaits_claim]
        self._endings.finish_unclaimed(live, queued, revoked_end(empty_meta()))
        running = [node for node in nodes if not node.ended]
        if any(node.awaits_claim for node in running):
            self._read_claims(live, running)
        for node in running:
            self.order_stop(live, node, state=State.REVOKED, error="Revoked")
            self._stop_again(live, node)

    def _read_claims(self, live: LiveRun, nodes: list[LiveNode]) -> None:
        """Claimed in the very moment: the claim is there before its message is."""
        paths = [node.path for node in nodes]
        claims = live.lane.insist(lambda: self._ctx.store.read_claims(live.id, paths))
        for node in nodes:
            claim = claims.get(node.path)
            if node.awaits_claim and claim is not None and claim.attempt == node.attempt:
                node.claim = claim

    def _stop_again(self, live: LiveRun, node: LiveNode) -> None:
        """Look again soon: an order may be lost, and a next attempt may have begun meanwhile."""

        def again() -> None:
            if not (node.ended or live.dropped):
                self._stop(live, [node])

        with live.lock:
            later = partial(self._ctx.crew.submit, live.guarded(again))
            node.keep(self._ctx.timers.call_later(_REPEAT, later))

    @staticmethod
    def _show(live: LiveRun, node: LiveNode) -> None:
        # A node that ended since it was listed may have its final state still to be written.
        if not node.ended and node.state != State.REVOKING:
            node.state = State.REVOKING
            live.writer.post(node, {"state": raw(State.REVOKING)}, urgent=True)
