"""Compute workers and their pool processes die; their children are started again, or not."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from inception.runs.celery_app import CHILDREN_QUEUE
from inception.runs.model import State
from inception.watching.steps import FIRST_RESEND
from tests.acceptance.deployment import TTL, Deployment
from tests.private_redis import PrivateRedis
from tests.running import eventually


@pytest.fixture(scope="module")
def deployment(
    private_redis: PrivateRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    private_redis.empty()
    directory = tmp_path_factory.mktemp("lost")
    deployment = Deployment(private_redis.url, directory)
    deployment.watcher("watcher")
    deployment.compute()
    deployment.ready()
    yield deployment
    deployment.end()


def pid_of(deployment: Deployment, run_id: str) -> int:
    """The process that has claimed the run's first child."""
    return deployment.store.read_claims(run_id, ["0"])["0"].pid


def test_a_killed_pool_process_costs_one_attempt(deployment: Deployment) -> None:
    run_id = deployment.start("steps", book=str(deployment.book), word="p", count=1, seconds=2.0)
    eventually(lambda: "p.0" in deployment.book.began(), 10, "the child runs")

    os.kill(pid_of(deployment, run_id), signal.SIGKILL)
    run = deployment.wait_for_end(run_id)

    node = deployment.node(run_id)
    assert run["state"] == State.SUCCESS, node["attempts"]
    assert (node["attempt"], [one["state"] for one in node["attempts"]]) == (2, [State.LOST])
    assert deployment.book.began().count("p.0") == 2
    assert deployment.book.ended().count("p.0") == 1


def test_a_child_that_dies_each_time_fails_and_says_how(deployment: Deployment) -> None:
    run_id = deployment.start("watch_death", book=str(deployment.book), word="d")

    run = deployment.wait_for_end(run_id)

    node, losses = deployment.node(run_id), 3
    error = node["meta"]["error"] or ""
    assert (run["state"], node["state"]) == (State.FAILURE, State.FAILURE), node
    assert (node["attempt"], len(node["attempts"])) == (1 + losses, losses), node
    assert deployment.book.began().count("d") == 1 + losses, node["attempts"]
    assert "SIGKILL" in error
    assert f"{socket.gethostname()}:" in error, "the worker"
    assert f"{1 + losses} attempts" in error


def test_a_child_that_must_not_run_again_ends_lost(deployment: Deployment) -> None:
    run_id = deployment.start("watch_only_once", book=str(deployment.book), word="o")
    eventually(lambda: "o" in deployment.book.began(), 10, "the child runs")

    os.kill(pid_of(deployment, run_id), signal.SIGKILL)
    run = deployment.wait_for_end(run_id)

    assert run["state"] == State.SUCCESS
    assert deployment.node(run_id)["state"] == State.LOST
    assert deployment.book.began().count("o") == 1


def test_a_killed_worker_costs_an_attempt_of_each_of_its_children(deployment: Deployment) -> None:
    words = ["w.0", "w.1"]
    run_id = deployment.start("fan", book=str(deployment.book), word="w", count=2, seconds=2.0)
    eventually(lambda: set(words) <= set(deployment.book.began()), 10, "the children run")

    deployment.kill(deployment.workers[-1])
    deployment.compute("second").wait_until_ready()
    run = deployment.wait_for_end(run_id, within=TTL + 15)

    attempts = deployment.node(run_id)["attempts"]
    assert run["state"] == State.SUCCESS
    assert [one["state"] for one in attempts] == [State.LOST]
    assert "died" in (attempts[0]["error"] or "")
    assert sorted(w for w in deployment.book.began() if w in words) == ["w.0", "w.0", "w.1", "w.1"]


def test_a_message_that_died_with_its_worker_is_sent_again_at_once(deployment: Deployment) -> None:
    """It was taken from the queue, and never claimed."""
    run_id = deployment.start("fan", book=str(deployment.book), word="m", count=3, seconds=1.0)
    eventually(lambda: {"m.0", "m.1"} <= set(deployment.book.began()), 10, "both slots are busy")
    eventually(lambda: deployment.client.lpop(CHILDREN_QUEUE) is not None, 5, "one waits")

    deployment.kill(deployment.workers[-1])
    deployment.compute("third").wait_until_ready()
    run = deployment.wait_for_end(run_id, within=FIRST_RESEND / 2)

    assert run["state"] == State.SUCCESS
    assert deployment.book.began().count("m.2") == 1
    assert deployment.node(run_id, "2")["attempt"] == 1
