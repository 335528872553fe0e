"""Takes over the runs of dead owners, and notices what the beats say of everybody else.

One tick follows each answer to this process's own beat. Nothing here asks about a task: it is
about processes, and about what Redis names as this process's own.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from inception.runs.errors import InceptionError, RunNotFound, StaleToken, StoreUnavailable
from inception.runs.model import State
from inception.runs.recordtext import raw
from inception.watching.consumers import Consumers
from inception.watching.live import LiveRun
from inception.watching.liveness import Liveness
from inception.watching.predecessors import predecessors
from inception.watching.retention import Retention

if TYPE_CHECKING:
    from inception.runs.records import BeatAnswer, BeatRecord
    from inception.watching.context import Context
    from inception.watching.live_node import LiveNode
    from inception.watching.scheduler import Scheduler

log = logging.getLogger(__name__)

MOST_A_TICK: Final = 200
"""Runs taken in one tick: a process that takes thousands at once would miss its own beats."""
UNOWNED_AFTER_MS: Final = 10_000
"""Milliseconds after which a recorded run that nobody took has lost its message."""
_RECHECKED: Final = 1_000
"""Runs asked about in one round trip."""
_MISSED_BEATS: Final = 2
_TAKERS: Final = 4
"""Runs taken at once: each waits for a few answers. The rest of the crew is for those held."""


class Rescuer:
    """Acts on the answers to this process's beats."""

    def __init__(self, ctx: Context, scheduler: Scheduler) -> None:
        self._ctx = ctx
        self._scheduler = scheduler
        self._liveness = Liveness(ctx.settings.heartbeat_ttl)
        self._retention = Retention(ctx.store, ctx.settings)
        self._counters: dict[str, int] = {}
        self._ticking = threading.Lock()
        self._rung = threading.Lock()
        self._look_waits = False
        """Runs were given back, and nobody has looked for them yet."""
        self._looked_for_predecessors = False

    def beat_failed(self) -> None:
        """Redis didn't answer: nobody is known to be dead."""
        self._liveness.failed()

    def beat_answered(self, answer: BeatAnswer) -> None:
        """Note who lives and leave the rest to the crew."""
        now = time.monotonic()
        self._liveness.hear(answer.beats, now)
        dead = self._liveness.dead(now) - {self._ctx.process}
        self._ctx.crew.submit(partial(self._tick, answer, dead))

    def given_back(self) -> None:
        """Somebody handed runs over: see at once, unless that is to be done already."""
        with self._rung:
            waits, self._look_waits = self._look_waits, True
        if not waits:
            self._ctx.crew.submit(self._look)

    def _look(self) -> None:
        self._look_waits = False  # before it looks: who rings from here on is looked for anew
        self._take_unowned()

    def _tick(self, answer: BeatAnswer, dead: set[str]) -> None:
        if not self._ticking.acquire(blocking=False):
            return
        try:
            self._act(answer, dead)
        except InceptionError as error:
            log.warning("A tick came to nothing: %s", error, extra={"action": "tick_failed"})
        finally:
            self._ticking.release()

    def _act(self, answer: BeatAnswer, dead: set[str]) -> None:
        """`dead` is as of the answer: a process that is frozen here learns nothing by waking."""
        if answer.owned != len(self._scheduler.runs):
            self._reconcile()  # first: what is another's by now must not be acted upon
        self._note_consumers(answer.beats, answer.beats.keys() - dead)
        dead = dead | self._predecessors(answer.beats)
        self._hear_of_revokes(answer)
        self._find_lost(answer.beats, dead)
        for process in sorted(dead & answer.beats.keys()):
            self._inherit(process, answer.beats[process])
        self._take_unowned()
        self._retention.tick(answer.now_ms)

    def _hear_of_revokes(self, answer: BeatAnswer) -> None:
        """Where the word of a revoke was lost, read the run.

        The answer alone tells not enough: a retry may have taken the revoke back since.
        """
        for run_id, path in answer.intents:
            live = self._scheduler.runs.get(run_id)
            if live is not None and path not in live.intents:
                self._scheduler.resync_soon(live)

    def _predecessors(self, beats: dict[str, BeatRecord]) -> set[str]:
        """Those in whose place this one may have been started; looked for once."""
        if self._looked_for_predecessors:
            return set()
        self._looked_for_predecessors = True
        return predecessors(beats, self._ctx.process)

    def _note_consumers(self, beats: dict[str, BeatRecord], alive: set[str]) -> None:
        consumers = Consumers.from_beats(beats, alive)
        before, self._ctx.consumers = self._ctx.consumers, consumers
        if consumers == before:
            return
        if died := consumers.died_since(before, beats):
            self._scheduler.send_again(died)
        for live in list(self._scheduler.runs.values()):
            self._explain_waiting(live)

    def _explain_waiting(self, live: LiveRun) -> None:
        with live.lock:
            for node in live.nodes.values():
                if node.kind != "child" or node.state not in (State.PENDING, State.RETRY):
                    continue
                why = self._ctx.consumers.why_waiting(node.queue)
                if why != node.waiting and node.claim is None:
                    node.waiting = why
                    live.writer.post(node, {"waiting": raw(why)}, urgent=True)

    def _find_lost(self, beats: dict[str, BeatRecord], dead: set[str]) -> None:
        """Claims of dead workers, and claims that two later beats of their worker don't list.

        While Celery's own retry is due nobody works on a child, and none of its workers matters.
        """
        moved = {
            name
            for name, beat in beats.items()
            if beat.kind == "compute" and self._counters.get(name) != beat.counter
        }
        self._counters = {name: beat.counter for name, beat in beats.items()}
        listed = {(run, path, n) for beat in beats.values() for run, path, n in beat.running}
        for live in list(self._scheduler.runs.values()):
            nodes = list(live.nodes.values())
            try:
                for node in [n for n in nodes if not (n.awaits_claim or n.ended)]:
                    self._check_claim(live, node, beats, dead, moved, listed)
            except (StaleToken, RunNotFound) as fenced:
                about = {"action": "job_fenced", "run_id": live.id}
                log.info("A run is another's by now: %s", fenced, extra=about)

    def _check_claim(
        self,
        live: LiveRun,
        node: LiveNode,
        beats: dict[str, BeatRecord],
        dead: set[str],
        moved: set[str],
        listed: set[tuple[str, str, int]],
    ) -> None:
        worker = node.claim.worker if node.claim else ""
        if (live.id, node.path, node.attempt) in listed:
            node.missed_beats = 0
        elif worker in moved or worker not in beats:
            node.missed_beats += 1
        if worker in dead:
            self._lose(live, node, node.attempt, f"worker {worker} died")
        elif node.missed_beats > _MISSED_BEATS:
            why = f"worker {worker} doesn't work on it any more"
            self._lose(live, node, node.attempt, why)

    def _lose(self, live: LiveRun, node: LiveNode, attempt: int, why: str) -> None:
        endings = self._scheduler.endings
        end = self._ctx.store.read_end(live.id, node.path)
        if end is not None and end.attempt == attempt:
            act = partial(endings.take_end, live, node, end)
        else:
            act = partial(endings.lose, live, node, attempt, why)
        live.guarded(act)()

    def _inherit(self, process: str, beat: BeatRecord) -> None:
        """Take over what a dead process held; at a tick that finds nothing more it is buried."""
        runs = sorted(self._ctx.store.owned(process)) if beat.kind == "watcher" else []
        about = {"action": "rescue", "owner": process}
        if runs:
            log.warning("%s is dead; taking over its %d runs", process, len(runs), extra=about)
        self._take_all(runs[:MOST_A_TICK], from_owner=process)
        if not runs:
            self._ctx.store.bury(process)

    def _take_unowned(self) -> None:
        """Runs that were given back, and those whose message was lost."""
        waiting = self._ctx.store.unowned(older_than_ms=UNOWNED_AFTER_MS, limit=MOST_A_TICK)
        self._take_all(waiting)

    def _reconcile(self) -> None:
        """What Redis names and what is held differ: drop the one, resume the other."""
        named = self._ctx.store.owned(self._ctx.process)
        held = self._scheduler.runs
        doubtful = [live for run_id, live in list(held.items()) if run_id not in named]
        for first in range(0, len(doubtful), _RECHECKED):
            self._scheduler.recheck(doubtful[first : first + _RECHECKED])
        missing = sorted(named - held.keys())[:MOST_A_TICK]
        self._take_all(missing, from_owner=self._ctx.process)

    def _take_all(self, run_ids: list[str], *, from_owner: str = "") -> None:
        """Take these runs, several at once; a later tick comes back to what isn't had."""
        for first in range(min(_TAKERS, len(run_ids))):
            self._ctx.crew.submit(partial(self._take_each, run_ids[first::_TAKERS], from_owner))

    def _take_each(self, run_ids: list[str], from_owner: str) -> None:
        for run_id in run_ids:
            if self._scheduler.full:
                return
            try:
                taken = self._scheduler.take(run_id, from_owner=from_owner)
                if from_owner and not taken:
                    self._ctx.store.drop_owned(from_owner, run_id)
            except StoreUnavailable as error:
                about = {"action": "take_failed", "run_id": run_id}
                log.warning("A run waits for the next tick: %s", error, extra=about)
                return
