"""The records of the protocol, as JSON has them. Times: ms since the epoch, by Redis' clock."""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypeAlias, TypedDict

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
State: TypeAlias = Literal[
    "PENDING",
    "STARTED",
    "PROGRESS",
    "RETRY",
    "REVOKING",
    "SUCCESS",
    "FAILURE",
    "REVOKED",
    "LOST",
]
FINAL_STATES: Final = frozenset({"SUCCESS", "FAILURE", "REVOKED", "LOST"})


class Meta(TypedDict):
    """What a task says of itself; `completion` is a percentage from 0 to 100."""

    iteration: int
    total: int | None
    completion: float
    status: str
    message: str
    error: str | None


class AttemptRecord(TypedDict):
    """An earlier attempt of a child, and how it ended."""

    attempt: int
    worker: str | None
    started_at: int | None
    finalized_at: int | None
    state: State
    error: str | None


class NodeRecord(TypedDict):
    """One task of a run's tree, the root excepted. What is in `omitted` was too large to send."""

    path: str
    parent: str
    task_id: str
    name: str
    label: str
    kind: Literal["child", "parent"]
    state: State
    meta: Meta
    attempt: int
    attempts: list[AttemptRecord]
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


class RevokeRecord(TypedDict):
    """That somebody asked to stop."""

    requested_at: int
    by: str
    reason: str | None


class RunRecord(TypedDict):
    """A run without its nodes. What is in `omitted` was too large to send."""

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
    revoke: RevokeRecord | None
    counts: dict[str, int]
    rerun_of: str | None
    retried_at: NotRequired[int]
    """When its present try began; only of a run that was retried."""


class SnapshotRecord(TypedDict):
    """A whole run as of `seq`; `complete` is false if nodes were left out for their number."""

    epoch: str
    seq: int
    run: RunRecord
    nodes: list[NodeRecord]
    complete: bool


class EventRecord(TypedDict):
    """One numbered change: the whole new record of the run, or of one node."""

    seq: int
    at: int
    run: NotRequired[RunRecord]
    node: NotRequired[NodeRecord]


BatchRecord = TypedDict(
    "BatchRecord",
    {"run_id": str, "epoch": str, "from": int, "to": int, "events": list[EventRecord]},
)
"""Events of one run, covering `from` < seq <= `to`; superseded ones may be left out."""


class ProblemRecord(TypedDict):
    """What is wrong, in every refusal."""

    code: str
    message: str
    fields: NotRequired[list[dict[str, str]]]


class WatchAnswer(TypedDict, total=False):
    """What `watch` is acknowledged with: one of the three."""

    snapshot: SnapshotRecord
    batch: BatchRecord
    error: ProblemRecord


class ParentRecord(TypedDict):
    """A parent that can be started; `schema` is a JSON Schema of its keywords."""

    name: str
    doc: str
    schema: dict[str, JsonValue]
    steps: list[str] | None
