"""The rooms of those who watch a run without its nodes: a bar on somebody's page wants no more."""

from __future__ import annotations

from inception.runs.model import Batch, Snapshot
from webapp.relay.run_rooms import RunRooms


class RunOutlines(RunRooms):
    """As `RunRooms`, but what is sent holds the run's record alone, whatever it weighs."""

    def _snapshot(self, run_id: str) -> Snapshot:
        run = self._store.read_run(run_id)
        return Snapshot(epoch=run["epoch"], seq=run["seq"], run=run, nodes=[], complete=False)

    def _shown(self, batch: Batch) -> Batch:
        """What the batch says of the run; it covers the same numbers."""
        events = [event for event in batch["events"] if "run" in event]
        return Batch({**batch, "events": events})
