"""The records as the protocol names them, and the states with who moves a node on.

A record on the wire is JSON; here it is a `TypedDict`, so that what Redis holds, what the
web sends and what a client reads is one shape without a conversion in between.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NotRequired, TypeAlias

# pydantic reads no others before Python 3.12, and the documents of the API are made of these types.
from typing_extensions import TypeAliasType, TypedDict

JsonValue = TypeAliasType(
    "JsonValue", "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
)


class State(StrEnum):
    """Where a run or a node is. Each member says who moves it on."""

    PENDING = "PENDING"
    """Recorded, not begun. A watcher (run, parent) or a compute worker (child) claims it."""
    STARTED = "STARTED"
    """Claimed. The body's first word, or its end, moves it on."""
    PROGRESS = "PROGRESS"
    """It said something of itself. Its next word or its end moves it on."""
    RETRY = "RETRY"
    """An attempt ended and another follows. The next claim moves it on."""
    REVOKING = "REVOKING"
    """Asked to stop. The owner ends it once nothing under it runs."""
    SUCCESS = "SUCCESS"
    """Final."""
    FAILURE = "FAILURE"
    """Final; a retry of the run starts it anew."""
    REVOKED = "REVOKED"
    """Final; a retry of the run starts it anew."""
    LOST = "LOST"
    """Final: its worker died and it must not run twice. A retry of the run starts it anew."""

    @property
    def is_final(self) -> bool:
        """True if nothing but a retry of the run moves it on."""
        return self in FINAL_STATES


FINAL_STATES: Final = frozenset({State.SUCCESS, State.FAILURE, State.REVOKED, State.LOST})

NodeKind: TypeAlias = Literal["child", "parent"]

ROOT: Final = ""
"""The path of a run's root."""

LARGE_FIELDS: Final = ("args", "kwargs", "value", "traceback")
"""Fields that are left out of events, lists and snapshots above `LARGE_FIELD_BYTES`."""
LARGE_FIELD_BYTES: Final = 4 * 1024
LONGEST_NUMBER: Final = 99
"""Digits in a row within a field beyond which it is left out too: Socket.IO's client for Python
refuses a message with an integer of more than 100 characters, and stops answering."""
LARGEST_INTEGER_BITS: Final = 14_000
"""Of an integer that is kept: Python itself reads and writes no more than 4,300 digits."""
MAX_JSON_BYTES: Final = 1024 * 1024
"""Arguments and values: more is refused."""
MAX_MESSAGE_BYTES: Final = 2 * 1024
MAX_ERROR_BYTES: Final = 8 * 1024
MAX_TRACEBACK_BYTES: Final = 64 * 1024
MAX_LABEL_CHARACTERS: Final = 200
MAX_TAGS: Final = 20
MAX_NODES: Final = 10_000
"""Nodes of one run, the root not counted."""
MAX_EVENTS: Final = 1_000
"""Events kept of one run (the stream is trimmed to about that many)."""
MAX_AUDIT_ENTRIES: Final = 100_000
"""Kept of who did what (the list is trimmed to about that many)."""
MAX_QUEUES: Final = 1_000
"""Remembered of the queues that children were sent to: those used last."""
MAX_LOG_BYTES: Final = 256 * 1024
"""Kept of what one attempt prints and logs."""


MAX_RECENT_ENDS: Final = 20
"""Ends kept of each parent's runs: their outcomes and durations."""
RECENT_ENDS_SECONDS: Final = 30 * 24 * 3600
"""How long (s) they are kept after the last of them."""


class Meta(TypedDict):
    """What a task says of itself; `completion` is a percentage from 0 to 100."""

    iteration: int
    total: int | None
    completion: float
    status: str
    message: str
    error: str | None


class Attempt(TypedDict):
    """An earlier attempt of a child and how it ended; times in ms since the epoch."""

    attempt: int
    worker: str | None
    started_at: int | None
    finalized_at: int | None
    state: State
    error: str | None


class Revoke(TypedDict):
    """That somebody asked to stop; the time in ms since the epoch."""

    requested_at: int
    by: str
    reason: str | None


class Node(TypedDict):
    """One task of a run's tree, the root excepted."""

    path: str
    parent: str
    task_id: str
    name: str
    label: str
    kind: NodeKind
    state: State
    meta: Meta
    attempt: int
    attempts: list[Attempt]
    worker: str | None
    queue: str | None
    waiting: str | None
    children: int
    args: list[JsonValue] | None
    kwargs: dict[str, JsonValue] | None
    queued_at: int | None
    started_at: int | None
    finalized_at: int | None
    value: JsonValue
    traceback: str | None
    omitted: list[str]
    revoke: NotRequired[Revoke | None]
    """Only of a node that somebody asked to stop, with what is under it."""


class Run(TypedDict):
    """A whole run, without its nodes."""

    id: str
    name: str
    label: str | None
    tags: list[str]
    kwargs: dict[str, JsonValue] | None
    state: State
    meta: Meta
    steps: list[str] | None
    epoch: str
    seq: int
    created_at: int
    started_at: int | None
    finalized_at: int | None
    value: JsonValue
    traceback: str | None
    omitted: list[str]
    revoke: Revoke | None
    counts: dict[str, int]
    rerun_of: str | None
    retried_at: NotRequired[int]
    """When its present try began, in ms; only of a run that was retried."""


class RunDescription(TypedDict, total=False):
    """What people call a run; both may be changed at any time."""

    label: str | None
    tags: list[str]


class Snapshot(TypedDict):
    """A run as of `seq`; `complete` is false if children were left out for their number."""

    epoch: str
    seq: int
    run: Run
    nodes: list[Node]
    complete: bool


class Event(TypedDict, total=False):
    """One numbered change: the whole new record of the run or of one node."""

    seq: int
    at: int
    run: Run
    node: Node


Batch = TypedDict(
    "Batch",
    {"run_id": str, "epoch": str, "from": int, "to": int, "events": list[Event]},
)
"""Events of one run, covering `from` < seq <= `to`; superseded ones may be left out."""


class ParentLimits(TypedDict):
    """How many runs of a parent go on at once; `unique` are arguments with their defaults."""

    max_running: int | None
    unique: dict[str, JsonValue]
    when_full: str


class Parent(TypedDict):
    """What the catalogue says of a parent: `schema` is a JSON Schema of its keywords."""

    name: str
    doc: str
    schema: dict[str, JsonValue]
    steps: list[str] | None
    limits: NotRequired[ParentLimits | None]


class RecentEnd(TypedDict):
    """How a run of a parent ended, and how it came there; times and durations in ms.

    `marks` are how long it had gone on when its progress first reached 10, 20, … 90 %, as far as
    it came. A run that was retried has no `duration` and no marks: what it kept took no time.
    """

    run_id: str
    state: State
    ended_at: int
    duration: int | None
    marks: list[int]


class ListedParent(Parent):
    """A parent with how its latest runs ended, newest first."""

    recent: list[RecentEnd]
