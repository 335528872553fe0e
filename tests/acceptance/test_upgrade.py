"""An upgrade as docs/deployment describes it: every worker is replaced while runs go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.model import State
from tests.acceptance.deployment import Deployment
from tests.acceptance.worker_process import WorkerProcess
from tests.running import eventually

RUNS = 3
STEPS = 7
SECONDS = 1.5
"""How long a step takes, in seconds (s)."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(redis_url, tmp_path)
    yield deployment
    deployment.end()


def leave(old: WorkerProcess) -> None:
    """Ask it to; it goes by itself."""
    old.signal(signal.SIGTERM)
    assert old.wait(30) == 0


def test_an_upgrade_loses_nothing_and_starts_nothing_twice(deployment: Deployment) -> None:
    book = deployment.book
    watcher, compute = deployment.watcher("watcher1"), deployment.compute("compute1", slots=RUNS)
    deployment.ready()
    run_ids = [
        deployment.start("steps", book=str(book), word=f"run{n}", count=STEPS, seconds=SECONDS)
        for n in range(RUNS)
    ]
    eventually(lambda: len(book.began()) >= RUNS, 30, "children of the old worker")

    new = [deployment.watcher("watcher2"), deployment.compute("compute2", slots=RUNS)]
    for worker in new:
        worker.wait_until_ready()
    assert {deployment.run(run_id)["state"].is_final for run_id in run_ids} == {False}
    leave(watcher)
    leave(compute)

    ended = deployment.wait_for_ends(run_ids, within=60)
    assert [run["state"] for run in ended] == [State.SUCCESS] * RUNS
    assert sorted(book.began()) == sorted(f"run{n}.{s}" for n in range(RUNS) for s in range(STEPS))
    tallies = deployment.store.read_tallies()
    assert {tallies.get(what, 0) for what in ("losses", "rescues", "attempts")} == {0}
