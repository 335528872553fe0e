"""What goes into the store and comes out of it, besides the protocol's own records.

All are frozen values. Times are in ms since the Unix epoch by the Redis server's clock, unless a
name says otherwise. Texts named `…_text` are raw JSON, which the store never decodes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from inception.runs.limits import Limits
from inception.runs.model import JsonValue, Meta, Node, NodeKind, Revoke, Run, State

Fields: TypeAlias = Mapping[str, str]
"""A patch of a record: field → its new value as JSON text. What isn't named stays."""

BeatKind: TypeAlias = Literal["watcher", "compute", "web"]
LogSource: TypeAlias = Literal["stdout", "stderr", "log"]
RunningClaim: TypeAlias = tuple[str, str, int]
"""What a process works on: run id, path, attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to be recorded; `audit_by` is who asked for it, where that is known.

    `kwargs` are without their secrets, which are in `sealed`.
    """

    id: str
    name: str
    kwargs: Mapping[str, JsonValue]
    label: str | None = None
    tags: Sequence[str] = ()
    steps: Sequence[str] | None = None
    rerun_of: str | None = None
    idempotency_key: str | None = None
    audit_by: str | None = None
    sealed: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A recorded run; `existing` if its idempotency key (or its id) had recorded it before.

    `waits` if its parent's places are all taken: it is let in when one is left.
    """

    run: Run
    existing: bool
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWord:
    """A state of a task as Celery's Redis backend stores and publishes it, for a script to do so.

    `seconds` (s) is how long it is kept; with 0 until it is deleted.
    """

    key: str
    text: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a compute worker says before it runs a body: this attempt is mine.

    Sending the same object again is the same claim (its `nonce` says so), not a second one.
    `word` is said on Celery's result channel in the same step.
    """

    run_id: str
    path: str
    attempt: int
    retries: int
    task_id: str
    worker: str
    pid: int
    word: ResultWord | None = None
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))


class ClaimAnswer(StrEnum):
    """What came of a claim; for anything but OK the body must not run."""

    OK = "ok"
    ENDED = "ended"
    """The node, or this attempt, has its end."""
    REVOKED = "revoked"
    """A revoke is asked for on the node's path or above."""
    SUPERSEDED = "superseded"
    """A later attempt of this node exists."""
    CLAIMED = "claimed"
    """Another delivery of this attempt has it."""
    GONE = "gone"
    """There is no such run or node (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEnd:
    """How an attempt ended: SUCCESS, FAILURE, REVOKED, or LOST for a process that died of it.

    `word` is said on Celery's result channel in the same step, if this is the attempt's end.
    """

    run_id: str
    path: str
    attempt: int
    retries: int
    state: State
    meta: Meta
    value_text: str | None = None
    traceback: str | None = None
    error_type: str | None = None
    word: ResultWord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord:
    """Who holds an attempt; `retries` is Celery's own count within it.

    With `retry_at` nobody works on it: Celery's own retry is to follow at that time.
    """

    attempt: int
    retries: int
    task_id: str
    worker: str
    pid: int
    at: int
    retry_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecord:
    """The recorded end of an attempt."""

    attempt: int
    retries: int
    state: State
    meta: Meta
    value_text: str | None
    traceback: str | None
    error_type: str | None
    at: int


@dataclass(slots=True)
class Acknowledged:
    """The last operation of a lease that Redis said it has recorded; 0 before the first."""

    op: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A run in the hands of one process: `owner` its name, `token` the word it drew."""

    run_id: str
    owner: str
    token: str
    acknowledged: Acknowledged = field(default_factory=Acknowledged, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as the broker keeps it, and the key of the list that it goes into."""

    queue: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A child to be recorded; `digest` is that of its arguments, `meta` what it starts with.

    `retries` is how many further attempts may follow a failure, whoever holds the run then.
    """

    path: str
    parent: str
    name: str
    label: str
    kind: NodeKind
    task_id: str
    queue: str | None
    args_text: str
    kwargs_text: str
    digest: str
    retries: int = 0
    meta: Meta | None = None
    letters: Sequence[Letter] = ()
    """Its messages, to be pushed as it is recorded; none where its child is sent afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a write came to; `refused` are the nodes that were final and stayed as they are.

    `revoked` are parents that were asked to stop before their end was written: they stayed as
    they are too, and only a REVOKED end is taken of them.
    """

    seq: int
    epoch: str
    refused: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedUnclaimed:
    """What was ended; `skipped` are the nodes that a worker has claimed in the meantime."""

    seq: int
    epoch: str
    refused: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Which steps were ended at once, and which have been asked to stop, now or before."""

    seq: int
    epoch: str
    asked: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Written):
    """The run's end as it was recorded, or up to 20 paths of nodes that must end first.

    With `waiting_for` only nodes were written and `state` is the run's present one; likewise with
    `must_revoke`, since the run was asked to stop before: only a REVOKED end is taken of it.
    """

    state: State
    waiting_for: tuple[str, ...] = ()
    must_revoke: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """Everything recorded of one run, read in one step; large fields are filled in."""

    run: Run
    epoch: str
    seq: int
    nodes: list[Node]
    journal: dict[str, str]
    claims: dict[str, ClaimRecord]
    ends: dict[str, EndRecord]
    intents: dict[str, Revoke]
    owner: str
    token: str
    op: int
    """The last operation of that owner."""
    rescues: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """A run that this process owns now; `rescues` counts those in a row without a step.

    `first` says that nobody has held it before, so that there is nothing to take up. It is False
    too when the answer to the first claim was lost and this is the second.
    """

    run: Run
    rescues: int
    first: bool = False
    sealed: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a process says of itself every TTL/5, at least every 5 s; `counter` moves each time.

    `name` is Celery's node name, `running` is bounded by the caller to what its pool works on.
    `space` tells which pids are of the same kind as `pid`; a compute worker's is nobody's business.
    """

    process: str
    kind: BeatKind
    host: str
    pid: int
    name: str
    slots: int
    queues: Sequence[str]
    running: Sequence[RunningClaim]
    stopping: bool
    counter: int
    space: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatRecord(Beat):
    """A process's last beat, and when Redis heard it."""

    queues: tuple[str, ...]
    running: tuple[RunningClaim, ...]
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatAnswer:
    """What Redis answers to a beat.

    `owned` is how many runs Redis names as this process's. `intents` (at most 1,000) are the
    revokes asked for that it has not served: (run id, path) of the intent for a watcher, of the
    running claim for a compute worker. `orphans` are its claims whose run or node there is no more:
    Redis was emptied, or lost what it was told last. `ended` are its claims whose node has ended,
    or goes on by another attempt: that is so for a moment after each end, and stays so if Redis has
    lost the claim, or this process was silent for so long that it was taken for dead.
    """

    now_ms: int
    beats: dict[str, BeatRecord]
    owned: int
    intents: list[tuple[str, str]]
    orphans: list[tuple[str, str]]
    ended: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One record of what an attempt printed or logged; `at_ms` None takes Redis' clock.

    `number` is its place among all that its writer says, 0 where nothing is said again.
    """

    text: str
    stream: LogSource
    level: str | None = None
    at_ms: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Lines of one attempt; `next` continues after them, `dropped` lines are no longer kept."""

    lines: list[LogLine]
    next: str | None
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows; what is empty doesn't filter.

    `states`, `names` and `tags` match any of theirs. `q` is looked for, whatever its case, in id,
    name, label and tags. `since` and `until` bound `created_at` in ms, both included.
    """

    states: frozenset[State] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)
    tags: frozenset[str] = field(default_factory=frozenset)
    label: str | None = None
    q: str | None = None
    since: int | None = None
    until: int | None = None
