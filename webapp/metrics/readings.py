"""What a scrape reads from Redis and from the relay.

Its cost is bounded whoever scrapes how often: Redis is read at most once every 5 s, in about a
dozen round trips, and of the runs that go on the newest 500 are looked at for their names. A
thread reads, so that a scrape is answered with what this process knows when Redis doesn't answer.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from inception.runs.errors import StoreUnavailable
from inception.runs.model import State
from inception.runs.records import BeatRecord, RunFilter
from webapp.fleet import FRESH_BEAT, Queue
from webapp.lately import Lately
from webapp.services import Services

KEPT: Final = 5.0
"""Seconds (s) for which what was read is shown again."""
PATIENCE: Final = 2.0
"""Seconds (s) that scrapes wait for a reading, from its beginning on."""
MAX_ACTIVE: Final = 500
_ACTIVE: Final = frozenset(state for state in State if not state.is_final)
_TALLIES: Final = {
    "inception_runs_started": ("runs", "Runs that were recorded."),
    "inception_steps": ("steps", "Children and nested parents that were started."),
    "inception_attempts": ("attempts", "Attempts of theirs after the first."),
    "inception_events": ("events", "Numbered changes of runs."),
    "inception_rescues": ("rescues", "Runs taken over from a process that died."),
    "inception_losses": ("losses", "Attempts whose process died."),
    "inception_beats": ("beats", "Beats of watchers and compute workers."),
}
"""Counted in Redis since it was empty: by name, the tally, and what it says."""
_KINDS: Final = ("watcher", "compute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What Redis said; `now_ms` by its clock."""

    now_ms: int
    by_state: Mapping[str, int]
    active: Mapping[tuple[str, str], int]
    beats: tuple[BeatRecord, ...]
    queues: tuple[Queue, ...]
    tallies: Mapping[str, int]


class Readings(Collector):
    """Gauges of what is there now; while Redis doesn't answer, `inception_redis_up` is 0."""

    def __init__(
        self, services: Services, name_of: Callable[[str], str], listen: Callable[[], None]
    ) -> None:
        """`listen` is called whenever Redis has answered, and may wait for it."""
        self._services = services
        self._name_of = name_of
        self._lately = Lately(self._read, name="metrics", kept=KEPT, patience=PATIENCE, then=listen)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask Redis."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        yield from self._of_sockets()
        reading = self._lately.said()
        yield _gauge("redis_up", "1 if Redis answered.", int(reading is not None))
        if reading is not None:
            yield from _of_runs(reading)
            yield from _of_processes(reading)
            yield from _of_queues(reading)
            yield from _of_tallies(reading)

    def _read(self) -> Reading | None:
        store, fleet = self._services.store, self._services.fleet
        try:
            reading = Reading(
                now_ms=fleet.now(),
                by_state=store.count_runs(RunFilter()),
                active=self._active(),
                beats=tuple(store.read_beats().values()),
                queues=tuple(fleet.read()["queues"]),
                tallies=store.read_tallies(),
            )
        except StoreUnavailable:
            return None
        self._services.relay.meter.clock_offset = reading.now_ms / 1000 - time.time()
        return reading

    def _active(self) -> Mapping[tuple[str, str], int]:
        runs, _more = self._services.store.list_runs(RunFilter(states=_ACTIVE), MAX_ACTIVE)
        return Counter((run["state"], self._name_of(run["name"])) for run in runs)

    def _of_sockets(self) -> Iterator[Metric]:
        relay = self._services.relay
        clients = relay.clients
        yield _gauge("sockets", "Connected sockets.", len(clients))
        yield _gauge("sockets_behind", "Sockets that don't keep up.", clients.behind)
        yield _gauge("relay_up", "1 if the relay hears Redis.", int(relay.is_hearing))
        yield _counter(
            "sockets_fallen_behind", "Times a socket fell behind.", clients.fallen_behind
        )
        yield _counter("sockets_dropped", "Sockets cut off for being too slow.", clients.dropped)
        strangers = self._services.strangers
        yield _gauge("strangers", "Connections on which nobody has signed in.", len(strangers))
        yield _counter("strangers_refused", "Those that were one too many.", strangers.refused)


def _of_runs(reading: Reading) -> Iterator[Metric]:
    runs = GaugeMetricFamily("inception_runs", "Runs kept, by state.", labels=["state"])
    for state in State:
        runs.add_metric([state], reading.by_state.get(state, 0))
    yield runs
    active = GaugeMetricFamily(
        "inception_runs_active",
        f"Runs that go on, by state and parent: of the newest {MAX_ACTIVE}.",
        labels=["state", "parent"],
    )
    for labels, number in sorted(reading.active.items()):
        active.add_metric(labels, number)
    yield active


def _of_processes(reading: Reading) -> Iterator[Metric]:
    alive = [beat for beat in reading.beats if reading.now_ms - beat.seen_at <= FRESH_BEAT]
    processes = GaugeMetricFamily(
        "inception_processes", "Processes heard within 15 s.", labels=["kind"]
    )
    slots = GaugeMetricFamily("inception_slots", "Their slots.", labels=["kind"])
    busy = GaugeMetricFamily("inception_slots_busy", "Slots at work.", labels=["kind"])
    age = GaugeMetricFamily(
        "inception_beat_age_seconds", "Since the beat heard longest ago.", labels=["kind"]
    )
    for kind in _KINDS:
        mine = [beat for beat in alive if beat.kind == kind]
        processes.add_metric([kind], len(mine))
        slots.add_metric([kind], sum(beat.slots for beat in mine))
        busy.add_metric([kind], sum(len(beat.running) for beat in mine))
        if mine:
            oldest = min(beat.seen_at for beat in mine)
            age.add_metric([kind], max(0, reading.now_ms - oldest) / 1000)
    yield from (processes, slots, busy, age)


def _of_queues(reading: Reading) -> Iterator[Metric]:
    length = GaugeMetricFamily("inception_queue_length", "Messages that wait.", labels=["queue"])
    consumers = GaugeMetricFamily(
        "inception_queue_consumers", "Processes that consume it.", labels=["queue"]
    )
    for queue in reading.queues:
        if queue["problem"] is None:
            length.add_metric([queue["name"]], queue["length"])
        consumers.add_metric([queue["name"]], queue["consumers"])
    yield from (length, consumers)


def _of_tallies(reading: Reading) -> Iterator[Metric]:
    for name, (what, says) in _TALLIES.items():
        yield CounterMetricFamily(name, says, value=reading.tallies.get(what, 0))


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"inception_{name}", says, value=value)


def _counter(name: str, says: str, value: float) -> Metric:
    return CounterMetricFamily(f"inception_{name}", says, value=value)
