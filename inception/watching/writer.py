"""Turns what is heard of a run's nodes into writes: conflated, in order, one at a time.

A node's first word leaves at once and later ones at most 20 times a second; a change of state
never waits, save for a moment that saves a flight. While a flight is under way everything newer
gathers, and the next flight carries the newest record of each node. What a parent writes itself
(its steps, its end) is a flight too, and takes along what has gathered. The parents above a node
that moved ride along with it.
"""

from __future__ import annotations

import logging
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from inception.runs.errors import HistoryLost, RunNotFound, StaleToken
from inception.runs.model import ROOT
from inception.runs.paths import parent_path
from inception.runs.records import Written
from inception.runs.recordtext import raw_meta
from inception.watching.live import Cargo, Landed, Parting

if TYPE_CHECKING:
    from collections.abc import Callable

    from inception.runs.records import Fields, Lease
    from inception.runs.store import Store
    from inception.watching.crew import Crew
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode
    from inception.watching.timers import Timer, Timers

log = logging.getLogger(__name__)

LEAST_INTERVAL: Final = 0.05
"""Seconds (s) between two writes of one node that are no changes of state."""
MOST_A_FLIGHT: Final = 500
"""Nodes of one write: some 40 microseconds each, in which Redis serves nobody else."""


class Writer:
    """The pending changes of one run, and the flight that carries them."""

    def __init__(
        self,
        live: LiveRun,
        *,
        store: Store,
        crew: Crew,
        timers: Timers,
        on_recorded: Callable[[LiveRun, LiveNode], None],
        on_revoked: Callable[[LiveRun, LiveNode], None],
        drop: Callable[[LiveRun, Parting], None],
        on_landed: Callable[[LiveRun], None],
    ) -> None:
        self._live = live
        self._store = store
        self._crew = crew
        self._timers = timers
        self._on_recorded = on_recorded
        self._on_revoked = on_revoked
        self._drop = drop
        self._on_landed = on_landed
        self._dirty: dict[str, LiveNode] = {}
        self._flying = False
        self._departs: float | None = None
        """When what waits for company leaves alone, by time.monotonic(); None if nothing does."""
        self._departure: Timer | None = None

    def post(
        self, node: LiveNode, fields: Fields, *, urgent: bool = False, company: float = 0.0
    ) -> None:
        """Let `fields` of `node` be written: at once if `urgent`, else not too often.

        What may wait `company` seconds (s) for another flight does so, and then counts as urgent.
        The run's lock is held by the caller.
        """
        node.unsent.update(fields)
        wait = node.sent_at + LEAST_INTERVAL - time.monotonic()
        if company:
            self._wait_for_company(node, company)
        elif urgent or wait <= 0:
            self._let_go(node)
        elif node.conflation is None:
            node.conflation = self._timers.call_later(wait, lambda: self._trailing(node))

    def carry(
        self, write: Callable[[Lease, int, Cargo], Landed], *, run_too: bool = True
    ) -> Landed:
        """Do a write of the caller's own, which takes along what has gathered.

        What has gathered of the run itself stays behind unless `run_too`. Raises as Lane.commit
        does, and then has taken nothing.
        """
        lane = self._live.lane
        with lane.turn() as op:
            cargo = self._load(run_too)
            try:
                written = lane.insist(lambda: write(lane.lease, op, cargo))
            except Exception:
                self._unload(cargo)
                raise
        self._land(cargo, written)
        return written

    def roll_up(self, node: LiveNode, completion: float, *, succeeded: bool = False) -> None:
        """Let the parents above `node` show how far they are, with its next write.

        The run's lock is held by the caller.
        """
        rollup = self._live.rollup
        rollup.set(node.path, completion, succeeded=succeeded)
        path = node.path
        while path != ROOT:
            path = parent_path(path)
            above = self._live.nodes[path]
            if not above.ended:
                above.heard = node.heard
                above.meta = {
                    **node.meta,
                    "completion": rollup.completion(path),
                    "status": "PROGRESS",
                    "error": None,
                }
                above.unsent["meta"] = raw_meta(above.meta)
                self._dirty.setdefault(path, above)

    def _trailing(self, node: LiveNode) -> None:
        with self._live.lock:
            node.conflation = None
            if node.unsent:
                self._let_go(node)

    def _wait_for_company(self, node: LiveNode, seconds: float) -> None:
        self._dirty[node.path] = node
        if self._departs is None:
            self._departs = time.monotonic() + seconds
        if self._departure is None:
            self._departure = self._timers.call_later(seconds, self._depart)

    def _depart(self) -> None:
        """Let what waits for company leave now, or when its time has come."""
        with self._live.lock:
            self._departure = None
            if self._departs is None:
                return
            left = self._departs - time.monotonic()
            if left > 0:
                self._departure = self._timers.call_later(left, self._depart)
            else:
                self._take_off()

    def _let_go(self, node: LiveNode) -> None:
        self._dirty[node.path] = node
        self._take_off()

    def _take_off(self) -> None:
        if not self._flying and not self._live.dropped:
            self._flying = True
            self._crew.submit(self._fly)

    def _fly(self) -> None:
        run_id = self._live.id
        try:
            self.carry(self._write)
            self._take_off_again()
        except HistoryLost:
            self._drop(self._live, Parting.LOST)
        except StaleToken:
            self._drop(self._live, Parting.TAKEN)
        except RunNotFound:
            self._drop(self._live, Parting.GONE)
        except Exception:
            # Whatever it is, the run must not stand still: it goes back, to be replayed.
            log.exception("A write failed", extra={"action": "write_failed", "run_id": run_id})
            self._drop(self._live, Parting.BROKEN)

    def _write(self, lease: Lease, op: int, cargo: Cargo) -> Written:
        if not cargo.carriers:
            return Written(seq=0, epoch="")  # another write has taken it all along
        return self._store.write(lease, op, cargo.nodes, cargo.run)

    def _take_off_again(self) -> None:
        with self._live.lock:
            self._flying = False
            if self._dirty:
                self._take_off()

    def _load(self, run_too: bool) -> Cargo:
        """Take what has gathered on board; the nodes that end with it are told of later."""
        now = time.monotonic()
        with self._live.lock:
            nodes = dict(islice(self._dirty.items(), MOST_A_FLIGHT))
            if not run_too:
                nodes.pop(ROOT, None)
            for path in nodes:
                del self._dirty[path]
            self._departs = None
            if self._dirty.keys() - {ROOT}:
                self._take_off()
            cargo = Cargo(
                carriers=[node for node in nodes.values() if node.unsent],
                ended=[n for n in nodes.values() if n.ended and not n.recorded and n.path != ROOT],
            )
            for node in cargo.carriers:
                cargo.nodes[node.path], node.unsent, node.sent_at = node.unsent, {}, now
        cargo.run = cargo.nodes.pop(ROOT, None)
        return cargo

    def _unload(self, cargo: Cargo) -> None:
        """Have what wasn't written gather again, below what is newer."""
        with self._live.lock:
            for node in cargo.carriers:
                fields = (cargo.run or {}) if node.path == ROOT else cargo.nodes[node.path]
                node.unsent = {**fields, **node.unsent}
                self._let_go(node)

    def _land(self, cargo: Cargo, written: Written) -> None:
        for node in cargo.ended:
            take = self._on_revoked if node.path in written.revoked else self._on_recorded
            take(self._live, node)
        if written.refused:
            about = {"action": "write_refused", "run_id": self._live.id}
            log.info("Final nodes kept their end: %s", ", ".join(written.refused), extra=about)
        if cargo.carriers:
            self._on_landed(self._live)
