"""Turns what is heard of a run's nodes into writes: conflated, in order, one at a time.

A node's first word leaves at once and later ones at most 20 times a second; a change of state
never waits. While a flight is under way everything newer gathers, and the next flight carries
the newest record of each node. The parents above a node that moved ride along with it.
"""

from __future__ import annotations

import logging
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from inception.runs.errors import HistoryLost, RunNotFound, StaleToken
from inception.runs.model import ROOT
from inception.runs.paths import parent_path
from inception.watching.live import Parting, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inception.runs.records import Fields, Written
    from inception.runs.store import Store
    from inception.watching.crew import Crew
    from inception.watching.live import LiveNode, LiveRun
    from inception.watching.timers import Timers

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

    def post(
        self, node: LiveNode, fields: Fields, *, urgent: bool = False, company: float = 0.0
    ) -> None:
        """Let `fields` of `node` be written: at once if `urgent`, else not too often.

        What may wait `company` seconds (s) for more to write does so, and then counts as urgent.
        The run's lock is held by the caller.
        """
        node.unsent.update(fields)
        wait = company or node.sent_at + LEAST_INTERVAL - time.monotonic()
        if urgent or wait <= 0:
            self._let_go(node)
        elif node.conflation is None:
            node.conflation = self._timers.call_later(wait, lambda: self._trailing(node))

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
                above.unsent["meta"] = raw(above.meta)
                self._dirty.setdefault(path, above)

    def _trailing(self, node: LiveNode) -> None:
        with self._live.lock:
            node.conflation = None
            if node.unsent:
                self._let_go(node)

    def _let_go(self, node: LiveNode) -> None:
        self._dirty[node.path] = node
        if not self._flying and not self._live.dropped:
            self._flying = True
            self._crew.submit(self._fly)

    def _fly(self) -> None:
        run_id = self._live.id
        try:
            carried, ended = self._load()
            run_fields = carried.pop(ROOT, None)
            written = self._live.lane.commit(
                lambda lease, op: self._store.write(lease, op, carried, run_fields)
            )
            self._land(ended, written)
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

    def _load(self) -> tuple[dict[str, Mapping[str, str]], list[LiveNode]]:
        """Take what is pending on board; the nodes that end with it are told of later."""
        now = time.monotonic()
        with self._live.lock:
            nodes = dict(islice(self._dirty.items(), MOST_A_FLIGHT))
            for path in nodes:
                del self._dirty[path]
            carried: dict[str, Mapping[str, str]] = {}
            for path, node in nodes.items():
                if node.unsent:
                    carried[path], node.unsent, node.sent_at = node.unsent, {}, now
            ended = [n for n in nodes.values() if n.ended and not n.recorded and n.path != ROOT]
        return carried, ended

    def _land(self, ended: list[LiveNode], written: Written) -> None:
        for node in ended:
            take = self._on_revoked if node.path in written.revoked else self._on_recorded
            take(self._live, node)
        if written.refused:
            about = {"action": "write_refused", "run_id": self._live.id}
            log.info("Final nodes kept their end: %s", ", ".join(written.refused), extra=about)
        with self._live.lock:
            self._flying = False
            if self._dirty and not self._live.dropped:
                self._let_go(next(iter(self._dirty.values())))
        self._on_landed(self._live)
