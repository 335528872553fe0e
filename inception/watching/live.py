"""A run in the hands of this process: what is known of it between two round trips.

`LiveRun.lock` guards everything here; it is held for moments only, never over a round trip.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from inception.runs.errors import RunNotFound, StaleToken
from inception.runs.keys import retries
from inception.runs.model import ROOT
from inception.runs.paths import lineage
from inception.runs.records import Written
from inception.watching.live_node import LiveNode
from inception.watching.rollup import RollUp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inception.runs.concealment import Hidden
    from inception.runs.model import Run
    from inception.runs.records import Lease
    from inception.watching.lane import Lane
    from inception.watching.timers import Timer

MOST_EARLY: Final = 1_000
"""Words of one child that are kept until it is recorded and heard: it says 20 a second."""

Landed = TypeVar("Landed", bound=Written)


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
        self.resync_waits = False
        """It is to be read anew, and nobody has begun to."""
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
