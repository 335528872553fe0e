"""A run in the hands of an owner, as the tests of the store drive it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from inception.runs import keys
from inception.runs.meta import empty_meta
from inception.runs.model import State
from inception.runs.paths import parent_path
from inception.runs.records import Claim, ClaimEnd, Lease, NewRun, NewStep, ResultWord
from inception.runs.recordtext import patch
from inception.runs.store import Store

RedisClient: TypeAlias = Any
"""redis-py's answers are typed for its blocking and its awaiting client at once."""

OWNER = "host:watcher:1"
RUN = "run-1"


def lose_nothing(client: RedisClient) -> None:
    """Let Redis answer only when its file has the write.

    With `everysec` a write that comes while the last second is being synced waits in the server's
    memory for up to 2 s, so that even SIGKILL loses it.
    """
    client.config_set("appendfsync", "always")


def kept_of(client: RedisClient, run_id: str) -> dict[str, Any]:
    """All that Redis has of a run at this moment."""
    kept = {name: client.hgetall(name) for name in keys.of_run(run_id)[:5]}
    return {name: fields for name, fields in kept.items() if fields}


def lose_what_is_not(client: RedisClient, run_id: str, kept: dict[str, Any]) -> None:
    """Make Redis have what it had then, as if it had come back without its last writes."""
    client.delete(*keys.of_run(run_id)[:6])
    for name, fields in kept.items():
        client.hset(name, mapping=fields)


def hold(store: Store, run_id: str = RUN, owner: str = OWNER, token: str = "token-1") -> HeldRun:
    store.create_run(NewRun(id=run_id, name="tasks.outer", kwargs={}))
    assert store.claim_run(run_id, owner=owner, token=token)
    return HeldRun(store, Lease(run_id=run_id, owner=owner, token=token))


def step(path: str, *, kind: str = "child", name: str = "tasks.inner", args: str = "[]") -> NewStep:
    return NewStep(
        path=path,
        parent=parent_path(path),
        name=name,
        label="Inner",
        kind="parent" if kind == "parent" else "child",
        task_id=f"task-{path}-1",
        queue=None,
        args_text=args,
        kwargs_text="{}",
        digest="digest",
    )


@dataclass
class HeldRun:
    """A run in the hands of an owner, who counts its operations."""

    store: Store
    lease: Lease
    ops: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def id(self) -> str:
        return self.lease.run_id

    def next_op(self) -> int:
        return next(self.ops)

    def spawn(self, *paths: str, kind: str = "child") -> None:
        self.store.spawn(self.lease, self.next_op(), [step(path, kind=kind) for path in paths])

    def write(self, path: str, **fields: object) -> tuple[str, ...]:
        written = self.store.write(self.lease, self.next_op(), {path: patch(**fields)}, None)
        return written.refused

    def end(self, path: str, state: State = State.SUCCESS) -> tuple[str, ...]:
        return self.write(path, state=state)

    def state_of(self, path: str) -> State:
        return self.store.read_node(self.id, path)["state"]

    def claim_of(
        self, path: str, attempt: int = 1, retries: int = 0, word: ResultWord | None = None
    ) -> Claim:
        return Claim(
            run_id=self.id,
            path=path,
            attempt=attempt,
            retries=retries,
            task_id=f"task-{path}-{attempt}",
            worker="host:compute:1",
            pid=4711,
            word=word,
        )

    def end_of(
        self,
        path: str,
        state: State = State.SUCCESS,
        *,
        attempt: int = 1,
        retries: int = 0,
        value_text: str | None = None,
        word: ResultWord | None = None,
    ) -> ClaimEnd:
        return ClaimEnd(
            run_id=self.id,
            path=path,
            attempt=attempt,
            retries=retries,
            state=state,
            meta=empty_meta("OK"),
            value_text=value_text,
            word=word,
        )
