"""A run in the hands of this process: what is known of it between two round trips.

`LiveRun.lock` guards everything here; it is held for moments only, never over a round trip.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from inception.authoring.outcome import Outcome
from inception.runs.errors import RunNotFound, StaleToken
from inception.runs.keys import retries
from inception.runs.meta import empty_meta
from inception.runs.model import ROOT, Attempt, JsonValue, Meta, NodeKind, State
from inception.runs.paths import lineage
from inception.runs.records import Written
from inception.runs.recordtext import raw
from inception.watching.rollup import RollUp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inception.authoring.frame import StepRequest, WatchOptions
    from inception.runs.concealment import Hidden
    from inception.runs.model import Node, Run
    from inception.runs.records import ClaimRecord, Lease
    from inception.watching.lane import Lane
    from inception.watching.timers import Timer

NULL: Final = "null"

MOST_EARLY: Final = 1_000
"""Words of one child that are kept until it is recorded and heard: it says 20 a second."""

Landed = TypeVar("Landed", bound=Written)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnd:
    """How a node ends; `value_text` is raw JSON."""

    state: State
    meta: Meta
    value_text: str = NULL
    traceback: str | None = None

    def fields(self) -> dict[str, str]:
        """The end as a patch of the node's or run's record."""
        return {
            "state": raw(self.state),
            "meta": raw(self.meta),
            "value": self.value_text,
            "traceback": raw(self.traceback),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class LiveNode:
    """One node of a held run; the root is one too, at path "".

    `end` is decided at once, `recorded` says that Redis has it: a parent is told only then.
    """

    path: str
    name: str
    kind: NodeKind
    task_id: str
    queue: str | None = None
    attempt: int = 1
    settled: int = 0
    """The last attempt whose end was acted upon; it is told of in several ways."""
    state: State = State.PENDING
    meta: Meta = field(default_factory=empty_meta)
    shown: Meta = field(default_factory=empty_meta)
    """What it said before its end was decided."""
    queued_at: int | None = None
    claim: ClaimRecord | None = None
    request: StepRequest | None = None
    options: WatchOptions | None = None
    retries: int = 0
    """How many attempts may follow a failure, as it is recorded."""
    retries_left: int = 0
    backing_off: bool = False
    """Its next attempt waits for its time, and is sent then."""
    waiting: str | None = None
    end: NodeEnd | None = None
    recorded: bool = False
    result_expires: bool = False
    """Its Celery result was stored with its end, for a while: nobody has to delete it."""
    heard: float = field(default_factory=time.monotonic)
    words: int = 0
    """How often it was heard to say something: what was read before that is older."""
    sent_at: float = 0.0
    missed_beats: int = 0
    unsent: dict[str, str] = field(default_factory=dict)
    conflation: Timer | None = None
    deadlines: list[Timer] = field(default_factory=list)
    resend: Timer | None = None
    waiters: list[Callable[[LiveNode], None]] = field(default_factory=list)
    early: list[Callable[[], None]] = field(default_factory=list)
    """What was said of it before this process knew that it is recorded, and heard."""

    @classmethod
    def from_record(cls, node: Node, retries: int = 0) -> LiveNode:
        """A node as it was recorded by whoever held the run before."""
        failures = sum(earlier["state"] == State.FAILURE for earlier in node["attempts"])
        live = cls(
            path=node["path"],
            name=node["name"],
            kind=node["kind"],
            task_id=node["task_id"],
            queue=node["queue"],
            attempt=node["attempt"],
            state=State(node["state"]),
            meta=node["meta"],
            queued_at=node["queued_at"],
            retries=retries,
            retries_left=max(0, retries - failures),
            waiting=node["waiting"],
        )
        if live.state.is_final:
            live.end = NodeEnd(
                state=live.state,
                meta=node["meta"],
                value_text=raw(node["value"]),
                traceback=node["traceback"],
            )
            live.recorded = True
        return live

    @property
    def ended(self) -> bool:
        """True once its end is decided, recorded or not."""
        return self.end is not None

    @property
    def awaits_claim(self) -> bool:
        """True while its message is under way: nobody has it, or Celery's own retry follows."""
        return self.claim is None or self.claim.retry_at is not None

    @property
    def may_be_lost(self) -> bool:
        """True for a child that was sent and is in nobody's hands, as far as is known."""
        is_sent = self.request is not None and not self.backing_off
        return is_sent and self.kind == "child" and self.awaits_claim and not self.ended

    def outcome(self) -> Outcome:
        """What its parent gets; only for a node whose end is recorded."""
        if self.end is None:
            raise ValueError(f"Node {self.path} has not ended.")
        value: JsonValue = json.loads(self.end.value_text)
        return Outcome(
            state=self.end.state,
            meta=self.end.meta,
            returned=value,
            traceback=self.end.traceback,
            task_id=self.task_id,
            path=self.path,
        )

    def as_earlier(self, state: State, error: str | None) -> Attempt:
        """The present attempt as one that ended so, for the list of its attempts."""
        claim = self.claim
        return Attempt(
            attempt=self.attempt,
            worker=claim.worker if claim else None,
            started_at=claim.at if claim else None,
            finalized_at=None,
            state=state,
            error=error,
        )

    def begin_again(self, anew: LiveNode, attempt: int, queued_at: int) -> None:
        """Become what `anew` is, as this attempt, which is to be started; `queued_at` in ms."""
        self.name, self.kind, self.queue = anew.name, anew.kind, anew.queue
        self.request, self.retries, self.retries_left = anew.request, anew.retries, anew.retries
        self.attempt, self.task_id, self.state = attempt, anew.task_id, State.PENDING
        self.queued_at = queued_at
        self.meta, self.end, self.recorded = empty_meta(), None, False
        self.claim, self.options, self.waiting, self.missed_beats = None, None, None, 0
        self.heard = time.monotonic()
        self.unsent.clear()

    def cancel_timers(self) -> None:
        """Drop its deadlines and its sending again."""
        for timer in (*self.deadlines, self.conflation, self.resend):
            if timer is not None:
                timer.cancel()
        self.deadlines.clear()
        self.conflation = self.resend = None


class ParentFrame(Protocol):
    """The frame of a parent that runs, as far as others wake it."""

    node: LiveNode

    @property
    def path(self) -> str:
        """The parent's address."""

    def revoke(self) -> None:
        """Wake the parent: it must not go on."""

    def expire(self, error: str) -> None:
        """A deadline of the parent has passed."""


class Parting(StrEnum):
    """Why a process lets go of a run that has not ended."""

    TAKEN = "taken"
    """It belongs to another owner by now."""
    GONE = "gone"
    """Redis was emptied, or lost it."""
    LOST = "lost"
    """Redis has lost part of it; the next beat takes it up again, from what is left."""
    BROKEN = "broken"
    """It can't be written here; the next beat takes it up again."""


@dataclass(slots=True, kw_only=True, eq=False)
class Cargo:
    """What a write takes along: patches of nodes and of the run.

    `carriers` are the nodes (the root too) whose patches these are, `ended` those of them whose
    ends are recorded by it.
    """

    carriers: Sequence[LiveNode]
    ended: Sequence[LiveNode]
    nodes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    run: Mapping[str, str] | None = None


class RunWriter(Protocol):
    """What carries a run's changes to the store."""

    def post(
        self,
        node: LiveNode,
        fields: Mapping[str, str],
        *,
        urgent: bool = False,
        company: float = 0.0,
    ) -> None:
        """Let `fields` of `node` be written."""

    def carry(
        self, write: Callable[[Lease, int, Cargo], Landed], *, run_too: bool = True
    ) -> Landed:
        """Do a write of the caller's own, which takes along what has gathered."""

    def roll_up(self, node: LiveNode, completion: float, *, succeeded: bool = False) -> None:
        """Let the parents above `node` show how far they are."""


class LiveRun:
    """A held run: its nodes, intents, frames, and how far it is."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self.id = run["id"]
        self.name = run["name"]
        self.kwargs = run["kwargs"] or {}
        self.hidden: Hidden = {}
        """The secrets that `kwargs` has masks for."""
        self.lane = lane
        self.lock = threading.RLock()
        self.journal: dict[str, str] = {}
        self.intents: set[str] = {ROOT} if run["revoke"] else set()
        self.frames: dict[str, ParentFrame] = {}
        self.nodes: dict[str, LiveNode] = {ROOT: _root(run)}
        self.arriving: dict[str, LiveNode] = {}
        """Nodes that are being recorded, until they are heard too; what is said of them waits."""
        self.rollup = RollUp(len(run["steps"] or ()))
        self.writer: RunWriter
        self.break_off: Callable[[], None] = lambda: None
        """Let go of the run, which can't be carried on as it is held here."""
        self.showing: Timer | None = None
        """When its Celery result shows what was written since it was last stored."""

    @property
    def root(self) -> LiveNode:
        """The run itself as a node."""
        return self.nodes[ROOT]

    @property
    def dropped(self) -> bool:
        """True once this process may write nothing of it any more."""
        return self.lane.closed

    def guarded(self, job: Callable[[], None]) -> Callable[[], None]:
        """`job`, whose failure doesn't leave the run to wait for what it was to do.

        The run is let go then, and taken up again from its record with the next beat; one that
        can't be carried on at all ends that way, after as many rescues as are allowed.
        """

        def run() -> None:
            try:
                job()
            except (StaleToken, RunNotFound):
                raise
            except Exception:
                self.break_off()
                raise

        return run

    def add(self, node: LiveNode, expected: int = 0) -> None:
        """Take a node in; `expected` announces its children if it is a parent."""
        self.nodes[node.path] = node
        self.rollup.add(node.path, expected)

    def is_early(self, path: str, hear: Callable[[], None]) -> bool:
        """True if what `hear` takes came too early, and is kept until the node at `path` is there.

        A run of which more is kept than MOST_EARLY is let go, to be taken up from its record.
        """
        with self.lock:
            node = self.arriving.get(path)
            if node is None:
                return False
            if len(node.early) >= MOST_EARLY:
                self.break_off()
            else:
                node.early.append(hear)
            return True

    def granted(self, path: str) -> int:
        """How many further attempts the journal grants the step at `path`."""
        return int(self.journal.get(retries(path), 0))

    def is_held_by(self, holder: tuple[str, str] | None) -> bool:
        """True if `holder`, an owner and its token, is this process with this run's own."""
        return holder == (self.lane.lease.owner, self.lane.lease.token)

    def under(self, *paths: str) -> Iterator[LiveNode]:
        """The nodes at or below any of `paths` without a decided end, the root excepted."""
        tops = set(paths)
        return (
            node
            for node in list(self.nodes.values())
            if node.path != ROOT and not node.ended and not tops.isdisjoint(lineage(node.path))
        )

    def forget_below(self, path: str) -> None:
        """Drop what is known below `path`; the nodes there have ended."""
        for below in [other for other in self.nodes if other.startswith(path + ".")]:
            del self.nodes[below]
        for step in [s for s in self.journal if s.startswith((path + ".", path + "#"))]:
            del self.journal[step]
        self.rollup.forget_below(path)

    def is_revoked(self, path: str) -> bool:
        """True if somebody asked to stop this node or one above it."""
        return bool(self.intents) and any(step in self.intents for step in lineage(path))


def _root(run: Run) -> LiveNode:
    return LiveNode(
        path=ROOT,
        name=run["name"],
        kind="parent",
        task_id=run["id"],
        state=run["state"],
        meta=run["meta"],
        queued_at=run["created_at"],
    )
