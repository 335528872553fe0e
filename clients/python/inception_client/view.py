"""One run as far as it is known: its newest records and their position. Pure.

A change carries a whole record, so applying one is putting it in the place of the one before. What
comes as a snapshot is compared with what is known, and only what differs is an event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from inception_client.records import (
    FINAL_STATES,
    BatchRecord,
    EventRecord,
    Meta,
    NodeRecord,
    RunRecord,
    SnapshotRecord,
    State,
)

ROOT: Final = ""
"""The path of the run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of a run: the whole new record of what moved.

    `path` is "" for the run itself, "0.2" for the third child of the first. `seq` numbers changes
    within an `epoch`; events read from a snapshot share its number. `at` is when it happened, in ms
    since the epoch by Redis' clock, None where a snapshot doesn't say.
    """

    epoch: str
    seq: int
    at: int | None
    path: str
    record: RunRecord | NodeRecord

    @property
    def state(self) -> State:
        """Where the run or node is now."""
        return self.record["state"]

    @property
    def meta(self) -> Meta:
        """What it says of itself."""
        return self.record["meta"]

    @property
    def is_run(self) -> bool:
        """True if the run itself moved, not one of its nodes."""
        return self.path == ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a run is known, without a hole."""

    epoch: str
    seq: int


class RunView:
    """The newest records of one run, `nodes` by path, known up to `position`."""

    def __init__(self, run: RunRecord | None = None) -> None:
        self.position: Position | None = None
        self.run = run
        self.nodes: dict[str, NodeRecord] = {}

    @property
    def has_ended(self) -> bool:
        """True once the run has its final state."""
        return self.run is not None and self.run["state"] in FINAL_STATES

    def is_ahead_of(self, snapshot: SnapshotRecord) -> bool:
        """True if the snapshot would lead back."""
        known = self.position
        if known is None or known.epoch != snapshot["epoch"]:
            return False
        return known.seq > snapshot["seq"]

    def joins(self, batch: BatchRecord) -> bool:
        """True if nothing is missing between what is known and the batch."""
        known = self.position
        return known is not None and known.epoch == batch["epoch"] and batch["from"] <= known.seq

    def offer(self, run: RunRecord) -> None:
        """Take the record that a call answered with, unless a change was faster."""
        known = self.run
        if known is None or known["epoch"] != run["epoch"] or known["seq"] <= run["seq"]:
            self.run = run

    def reset(self, snapshot: SnapshotRecord) -> list[Event]:
        """Take a snapshot instead of all that was known; return what differs, the run last."""
        known, first = self.nodes, self.position is None
        position = Position(epoch=snapshot["epoch"], seq=snapshot["seq"])
        self.nodes = {node["path"]: node for node in snapshot["nodes"]}
        moved: list[tuple[str, RunRecord | NodeRecord]] = [
            (path, node) for path, node in self.nodes.items() if node != known.get(path)
        ]
        if first or not _same_run(self.run, snapshot["run"]):
            moved.append((ROOT, snapshot["run"]))
        self.run, self.position = snapshot["run"], position
        return [_event(position, path, record) for path, record in moved]

    def apply(self, batch: BatchRecord) -> list[Event]:
        """Take a batch that joins; return what is new in it, in order. One twice is nothing."""
        if self.position is None or batch["to"] <= self.position.seq:
            return []
        news = [each for each in batch["events"] if each["seq"] > self.position.seq]
        self.position = Position(epoch=batch["epoch"], seq=batch["to"])
        return list(self._put(news))

    def _put(self, news: Iterable[EventRecord]) -> Iterable[Event]:
        for each in news:
            record: RunRecord | NodeRecord
            if "node" in each:
                path, record = each["node"]["path"], each["node"]
                self.nodes[path] = record
            else:
                path, record = ROOT, each["run"]
                self.run = record
            position = Position(epoch=self._epoch, seq=each["seq"])
            yield _event(position, path, record, each["at"])

    @property
    def _epoch(self) -> str:
        return "" if self.position is None else self.position.epoch


def _same_run(known: RunRecord | None, found: RunRecord) -> bool:
    """Equal but for the numbers that say as of when it was read."""
    as_of = {"epoch": "", "seq": 0}
    return known is not None and {**known, **as_of} == {**found, **as_of}


def _event(
    position: Position, path: str, record: RunRecord | NodeRecord, at: int | None = None
) -> Event:
    return Event(epoch=position.epoch, seq=position.seq, at=at, path=path, record=record)
