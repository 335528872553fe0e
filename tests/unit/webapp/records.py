"""Records for tests of pure parts, with what matters to them and defaults for the rest."""

from __future__ import annotations

from typing import cast

from inception.runs.model import Batch, Event, Node, Run, Snapshot, State


def run_record(
    run_id: str = "r", *, seq: int = 1, state: State = State.PROGRESS, **more: object
) -> Run:
    record = {
        "id": run_id,
        "name": "tasks.examples.counting.count_twice",
        "label": None,
        "tags": [],
        "state": state,
        "epoch": "e1",
        "seq": seq,
        "created_at": 1_000,
        "started_at": None,
        "finalized_at": None,
        **more,
    }
    return cast(Run, record)


def node_event(seq: int, path: str, message: str = "") -> Event:
    return cast(Event, {"seq": seq, "at": seq, "node": {"path": path, "message": message}})


def run_event(seq: int) -> Event:
    return cast(Event, {"seq": seq, "at": seq, "run": run_record(seq=seq)})


def batch(start: int, end: int, *events: Event, epoch: str = "e1", run_id: str = "r") -> Batch:
    """A batch that covers start < seq <= end; by default with one event of the run for each."""
    covered = list(events) or [run_event(seq) for seq in range(start + 1, end + 1)]
    return Batch({"run_id": run_id, "epoch": epoch, "from": start, "to": end, "events": covered})


def snapshot(seq: int, *, epoch: str = "e1") -> Snapshot:
    nodes: list[Node] = []
    return Snapshot(epoch=epoch, seq=seq, run=run_record(seq=seq), nodes=nodes, complete=True)
