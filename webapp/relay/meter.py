"""Counts what this process's relay sends.

In plain numbers, written down as Prometheus wants them when it asks: its own counters take a lock
each, five times for an update, and an update costs little besides.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from inception.runs.model import Batch
from webapp.relay.published import AsHeard

LAG_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_BOUNDS: Final = (*map(str, LAG_BUCKETS), "+Inf")

_COUNTERS: Final = {
    "inception_relay_batches": "Batches of events sent to the rooms of watched runs.",
    "inception_relay_deliveries": "Batches of events by the clients each was sent to.",
    "inception_relay_events": "Events in those batches.",
    "inception_relay_conflated": (
        "Changes that were superseded before they were sent, and left out."
    ),
}


class RelayMeter(Collector):
    """Counters of one relay, in a registry of their own so that two apps don't share them.

    Whoever emits counts: there is one at a time.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock_offset = 0.0
        """Seconds (s) that Redis' clock is ahead of this machine's, as of the last scrape."""
        self._batches = 0
        self._deliveries = 0
        self._events = 0
        self._conflated = 0
        self._lags = [0] * len(_BOUNDS)
        self._lag_sum = 0.0
        self.registry.register(self)

    def sent(self, batch: Batch, clients: int, *, live: bool) -> None:
        """Count a batch that went to so many clients; the lag is that of live ones alone."""
        if not clients:
            return
        numbers = batch["to"] - batch["from"]
        events, at = _events_of(batch, numbers)
        self._batches += 1
        self._deliveries += clients
        self._events += events
        self._conflated += max(0, numbers - events)
        if live and at is not None:
            lag = max(0.0, time.time() + self.clock_offset - at / 1000)
            self._lags[bisect_left(LAG_BUCKETS, lag)] += 1
            self._lag_sum += lag

    def collect(self) -> Iterable[Metric]:
        """Yield what was counted up to now."""
        yield from self._counters()
        buckets = list(zip(_BOUNDS, map(float, accumulate(self._lags)), strict=True))
        yield HistogramMetricFamily(
            "inception_relay_lag_seconds",
            "From the oldest change of a live batch being stored to the batch being sent.",
            buckets=buckets,
            sum_value=self._lag_sum,
        )

    def _counters(self) -> Iterator[Metric]:
        for (name, says), count in zip(
            _COUNTERS.items(),
            (self._batches, self._deliveries, self._events, self._conflated),
            strict=True,
        ):
            yield CounterMetricFamily(name, says, value=count)


def _events_of(batch: Batch, numbers: int) -> tuple[int, int | None]:
    """How many there are, and when the oldest of them was stored, in ms of Redis' clock."""
    if isinstance(batch, AsHeard):
        return numbers, batch.at
    events = batch["events"]
    return len(events), min((event["at"] for event in events), default=None)
