"""Which processes work here: what `GET /workers` answers, and who counts as alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NotRequired

from typing_extensions import TypedDict

from inception.runs.presence import unconsumed
from inception.runs.records import BeatKind, BeatRecord
from inception.runs.store import Store
from webapp.queues import Length, Queues

FRESH_BEAT: Final = 15_000
"""Milliseconds (ms) within which a process must have been heard to count as alive."""
QUEUES: Final = ("parents", "children")
"""Shown whether or not anybody consumes them."""
MOST_NAMED: Final = 8
"""Tasks of a process that are called by name, as many as a page has room for."""


class RunningTask(TypedDict):
    """What a process works on; `name` is its label or function, of the first few of each."""

    run_id: str
    path: str
    name: NotRequired[str]


class Worker(TypedDict):
    """One process; `seen_at` in ms since the epoch by Redis' clock."""

    name: str
    host: str
    pid: int
    slots: int
    queues: list[str]
    running: list[RunningTask]
    stopping: bool
    seen_at: int


class Queue(TypedDict):
    """A queue, how many messages wait in it, and how many processes consume it.

    `waiting` says why they wait where no worker consumes it, `problem` why their number can't be
    told, which is 0 then; else they are null.
    """

    name: str
    length: int
    consumers: int
    waiting: str | None
    problem: str | None


class FleetAnswer(TypedDict):
    """The answer of `GET /workers` and the payload of the event `workers`.

    `now` is Redis' clock in ms; who was last heard more than `ttl` seconds before it counts as
    dead.
    """

    now: int
    ttl: float
    watchers: list[Worker]
    compute: list[Worker]
    queues: list[Queue]


class Fleet:
    """Reads the beats and the lengths of the queues."""

    def __init__(self, store: Store, broker: Queues, ttl: float) -> None:
        self._store = store
        self._broker = broker
        self._ttl = ttl

    def read(self) -> FleetAnswer:
        """Everybody who has a beat, dead or alive, with when they were last heard.

        Raises StoreUnavailable.
        """
        beats = list(self._store.read_beats().values())
        watchers, compute = _workers(beats, "watcher"), _workers(beats, "compute")
        self._name(task for one in (*watchers, *compute) for task in one["running"][:MOST_NAMED])
        return {
            "now": self.now(),
            "ttl": self._ttl,
            "watchers": watchers,
            "compute": compute,
            "queues": self._queues(beats),
        }

    def alive(self, kind: BeatKind) -> int:
        """How many processes of that kind take work.

        Heard within 15 s, not stopping, and consuming some queue as their last beat says: one whose
        consumer was cancelled or is stuck goes on beating. Raises StoreUnavailable.
        """
        now = self.now()
        mine = [beat for beat in self._store.read_beats().values() if beat.kind == kind]
        taking = [beat for beat in mine if beat.queues and not beat.stopping]
        return sum(now - beat.seen_at <= FRESH_BEAT for beat in taking)

    def now(self) -> int:
        """Redis' clock, in ms since the epoch. Raises StoreUnavailable."""
        return self._store.now_ms()

    def _name(self, running: Iterable[RunningTask]) -> None:
        tasks = list(running)
        names = self._store.names_of([(task["run_id"], task["path"]) for task in tasks])
        for task, name in zip(tasks, names, strict=True):
            if name is not None:
                task["name"] = name

    def _queues(self, beats: Iterable[BeatRecord]) -> list[Queue]:
        """Ours, those that somebody consumes, and those in which something waits for nobody."""
        consumers = Counter(queue for beat in beats for queue in beat.queues)
        shown = {*QUEUES, *consumers}
        lengths = self._broker.lengths(sorted({*shown, *self._store.read_queues()}))
        return [
            _queue(name, length, consumers[name])
            for name, length in lengths.items()
            if length != 0 or name in shown
        ]


def _queue(name: str, length: Length, consumers: int) -> Queue:
    problem = length if isinstance(length, str) else None
    waiting = length if isinstance(length, int) else 0
    return {
        "name": name,
        "length": waiting,
        "consumers": consumers,
        "waiting": unconsumed(name) if waiting and not consumers else None,
        "problem": problem,
    }


def _workers(beats: Iterable[BeatRecord], kind: BeatKind) -> list[Worker]:
    return [
        {
            "name": beat.process,
            "host": beat.host,
            "pid": beat.pid,
            "slots": beat.slots,
            "queues": list(beat.queues),
            "stopping": beat.stopping,
            "running": [{"run_id": run, "path": path} for run, path, _attempt in beat.running],
            "seen_at": beat.seen_at,
        }
        for beat in sorted(beats, key=lambda beat: beat.process)
        if beat.kind == kind
    ]
