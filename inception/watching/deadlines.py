"""The time a parent grants its children: pending, stalled, altogether.

All count from recorded times, so that a parent that is taken over waits no longer than one that
was not; only silence counts from the take-over, or from when this process hears again after it was
cut off from Redis or stood still, since nobody listened before. An end that is there wins over a
passed deadline.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from inception.runs.model import ROOT, State
from inception.runs.paths import parent_path
from inception.watching.endings import failed_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from inception.authoring.frame import WatchOptions
    from inception.watching.context import Context
    from inception.watching.endings import Endings
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.revoking import Revoker

log = logging.getLogger(__name__)

UNWIND: Final = 30.0
"""Seconds (s) that a parent's function has to leave that was revoked, or whose time is up."""
_LATE: Final = 1.0
"""Seconds (s) by which a deadline comes late in a process that stood still, and heard nobody."""


class Deadlines:
    """Arms the deadlines of watched nodes and ends those that pass one."""

    def __init__(self, ctx: Context, endings: Endings, revoker: Revoker) -> None:
        self._ctx = ctx
        self._endings = endings
        self._revoker = revoker
        self._hears_since = 0.0

    def hear_again(self) -> None:
        """Children may have spoken and not been heard until now: count their silence from here."""
        self._hears_since = time.monotonic()

    def arm(self, live: LiveRun, node: LiveNode, options: WatchOptions) -> None:
        """Hold `node` to `options` from now on."""
        with live.lock:
            if node.ended or node.options is not None:
                return
            node.options = options
        since_queued = max(0.0, self._ctx.clock.now() - (node.queued_at or 0) / 1000)
        if options.pending_timeout is not None:
            self._in(live, node, options.pending_timeout - since_queued, self._pending)
        if options.timeout is not None:
            self._in(live, node, options.timeout - since_queued, self._overdue)
        if options.stall_timeout is not None:
            self._in(live, node, options.stall_timeout, self._stalled)

    def _in(
        self,
        live: LiveRun,
        node: LiveNode,
        seconds: float,
        check: Callable[[LiveRun, LiveNode, WatchOptions], None],
    ) -> None:
        at = time.monotonic() + seconds

        def due() -> None:
            if time.monotonic() > at + _LATE:
                self.hear_again()
            if node.options is not None and not node.ended and not live.dropped:
                check(live, node, node.options)

        timer = self._ctx.timers.call_later(
            seconds, partial(self._ctx.crew.submit, live.guarded(due))
        )
        with live.lock:
            if node.ended:
                timer.cancel()
            else:
                node.keep(timer)

    def _pending(self, live: LiveRun, node: LiveNode, options: WatchOptions) -> None:
        if node.claim is not None or node.state not in (State.PENDING, State.REVOKING):
            return
        why = f" ({node.waiting})" if node.waiting else ""
        text = f"pending_timeout: not started within {options.pending_timeout:g} s{why}"
        self._endings.finish_unclaimed(live, [node], failed_end(node.meta, text))

    def _overdue(self, live: LiveRun, node: LiveNode, options: WatchOptions) -> None:
        self._expire(live, node, f"timeout: not ended within {options.timeout:g} s")

    def _stalled(self, live: LiveRun, node: LiveNode, options: WatchOptions) -> None:
        """Silence counts once it has started; before that it is pending."""
        allowed = options.stall_timeout or 0.0
        silent = time.monotonic() - max(node.heard, self._hears_since)
        if node.state in (State.PENDING, State.RETRY) or not self._ctx.hub.connected:
            self._in(live, node, allowed, self._stalled)
        elif silent < allowed:
            self._in(live, node, allowed - silent, self._stalled)
        else:
            self._expire(live, node, f"stall_timeout: nothing was heard of it for {allowed:g} s")

    def _expire(self, live: LiveRun, node: LiveNode, text: str) -> None:
        recorded = live.lane.insist(lambda: self._ctx.store.read_end(live.id, node.path))
        if recorded is not None and recorded.attempt == node.attempt:
            self._endings.take_end(live, node, recorded)
            return
        if node.kind == "parent":
            live.frames[node.path].expire(text)
            self._leave_in_time(live, node, text)
            return
        self._endings.finish_unclaimed(live, [node], failed_end(node.meta, text))
        if not node.ended:
            self._endings.finish(live, node, failed_end(node.meta, text))
            self._revoker.order_stop(live, node, state=State.FAILURE, error=text)

    def _leave_in_time(self, live: LiveRun, node: LiveNode, text: str) -> None:
        """A parent is told that its time is up by its next verb; one that never comes to it, so."""

        def abandon() -> None:
            if node.ended or live.dropped:
                return
            about = {"action": "parent_abandoned", "run_id": live.id, "path": node.path}
            log.warning("A parent whose time is up doesn't leave and is ended", extra=about)
            children = [
                child
                for child in list(live.nodes.values())
                if child.path != ROOT and parent_path(child.path) == node.path and not child.ended
            ]
            self._revoker.request(live, children, reason="the time of its parent is up")
            self._endings.finish(live, node, failed_end(node.meta, text))

        later = partial(self._ctx.crew.submit, live.guarded(abandon))
        timer = self._ctx.timers.call_later(UNWIND, later)
        with live.lock:
            if node.ended:
                timer.cancel()
            else:
                node.keep(timer)
