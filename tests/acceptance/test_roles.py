"""What a worker becomes, what it refuses, and how a watcher leaves."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.model import State
from inception.runs.settings import Settings
from inception.runs.store import Store
from tests.acceptance.worker_process import WorkerProcess
from tests.running import eventually

PARENTS = "tests.acceptance.role_tasks"


@pytest.fixture
def store(redis_url: str) -> Store:
    return Store(connect(redis_url, purpose="test"))


@pytest.fixture
def control(redis_url: str, store: Store) -> Iterator[Control]:
    app = create_client(Settings(redis_url=redis_url))
    yield Control(store, app)
    app.close()


def refusal(url: str | None, log: Path, *options: str, **environ: str) -> str:
    worker = WorkerProcess(url, log, *options, environ=environ)
    try:
        assert worker.wait(30) != 0
    finally:
        worker.end()
    return worker.said


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_parents_on_a_pool_that_they_would_block_are_refused(
    redis_url: str, tmp_path: Path, pool: str
) -> None:
    said = refusal(redis_url, tmp_path / "log", "-Q", "parents", "-P", pool)
    assert f"'parents' on a {pool} pool" in said
    assert "-P eventlet" in said


def test_parents_and_children_in_one_worker_are_refused(redis_url: str, tmp_path: Path) -> None:
    said = refusal(redis_url, tmp_path / "log", "-Q", "parents,children", "-P", "eventlet")
    assert "Start two" in said


def test_a_worker_without_redis_says_what_to_set(tmp_path: Path) -> None:
    said = refusal(None, tmp_path / "log", "-Q", "children")
    assert "set REDIS_URL" in said


def test_a_module_that_cannot_be_imported_is_named(redis_url: str, tmp_path: Path) -> None:
    said = refusal(redis_url, tmp_path / "log", "-Q", "children", INCEPTION_TASKS="no.such")
    assert "'no.such' (INCEPTION_TASKS) can't be imported" in said


@pytest.fixture
def workers(redis_url: str, tmp_path: Path) -> Iterator[list[WorkerProcess]]:
    """A watcher and a compute worker."""
    environ = {"INCEPTION_TASKS": PARENTS, "INCEPTION_HEARTBEAT_TTL": "2"}
    pair = [
        WorkerProcess(
            redis_url, tmp_path / "watcher.log", *watcher_options("one"), environ=environ
        ),
        WorkerProcess(
            redis_url, tmp_path / "compute.log", "-Q", "children", "-P", "prefork", "-c", "1",
            environ=environ,
        ),
    ]  # fmt: skip
    for worker in pair:
        worker.wait_until_ready()
    yield pair
    for worker in pair:
        worker.end()


def watcher_options(name: str) -> tuple[str, ...]:
    return ("-Q", "parents", "-P", "eventlet", "-c", "5", "-n", f"{name}@%h")


def test_every_worker_writes_the_catalogue(store: Store, workers: list[WorkerProcess]) -> None:
    eventually(lambda: bool(store.read_catalogue()), 5, "the catalogue")
    assert f"{PARENTS}.add_up" in {parent["name"] for parent in store.read_catalogue()}


def test_a_parent_runs_in_the_watcher_and_its_children_in_the_compute_worker(
    store: Store, control: Control, workers: list[WorkerProcess]
) -> None:
    eventually(lambda: bool(store.read_catalogue()), 5, "the catalogue")
    run_id = control.start(f"{PARENTS}.add_up", {"numbers": [1, 2, 3]}).run["id"]
    eventually(lambda: is_ended(store, run_id), 20, "the run ends")
    run = store.read_run(run_id)
    assert (run["state"], run["value"]) == (State.SUCCESS, 6)


def test_send_task_in_a_parent_is_refused(
    store: Store, control: Control, workers: list[WorkerProcess]
) -> None:
    eventually(lambda: bool(store.read_catalogue()), 5, "the catalogue")
    run_id = control.start(f"{PARENTS}.send_by_name", {}).run["id"]
    eventually(lambda: is_ended(store, run_id), 20, "the run ends")
    run = store.read_run(run_id)
    assert run["state"] == State.FAILURE
    assert "send_task" in (run["meta"]["error"] or "")


def test_a_watcher_hands_its_runs_over_and_leaves_at_once(
    redis_url: str, store: Store, control: Control, workers: list[WorkerProcess], tmp_path: Path
) -> None:
    eventually(lambda: bool(store.read_catalogue()), 5, "the catalogue")
    note = tmp_path / "go"
    run_id = control.start(f"{PARENTS}.wait_for_file", {"path": str(note)}).run["id"]
    eventually(lambda: bool(store.snapshot(run_id)["nodes"]), 10, "the child starts")
    environ = {"INCEPTION_TASKS": PARENTS, "INCEPTION_HEARTBEAT_TTL": "2"}
    second = WorkerProcess(
        redis_url, tmp_path / "second.log", *watcher_options("two"), environ=environ
    )
    try:
        second.wait_until_ready()
        asked = time.monotonic()
        workers[0].signal(signal.SIGTERM)
        assert workers[0].wait(5) == 0
        assert time.monotonic() - asked < 2.5
        note.touch()
        eventually(lambda: is_ended(store, run_id), 20, "the run ends with the second watcher")
        assert store.read_run(run_id)["state"] == State.SUCCESS
        assert store.snapshot(run_id)["nodes"][0]["attempt"] == 1
    finally:
        second.end()


def is_ended(store: Store, run_id: str) -> bool:
    return State(store.read_run(run_id)["state"]).is_final
