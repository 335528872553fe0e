"""How compute workers end, and what becomes of their children; and what Redis' absence costs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.model import State
from inception.runs.records import ClaimRecord
from tests.acceptance.computing import computing, name, pid_lives
from tests.acceptance.owner import Owner
from tests.acceptance.worker_process import WorkerProcess
from tests.private_redis import PrivateRedis
from tests.running import eventually


@pytest.fixture
def worker(own_redis: PrivateRedis, tmp_path: Path) -> Iterator[WorkerProcess]:
    with computing(own_redis.url, tmp_path / "worker.log") as worker:
        yield worker


@pytest.fixture
def owner(own_redis: PrivateRedis, worker: WorkerProcess) -> Iterator[Owner]:
    owner = Owner(own_redis.url)
    yield owner
    owner.close()


def begin(owner: Owner, note: Path, seconds: float) -> tuple[str, ClaimRecord]:
    """Start a child that sleeps, and return once its body runs."""
    path = owner.start(name("wait_in_peace"), seconds, str(note))
    claim = owner.claimed(path)
    eventually(note.exists, 5, "the body begins")
    return path, claim


def test_a_warm_shutdown_lets_children_end_beats_on_and_hears_orders(
    owner: Owner, worker: WorkerProcess, tmp_path: Path
) -> None:
    path, claim = begin(owner, tmp_path / "one", 60)
    other, _claim = begin(owner, tmp_path / "two", 1.5)
    worker.signal(signal.SIGTERM)
    eventually(lambda: owner.store.read_beats()[claim.worker].stopping, 5, "the beat says it")
    assert owner.ended(other).state is State.SUCCESS
    before = owner.store.read_beats()[claim.worker].counter
    eventually(lambda: owner.store.read_beats()[claim.worker].counter > before, 5, "a beat")
    owner.stop(path, claim)
    assert owner.ended(path).state is State.REVOKED
    assert worker.wait() == 0
    assert claim.worker not in owner.store.read_beats()


def test_a_cold_shutdown_loses_what_ran_and_says_so(
    owner: Owner, worker: WorkerProcess, tmp_path: Path
) -> None:
    path, _claim = begin(owner, tmp_path / "note", 60)
    worker.signal(signal.SIGQUIT)
    assert owner.ended(path).state is State.LOST
    worker.wait()


def test_nothing_outlives_a_killed_worker(
    owner: Owner, worker: WorkerProcess, tmp_path: Path
) -> None:
    path, claim = begin(owner, tmp_path / "note", 60)
    worker.signal(signal.SIGKILL)
    eventually(lambda: not pid_lives(claim.pid), 5, "the pool process is gone")
    assert owner.store.read_end(owner.run_id, path) is None
    assert claim.worker in owner.store.read_beats(), "watchers see it stand still"


def test_a_child_that_ends_while_redis_is_away_keeps_its_value(
    owner: Owner, own_redis: PrivateRedis, worker: WorkerProcess, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    path, _claim = begin(owner, note, 1.0)
    own_redis.kill()
    eventually(lambda: note.read_text() == "cleaned", 5, "the body ends")
    worker.wait_until_says("Redis does not take a child's end")
    own_redis.start()
    eventually(lambda: owner.store.read_end(owner.run_id, path) is not None, 20, "the end")
    end = owner.store.read_end(owner.run_id, path)
    assert end is not None
    assert (end.state, end.value_text) == (State.SUCCESS, '"slept"')
    assert worker.process.poll() is None


def test_an_order_is_heard_after_redis_was_away(
    owner: Owner, own_redis: PrivateRedis, tmp_path: Path
) -> None:
    path, claim = begin(owner, tmp_path / "note", 60)
    own_redis.kill()
    own_redis.start()

    def heard() -> bool:
        order = {"kind": "stop", "run": owner.run_id, "path": path, "attempt": 1}
        return owner.store.tell(claim.worker, order)

    eventually(heard, 10, "the worker hears its channel again")
    eventually(lambda: owner.store.read_end(owner.run_id, path) is not None, 10, "the end")
    end = owner.store.read_end(owner.run_id, path)
    assert end is not None
    assert end.state is State.REVOKED


def test_a_printing_child_is_not_slowed_by_a_redis_that_is_away(
    owner: Owner, own_redis: PrivateRedis, worker: WorkerProcess, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    path = owner.start(name("speak_for_a_while"), str(note))
    owner.claimed(path)
    eventually(note.exists, 5, "the body begins")
    own_redis.freeze()
    try:
        eventually(lambda: note.read_text().startswith("took"), 5, "the body ends")
    finally:
        own_redis.thaw()
    # A second, and twice that on a busy machine. Were each of its 20 words to wait for Redis, it
    # would be 5 s and more.
    assert float(note.read_text().split()[1]) < 4.0
    assert owner.ended(path).state is State.SUCCESS
