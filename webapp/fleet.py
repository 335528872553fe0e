"""Which processes work here: what `GET /workers` answers, and who counts as alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NotRequired, cast

import redis
from typing_extensions import TypedDict

from inception.runs.celery_app import PRIORITIES, PRIORITY_MARK
from inception.runs.connection import connect
from inception.runs.presence import unconsumed
from inception.runs.records import BeatKind, BeatRecord
from inception.runs.scripts import refusals_as_errors
from inception.runs.settings import REDIS_SCHEMES, Settings
from inception.runs.store import Store

FRESH_BEAT: Final = 15_000
"""Milliseconds (ms) within which a process must have been heard to count as alive."""
QUEUES: Final = ("parents", "children")
"""Shown whether or not anybody consumes them."""
MOST_NAMED: Final = 8
"""Tasks of a process that are called by name, as many as a page has room for."""


_MARKS: Final = ("", *(f"{PRIORITY_MARK}{priority}" for priority in PRIORITIES))
"""What follows a queue's name in those of its lists, one for each priority."""


_NO_LIST: Final = "WRONGTYPE"


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

    def __init__(self, store: Store, broker: redis.Redis, ttl: float) -> None:
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
        lengths = self._lengths(sorted({*shown, *self._store.read_queues()}))
        return [
            {
                "name": name,
                "length": length or 0,
                "consumers": consumers[name],
                "waiting": unconsumed(name) if length and not consumers[name] else None,
                "problem": None if length is not None else f"what Redis keeps as {name} is no list",
            }
            for name, length in lengths.items()
            if length != 0 or name in shown
        ]

    def _lengths(self, queues: Sequence[str]) -> dict[str, int | None]:
        """How many messages wait in each; the broker keeps a list for each priority.

        None where something else is kept by such a name: another program's, which says nothing
        against the other queues.
        """
        with refusals_as_errors(), self._broker.pipeline(transaction=False) as pipe:
            for queue in queues:
                for mark in _MARKS:
                    pipe.llen(queue + mark)
            found = [_length(answer) for answer in pipe.execute(raise_on_error=False)]
        lists = len(_MARKS)
        return {
            queue: _sum(found[lists * number : lists * (number + 1)])
            for number, queue in enumerate(queues)
        }


def _length(answer: object) -> int | None:
    """What Redis says of a list; None if it is none. Raises whatever else it refused for."""
    if isinstance(answer, redis.ResponseError) and _NO_LIST in str(answer):
        return None
    if isinstance(answer, Exception):
        raise answer
    return cast(int, answer)


def _sum(lengths: Sequence[int | None]) -> int | None:
    known = [length for length in lengths if length is not None]
    return sum(known) if len(known) == len(lengths) else None


def broker_client(settings: Settings, client: redis.Redis) -> redis.Redis:
    """Where the queues are: another Redis if INCEPTION_BROKER_URL names one, else `client`.

    Of a broker that is no Redis nothing is asked; its queues count as empty.
    """
    url = settings.broker_url
    if url is None or url == settings.redis_url or not url.startswith(REDIS_SCHEMES):
        return client
    return connect(url, purpose="queues", size=4)


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
