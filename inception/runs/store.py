"""The store: every question to the record and every change of it, one typed method each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import redis

from inception.runs.model import Attempt, Batch, Node, Parent, Run, Snapshot, State
from inception.runs.records import (
    Beat,
    BeatAnswer,
    BeatRecord,
    Claim,
    ClaimAnswer,
    ClaimedRun,
    ClaimEnd,
    ClaimRecord,
    Created,
    Ended,
    EndedUnclaimed,
    EndRecord,
    Fields,
    Lease,
    LoadedRun,
    Log,
    LogLine,
    NewRun,
    NewStep,
    RunFilter,
    Spawned,
    Written,
)


class Store:
    """The record in Redis. Each method is one round trip unless it says otherwise.

    All raise StoreUnavailable when Redis can't be reached or refuses to write.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def ping(self) -> None: raise NotImplementedError
    def create_run(self, new: NewRun) -> Created: raise NotImplementedError
    def request_revoke(self, run_id: str, path: str, *, by: str, reason: str | None) -> Run: raise NotImplementedError
    def delete_run(self, run_id: str) -> None: raise NotImplementedError
    def retry_run(self, run_id: str, *, by: str) -> Run: raise NotImplementedError
    def run_exists(self, run_id: str) -> bool: raise NotImplementedError

    def claim(self, claim: Claim) -> ClaimAnswer: raise NotImplementedError
    def end_claim(self, end: ClaimEnd) -> bool: raise NotImplementedError
    def retry_claim(self, run_id: str, path: str, attempt: int, retries: int, *, error: str, eta_ms: int | None) -> bool: raise NotImplementedError
    def read_end(self, run_id: str, path: str) -> EndRecord | None: raise NotImplementedError
    def read_claims(self, run_id: str, paths: Sequence[str]) -> dict[str, ClaimRecord]: raise NotImplementedError
    def append_log(self, run_id: str, path: str, attempt: int, lines: Sequence[LogLine]) -> None: raise NotImplementedError
    def read_log(self, run_id: str, path: str, attempt: int, after: str | None) -> Log: raise NotImplementedError

    def claim_run(self, run_id: str, *, owner: str, token: str, from_owner: str = "", rescue: bool = False) -> ClaimedRun | None: raise NotImplementedError
    def load_run(self, run_id: str) -> LoadedRun: raise NotImplementedError
    def write(self, lease: Lease, op: int, nodes: Mapping[str, Fields], run: Fields | None) -> Written: raise NotImplementedError
    def spawn(self, lease: Lease, op: int, steps: Sequence[NewStep], run: Fields | None = None) -> Spawned: raise NotImplementedError
    def record_value(self, lease: Lease, op: int, key: str, text: str) -> str: raise NotImplementedError
    def end_unclaimed(self, lease: Lease, op: int, nodes: Mapping[str, Fields]) -> EndedUnclaimed: raise NotImplementedError
    def new_attempt(self, lease: Lease, op: int, path: str, *, task_id: str, lost: Attempt, max_losses: int) -> int | None: raise NotImplementedError
    def end_run(self, lease: Lease, op: int, state: State, run: Fields) -> Ended: raise NotImplementedError
    def give_back(self, owner: str, runs: Iterable[tuple[str, str]]) -> int: raise NotImplementedError
    def drop_owned(self, owner: str, run_id: str) -> None: raise NotImplementedError
    def unowned(self, *, older_than_ms: int, limit: int) -> list[str]: raise NotImplementedError
    def owned(self, process: str) -> set[str]: raise NotImplementedError

    def beat(self, beat: Beat) -> BeatAnswer: raise NotImplementedError
    def bury(self, process: str) -> None: raise NotImplementedError
    def read_beats(self) -> dict[str, BeatRecord]: raise NotImplementedError

    def read_run(self, run_id: str, *, whole: bool = False) -> Run: raise NotImplementedError
    def read_node(self, run_id: str, path: str) -> Node: raise NotImplementedError
    def read_nodes(self, run_id: str, under: str, cursor: str | None, limit: int) -> tuple[list[Node], str | None]: raise NotImplementedError
    def snapshot(self, run_id: str) -> Snapshot: raise NotImplementedError
    def events_since(self, run_id: str, epoch: str, since: int) -> Batch: raise NotImplementedError
    def list_runs(self, which: RunFilter, limit: int, cursor: str | None = None) -> tuple[list[Run], str | None]: raise NotImplementedError
    def count_runs(self, which: RunFilter) -> dict[str, int]: raise NotImplementedError
    def expired_runs(self, *, older_than_ms: int, keep: int, limit: int) -> list[str]: raise NotImplementedError

    def write_catalogue(self, parents: Sequence[Parent]) -> None: raise NotImplementedError
    def read_catalogue(self) -> list[Parent]: raise NotImplementedError
    def read_parent(self, name: str) -> Parent: raise NotImplementedError
