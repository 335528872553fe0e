"""Holds the runs of this process: takes them in, carries them on, lets them go."""

from __future__ import annotations

import heapq
import logging
import secrets
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from inception.authoring.secret_arguments import vault_of
from inception.runs.errors import HistoryLost, RunNotFound, SecretsUnreadable, StaleToken
from inception.runs.records import ClaimedRun, Lease
from inception.watching.bodies import Bodies
from inception.watching.catching_up import CatchingUp
from inception.watching.deadlines import Deadlines
from inception.watching.desk import Desk
from inception.watching.endings import Endings, failed_end, under_revoke
from inception.watching.hearing import Hearing
from inception.watching.lane import Lane
from inception.watching.live import LiveRun, Parting
from inception.watching.live_node import LiveNode, NodeEnd
from inception.watching.results import SHOW_INTERVAL
from inception.watching.revoking import Revoker
from inception.watching.steps import Steps
from inception.watching.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from inception.watching.context import Context

log = logging.getLogger(__name__)

MAX_RUNS: Final = 20_000
"""Runs held by one process; above that it takes no more, and others or later ticks do."""
MOST_SENT_AGAIN: Final = 500
"""Messages sent once more when some may be lost: about half a second (s) of one thread."""
_CHILDREN_PAUSE: Final = 0.5
"""Seconds (s) until a run whose nodes haven't all ended is asked to end again."""


class Scheduler:
    """The held runs of one watcher process."""

    def __init__(self, ctx: Context, app: Celery, *, on_begin: Callable[[], None]) -> None:
        self._ctx = ctx
        self._on_begin = on_begin
        self._vault = vault_of(app)
        self.runs: dict[str, LiveRun] = {}
        self.endings = Endings(ctx, begin_attempt=self._begin_attempt)
        self.revoker = Revoker(ctx, self.endings, on_intent=self._on_intent)
        self.hearing = Hearing(
            ctx,
            self.endings,
            runs=self.runs,
            on_revoke=self.revoker.heard,
            on_claim=self._on_claim,
            on_retry=self._expect_retry,
        )
        self._steps = Steps(ctx, self.hearing.word, self.resync_soon)
        self._catching_up = CatchingUp(
            ctx,
            endings=self.endings,
            hearing=self.hearing,
            revoker=self.revoker,
            listen=self._steps.listen,
            drop=self.drop,
        )
        self._bodies = Bodies(ctx, app, self.endings, self._end_run)
        self._deadlines = Deadlines(ctx, self.endings, self.revoker)
        self._bodies.desk = Desk(
            clock=ctx.clock,
            store=ctx.store,
            steps=self._steps,
            revoker=self.revoker,
            begin=self._bodies.begin,
            deadlines=self._deadlines,
        )
        self._stopping = False
        self._taking: set[str] = set()
        """Runs on their way into `runs`: a message and a tick may come for one at once."""
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """True while no run is taken: there are too many, or the process is leaving."""
        return self._stopping or len(self.runs) >= MAX_RUNS

    def take(self, run_id: str, *, from_owner: str = "") -> bool:
        """Make the run this process's own and carry it on; `from_owner` is a dead one's name.

        Returns False if it isn't to be had. Raises StoreUnavailable.
        """
        with self._lock:
            if self.full or run_id in self.runs or run_id in self._taking:
                return False
            self._taking.add(run_id)
        try:
            return self._take(run_id, from_owner)
        finally:
            self._taking.discard(run_id)

    def _take(self, run_id: str, from_owner: str) -> bool:
        lease = Lease(run_id=run_id, owner=self._ctx.process, token=secrets.token_hex(8))
        claimed = self._ctx.store.claim_run(
            run_id,
            owner=lease.owner,
            token=lease.token,
            from_owner=from_owner,
            rescue=bool(from_owner),
            result_key=self._ctx.results.key_of(run_id),
        )
        if claimed is None:
            return False
        known = claimed.first and "kwargs" not in claimed.run["omitted"]
        return self._carry_on(claimed, lease, resumed=not known)

    def drop(self, live: LiveRun, why: Parting) -> None:
        """Let a run go that has not ended."""
        live.lane.close()
        if self._release(live):
            _tell_of_parting(live, why)
        with live.lock:
            for node in live.nodes.values():
                node.cancel_timers()
                if node.kind == "child" and not node.recorded:
                    self._ctx.hub.leave(live.lane.lease.token, node.task_id)
            frames = list(live.frames.values())
        for frame in frames:
            frame.revoke()

    def give_back_all(self) -> int:
        """Hand all runs over to whoever lives: to a run, a crash without the wait.

        One that is just being taken is given back by whoever takes it.
        """
        with self._lock:
            self._stopping = True
            held = list(self.runs.values())
            self.runs.clear()
        for live in held:
            live.lane.close()
        leases = [(live.id, live.lane.lease.token) for live in held]
        return self._ctx.store.give_back(self._ctx.process, leases)

    def resync_all(self) -> None:
        """Something may have been missed: read every watched state once, and send what may be lost.

        While Redis was away messages may have been taken from their queues and reached nobody.
        """
        self._deadlines.hear_again()
        for live in list(self.runs.values()):
            self.resync_soon(live)
        self.send_again(self._ctx.consumers.queues)

    def resync_soon(self, live: LiveRun) -> None:
        """Read what is recorded of the run, and take what is new in it as if it were just said."""

        def resync() -> None:
            live.resync_waits = False  # before it reads: what is missed from here on is read anew
            self._catching_up.resync(live)

        with live.lock:
            waits, live.resync_waits = live.resync_waits, True
        if not waits:
            self._ctx.crew.submit(live.guarded(resync))

    def send_again(self, queues: frozenset[str]) -> None:
        """Messages in these queues may be lost: send again what waits there longest.

        A worker that dies takes along what it had from its queues and had not claimed: a few
        messages, and not the latest ones. What is left out comes again in its own time.
        """
        waiting = (
            (live, node)
            for live in list(self.runs.values())
            for node in list(live.nodes.values())
            if node.may_be_lost and node.queue in queues
        )
        longest = heapq.nsmallest(MOST_SENT_AGAIN, waiting, key=lambda pair: pair[1].queued_at or 0)
        if longest:
            self._ctx.crew.submit(partial(self._send_each, longest))

    def _send_each(self, children: Sequence[tuple[LiveRun, LiveNode]]) -> None:
        for live, node in children:
            self._steps.send_at_once(live, node)

    def recheck(self, lives: Sequence[LiveRun]) -> None:
        """Redis doesn't seem to name these as ours any more: drop those for which that is so.

        A process that was frozen for long finds so of all its runs. Raises StoreUnavailable.
        """
        holders = self._ctx.store.holders([live.id for live in lives])
        for live in lives:
            holder = holders.get(live.id)
            if not live.is_held_by(holder):
                self.drop(live, Parting.GONE if holder is None else Parting.TAKEN)

    def _carry_on(self, claimed: ClaimedRun, lease: Lease, *, resumed: bool) -> bool:
        live = LiveRun(claimed.run, Lane(lease))
        live.writer = Writer(
            live,
            store=self._ctx.store,
            crew=self._ctx.crew,
            timers=self._ctx.timers,
            on_recorded=self.endings.recorded,
            on_revoked=self.endings.revoke_instead,
            drop=self.drop,
            on_landed=self._show_soon,
        )
        live.break_off = partial(self.drop, live, Parting.BROKEN)
        if not self._hold(live):
            self._ctx.store.give_back(lease.owner, [(live.id, lease.token)])
            return False
        try:
            if resumed:
                self._catching_up.take_over(live)
            self._begin(live, claimed)
        except HistoryLost:
            self.drop(live, Parting.LOST)
        except StaleToken:
            self.drop(live, Parting.TAKEN)
        except RunNotFound:
            self.drop(live, Parting.GONE)
        except BaseException:
            # A run that is held and never begun would wait for ever: nobody else may take it.
            self.drop(live, Parting.BROKEN)
            raise
        return True

    def _hold(self, live: LiveRun) -> bool:
        """False if all runs were given back while this one was being taken."""
        with self._lock:
            if not self._stopping:
                self.runs[live.id] = live
            return not self._stopping

    def _begin(self, live: LiveRun, claimed: ClaimedRun) -> None:
        trouble = self._trouble_with(live, claimed)
        if intents := frozenset(live.intents):
            self._ctx.crew.submit(live.guarded(partial(self.revoker.carry_out, live, intents)))
        self._on_begin()
        end = None if trouble is None else failed_end(live.root.meta, trouble)
        self._bodies.begin(live, live.root, instead=end)

    def _trouble_with(self, live: LiveRun, claimed: ClaimedRun) -> str | None:
        """Why the run can't go on; opens its secrets otherwise."""
        if claimed.rescues > self._ctx.settings.max_rescues:
            return (
                f"Taken over {claimed.rescues} times in a row without recording a step: the "
                "watcher may have died of this run each time."
            )
        try:
            live.hidden = self._vault.open(claimed.sealed)
        except SecretsUnreadable as error:
            return error.message
        return None

    def _begin_attempt(self, live: LiveRun, node: LiveNode) -> None:
        self._steps.begin_attempt(live, node)

    def _expect_retry(self, live: LiveRun, node: LiveNode) -> None:
        self._steps.expect_retry(live, node)

    def _on_claim(self, live: LiveRun, node: LiveNode) -> None:
        self._steps.attention.begun(live, node)

    def _on_intent(self, live: LiveRun) -> None:
        self._bodies.watch_unwinding(live)

    def _end_run(self, live: LiveRun, end: NodeEnd) -> None:
        """Record the run's end, and let `AsyncResult` know."""
        fields = {k: v for k, v in end.fields().items() if k != "state"}
        word = self._ctx.results.word_of(live.id, end)
        with self._ctx.results.turns.of(live.id):
            ended = live.writer.carry(
                lambda lease, op, cargo: self._ctx.store.end_run(
                    lease, op, end.state, fields, cargo.nodes, word
                ),
                run_too=False,
            )
            if not (ended.must_revoke or ended.waiting_for):
                live.root.end = end  # before whoever waits to show its meta looks whether it ended
        if ended.must_revoke:
            self._end_run(live, under_revoke(end, live.root.meta))
            return
        if ended.waiting_for:
            about = {"action": "run_waits_for_children", "run_id": live.id}
            log.info("The run ends after %s", ", ".join(ended.waiting_for), extra=about)
            end_it = live.guarded(partial(self._end_run, live, end))
            again = partial(self._ctx.crew.submit, end_it)
            self._ctx.timers.call_later(_CHILDREN_PAUSE, again)
            return
        self._let_go(live)
        if word is None:
            self._ctx.results.show_end(live.id, end)

    def _show_soon(self, live: LiveRun) -> None:
        """Let `AsyncResult` show the run's meta, with whatever is written until then."""

        def show() -> None:
            live.showing = None
            self._ctx.crew.submit(partial(self._ctx.results.show_meta, live))

        with live.lock:
            if live.showing is None and not live.dropped:
                live.showing = self._ctx.timers.call_later(SHOW_INTERVAL, show)

    def _release(self, live: LiveRun) -> bool:
        """Hold it no more; False if it isn't held, or was let go before and taken anew since."""
        with self._lock:
            is_held = self.runs.get(live.id) is live
            if is_held:
                del self.runs[live.id]
        return is_held

    def _let_go(self, live: LiveRun) -> None:
        live.lane.close()
        self._release(live)
        live.root.cancel_timers()
        if live.showing is not None:
            live.showing.cancel()
        for frame in list(live.frames.values()):
            frame.revoke()


def _tell_of_parting(live: LiveRun, why: Parting) -> None:
    if why == Parting.LOST:
        about = {"action": "run_history_lost", "run_id": live.id}
        log.warning("Redis has lost a part of a run; the next beat takes it up again", extra=about)
    elif why == Parting.BROKEN:
        about = {"action": "run_broken", "run_id": live.id}
        log.warning("A run is let go; the next beat takes it up again", extra=about)
    elif why == Parting.GONE:
        about = {"action": "run_orphaned", "run_id": live.id}
        log.warning("A run is gone from Redis; its parents leave", extra=about)
