"""The rooms of those who begin with a run's first nodes and read the others as they need them."""

from __future__ import annotations

from inception.runs.model import Snapshot
from webapp.relay.run_rooms import RunRooms


class RunBeginnings(RunRooms):
    """As `RunRooms`, but a snapshot of many nodes holds only the first; changes are told of all."""

    def _snapshot(self, run_id: str) -> Snapshot:
        return self._store.first_nodes(run_id)
