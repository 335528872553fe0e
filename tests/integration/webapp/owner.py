"""Plays the watcher that owns a run: claims it, spawns children, writes their progress."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Mapping

from inception.runs.meta import read_meta
from inception.runs.model import NodeKind, State
from inception.runs.records import Lease, NewRun, NewStep
from inception.runs.store import Store

NAME = "tasks.examples.counting.count_twice"


def as_text(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: json.dumps(value) for name, value in fields.items()}


class HeldRun:
    """One run in our hands; every write has the next operation number."""

    def __init__(self, store: Store, lease: Lease) -> None:
        self.id = lease.run_id
        self._store = store
        self._lease = lease
        self._operations = itertools.count(1)
        self._spawned: list[str] = []

    def spawn(self, *paths: str, kind: NodeKind = "child") -> int:
        self._spawned += paths
        steps = [
            NewStep(
                path=path,
                parent=path.rpartition(".")[0],
                name="tasks.examples.counting.count",
                label="count",
                kind=kind,
                task_id=str(uuid.uuid4()),
                queue="children",
                args_text="[]",
                kwargs_text="{}",
                digest="0" * 16,
            )
            for path in paths
        ]
        return self._store.spawn(self._lease, next(self._operations), steps, None).seq

    def progress(self, path: str, iteration: int, message: str = "") -> int:
        """A child has moved; returns the run's seq."""
        said = {"iteration": iteration, "total": 100, "message": message}
        fields = as_text({"state": State.PROGRESS, "meta": read_meta(said)})
        return self._store.write(self._lease, next(self._operations), {path: fields}, None).seq

    def say(self, messages: Mapping[str, str]) -> int:
        """Many children have moved at once, each with its message; returns the run's seq."""
        fields = {
            path: as_text({"state": State.PROGRESS, "meta": read_meta({"message": message})})
            for path, message in messages.items()
        }
        return self._store.write(self._lease, next(self._operations), fields, None).seq

    def write(self, path: str, **fields: object) -> int:
        operation = next(self._operations)
        return self._store.write(self._lease, operation, {path: as_text(fields)}, None).seq

    def roll_up(self, **fields: object) -> int:
        """Write to the run itself; returns its seq."""
        return self._store.write(self._lease, next(self._operations), {}, as_text(fields)).seq

    def fail_by(self, path: str, error: str) -> None:
        """End all that was spawned, that one as a failure, and the run with it."""
        ends = {each: as_text({"state": State.SUCCESS}) for each in self._spawned}
        ends[path] = as_text({"state": State.FAILURE, "meta": read_meta({"error": error})})
        paths = list(ends)
        for first in range(0, len(paths), 500):
            patches = {each: ends[each] for each in paths[first : first + 500]}
            self._store.write(self._lease, next(self._operations), patches, None)
        self.end(State.FAILURE)

    def end(self, state: State = State.SUCCESS, **fields: object) -> int:
        return self._store.end_run(self._lease, next(self._operations), state, as_text(fields)).seq


class Owner:
    """A watcher process by the name of `owner`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(
        self, *, name: str = NAME, label: str | None = None, tags: tuple[str, ...] = ()
    ) -> str:
        """Record a run that nobody has begun."""
        new = NewRun(id=str(uuid.uuid4()), name=name, kwargs={"limit": 3}, label=label, tags=tags)
        return self.store.create_run(new).run["id"]

    def begin(self, run_id: str | None = None) -> HeldRun:
        """Claim a run, a new one unless named."""
        lease = Lease(run_id=run_id or self.create(), owner="owner", token=uuid.uuid4().hex)
        claimed = self.store.claim_run(lease.run_id, owner=lease.owner, token=lease.token)
        assert claimed is not None
        return HeldRun(self.store, lease)

    def cut_listeners(self) -> None:
        """Cut every pub/sub connection of the server, as a network does."""
        self.store._client.client_kill_filter(_type="pubsub")
