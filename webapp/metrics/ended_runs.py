"""Counts runs as they end, and how long they took, from what is published for the lists.

Each web process counts all runs, from its first scrape on: Prometheus tells them apart by their
instance. What ended while the process was cut off from Redis is not counted.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from inception.runs.model import FINAL_STATES, Run

MAX_NAMES: Final = 200
"""Parents' names that get a line of their own; all others together are `(other)`."""
OTHER: Final = "(other)"
MAX_REMEMBERED: Final = 10_000
"""Ends that are known again. The label of an older one, set late, counts it twice."""
DURATION_BUCKETS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
_SEEMS_FINAL: Final = re.compile(r'"state":"(?:' + "|".join(sorted(FINAL_STATES)) + '")')
"""Spares the reading of every record that only moved."""


class EndedRuns:
    """Hears the list feed; `hear` is called from the listener's thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._names: set[str] = set()
        self._counted: dict[str, int | None] = {}
        self._guard = threading.Lock()
        self._ended = Counter(
            "inception_runs_ended",
            "Runs that ended while this process listened.",
            ["state", "parent"],
            registry=registry,
        )
        self._durations = Histogram(
            "inception_run_duration_seconds",
            "From a run's start to its end, of runs that ended while this process listened.",
            ["state", "parent"],
            buckets=DURATION_BUCKETS,
            registry=registry,
        )

    def hear(self, text: str) -> None:
        """Count a run if what was published is its end."""
        if not _SEEMS_FINAL.search(text):
            return
        run: Run = json.loads(text)
        if run.get("state") in FINAL_STATES:
            self._count(run)

    def name_of(self, name: str) -> str:
        """The name as a label, `(other)` beyond the first 200."""
        with self._guard:
            if name not in self._names and len(self._names) >= MAX_NAMES:
                return OTHER
            self._names.add(name)
            return name

    def _count(self, run: Run) -> None:
        if not self._is_new(run):
            return
        labels = (run["state"], self.name_of(run["name"]))
        self._ended.labels(*labels).inc()
        started, ended = run["started_at"], run["finalized_at"]
        if started is not None and ended is not None:
            self._durations.labels(*labels).observe(max(0, ended - started) / 1000)

    def _is_new(self, run: Run) -> bool:
        """False for an end that was counted: a run that is given a label later is heard again."""
        if self._counted.get(run["id"], 0) == run["finalized_at"]:
            return False
        self._counted[run["id"]] = run["finalized_at"]
        if len(self._counted) > MAX_REMEMBERED:
            del self._counted[next(iter(self._counted))]
        return True
