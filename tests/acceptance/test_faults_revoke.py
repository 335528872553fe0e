"""Revokes while workers are down, and at the instant of spawning: nothing survives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.model import State
from tests.acceptance.deployment import TTL, Deployment
from tests.running import eventually

ON_THE_STACK = 8


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(redis_url, tmp_path)
    yield deployment
    deployment.end()


@pytest.mark.parametrize("down", ["compute", "watcher", "both"])
def test_a_revoke_holds_though_workers_are_down(deployment: Deployment, down: str) -> None:
    watcher, compute = deployment.watcher("watcher"), deployment.compute(slots=1)
    deployment.ready()
    run_id = deployment.start("fan", book=str(deployment.book), word="w", count=3, seconds=20.0)
    eventually(lambda: len(deployment.book.began()) == 1, 10, "one runs, two wait")

    if down in ("compute", "both"):
        deployment.kill(compute)
    if down in ("watcher", "both"):
        deployment.kill(watcher)
    deployment.revoke(run_id)
    if down in ("compute", "both"):
        deployment.compute("compute2", slots=1)
    if down in ("watcher", "both"):
        deployment.watcher("watcher2")
    deployment.ready()
    run = deployment.wait_for_end(run_id, within=20)

    assert run["state"] == State.REVOKED
    assert {node["state"] for node in deployment.nodes(run_id).values()} == {State.REVOKED}
    assert_nothing_goes_on(deployment, began=1)


def test_no_child_survives_a_revoke_at_the_instant_of_spawning(deployment: Deployment) -> None:
    revoke_while_spawning(deployment, ON_THE_STACK)


@pytest.mark.chaos
@pytest.mark.timeout(180)
def test_no_child_survives_any_of_fifty_such_revokes(deployment: Deployment) -> None:
    revoke_while_spawning(deployment, 50)


@pytest.mark.chaos
@pytest.mark.timeout(120)
def test_fifty_running_leaves_four_levels_down_are_all_stopped(deployment: Deployment) -> None:
    deployment.watcher("watcher")
    deployment.compute(slots=50)
    deployment.ready()
    book = deployment.book
    leaves = 1 * 2 * 5 * 5
    run_id = deployment.start("deep", book=str(book), word="w", widths=[1, 2, 5, 5], seconds=60.0)
    eventually(lambda: len(book.began()) == leaves, 60, "the leaves run")

    asked = time.monotonic()
    deployment.revoke(run_id)
    run = deployment.wait_for_end(run_id, within=20)

    print(f"{leaves} leaves stopped in {time.monotonic() - asked:.2f} s")
    assert run["state"] == State.REVOKED
    assert {node["state"] for node in deployment.nodes(run_id).values()} == {State.REVOKED}
    assert_nothing_goes_on(deployment, began=leaves)


def revoke_while_spawning(deployment: Deployment, runs: int) -> None:
    """Revoke each run as soon as it has a few children, while it starts more."""
    deployment.watcher("watcher")
    deployment.compute(slots=2)
    deployment.ready()
    ids = []
    for number in range(runs):
        run_id = deployment.start("spawn_on", book=str(deployment.book), word=f"w{number}")
        least = number % 5
        eventually(lambda: has_children(deployment, run_id, least), 10, "it spawns")  # noqa: B023
        deployment.revoke(run_id)
        ids.append(run_id)
    ended = deployment.wait_for_ends(ids, within=60)

    assert {run["state"] for run in ended} == {State.REVOKED}
    states = {node["state"] for run_id in ids for node in deployment.nodes(run_id).values()}
    assert states <= {State.REVOKED}
    assert_nothing_goes_on(deployment)


def has_children(deployment: Deployment, run_id: str, least: int) -> bool:
    return sum(deployment.run(run_id)["counts"].values()) >= least


def assert_nothing_goes_on(deployment: Deployment, began: int | None = None) -> None:
    """Another run goes through, behind whatever was still in the queue; no body has gone on."""
    deployment.wait_for_end(deployment.start("fan", book=str(deployment.book), word="z", count=1))
    assert deployment.client.llen("children") == 0
    assert deployment.book.ended() == ["z.0"]
    eventually(
        lambda: not any(beat.running for beat in deployment.store.read_beats().values()),
        3 * TTL,
        "no worker says that it works on a claim",
    )
    assert began is None or len(deployment.book.began()) == began + 1
