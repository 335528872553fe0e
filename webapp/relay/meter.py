"""Counts what this process's relay sends."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from inception.runs.model import Batch

LAG_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


class RelayMeter:
    """Counters of one relay, in a registry of their own so that two apps don't share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock_offset = 0.0
        """Seconds (s) that Redis' clock is ahead of this machine's, as of the last scrape."""
        self._batches = Counter(
            "inception_relay_batches",
            "Batches of events sent to the rooms of watched runs.",
            registry=self.registry,
        )
        self._deliveries = Counter(
            "inception_relay_deliveries",
            "Batches of events by the clients each was sent to.",
            registry=self.registry,
        )
        self._events = Counter(
            "inception_relay_events",
            "Events in those batches.",
            registry=self.registry,
        )
        self._conflated = Counter(
            "inception_relay_conflated",
            "Changes that were superseded before they were sent, and left out.",
            registry=self.registry,
        )
        self._lag = Histogram(
            "inception_relay_lag_seconds",
            "From the oldest change of a live batch being stored to the batch being sent.",
            buckets=LAG_BUCKETS,
            registry=self.registry,
        )

    def sent(self, batch: Batch, clients: int, *, live: bool) -> None:
        """Count a batch that went to so many clients; the lag is that of live ones alone."""
        if not clients:
            return
        self._batches.inc()
        self._deliveries.inc(clients)
        self._events.inc(len(batch["events"]))
        self._conflated.inc(max(0, batch["to"] - batch["from"] - len(batch["events"])))
        if live and batch["events"]:
            oldest = min(event["at"] for event in batch["events"]) / 1000
            self._lag.observe(max(0.0, time.time() + self.clock_offset - oldest))
