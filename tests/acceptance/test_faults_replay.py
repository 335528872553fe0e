"""What a parent has recorded holds through the death of every watcher."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.keys import journal
from inception.runs.model import State
from tests.acceptance.deployment import Deployment
from tests.running import eventually

SLEEP = 6.0
"""Seconds (s) that a parent sleeps, through the death of the only watcher."""


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(redis_url, tmp_path)
    yield deployment
    deployment.end()


@pytest.mark.parametrize("down", ["meanwhile", "beyond"])
def test_a_sleep_lasts_as_long_as_was_asked_whoever_dies(deployment: Deployment, down: str) -> None:
    """It ends at its moment; at once where nobody was there at its moment."""
    watcher = deployment.watcher("first")
    deployment.compute()
    deployment.ready()
    seconds = SLEEP if down == "meanwhile" else 0.5
    book = deployment.book
    run_id = deployment.start("wait_long", book=str(book), word="w", seconds=seconds)
    eventually(lambda: deployment.client.hexists(journal(run_id), "#0"), 10, "it sleeps")

    deployment.kill(watcher)
    wake_at = float(str(deployment.client.hget(journal(run_id), "#0")))
    if down == "beyond":
        eventually(lambda: time.time() > wake_at, 5, "the moment has passed")
    second = deployment.watcher("second")
    second.wait_until_ready()
    ready_at = time.time()
    run = deployment.wait_for_end(run_id, within=20)

    (awake,) = book.lines("awake")
    late = float(awake) - max(wake_at, ready_at)
    print(f"awake {late:.2f} s after its time")
    assert run["state"] == State.SUCCESS
    assert late < 1.0
    assert float(awake) >= wake_at
    assert book.began() == ["w.before", "w.after"]


def test_recorded_values_are_the_same_when_a_parent_runs_again(deployment: Deployment) -> None:
    watcher = deployment.watcher("first")
    deployment.compute()
    deployment.ready()
    book = deployment.book
    run_id = deployment.start("recorded", book=str(book), word="w")
    eventually(lambda: book.began() == ["w.held"], 10, "its child runs")

    deployment.kill(watcher)
    deployment.watcher("second").wait_until_ready()
    run = deployment.wait_for_end(run_id)

    bodies = book.lines("body")
    assert run["state"] == State.SUCCESS
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert book.lines("drawn") == ["w"]
    assert book.began() == ["w.held"]


def test_a_parent_whose_code_changed_under_its_run_ends_and_says_where(
    deployment: Deployment,
) -> None:
    watcher = deployment.watcher("first")
    deployment.compute()
    deployment.ready()
    book = deployment.book
    run_id = deployment.start("changing", book=str(book), word="w")
    eventually(lambda: "w.last" in book.began(), 10, "its second child runs")

    deployment.kill(watcher)
    deployment.watcher("second", CODE_VERSION="two").wait_until_ready()
    run = deployment.wait_for_end(run_id)

    error = run["meta"]["error"] or ""
    assert run["state"] == State.FAILURE
    assert "ParentChanged" in (run["traceback"] or "")
    assert "Step 0 (tests.acceptance.fault_tasks.step) was recorded with" in error
    assert sorted(book.began()) == ["one", "w.last"]
    assert deployment.node(run_id, "1")["state"] == State.REVOKED
