"""Processes are killed for real; runs end all the same."""

from __future__ import annotations

import os
import signal

from tests.acceptance.conftest import Stack, StartApplication
from tests.acceptance.viewer import Viewer, Watched
from tests.running import eventually

ODD = "tests.acceptance.odd_tasks."
COUNT_TWICE = "tasks.examples.counting.count_twice"
TTL = "2"


def kill(stack: Stack, name: str) -> None:
    """SIGKILL one process of the application, and see another one in its place."""
    pid = stack.application.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: stack.application.replaced(name, pid), 10, f"{name} is started again")


def in_second_count(seen: Watched) -> bool:
    return "1" in seen.nodes and seen.nodes["1"]["state"] == "PROGRESS"


def test_a_killed_watcher_loses_no_run_and_reruns_no_child(own_stack: StartApplication):
    stack = own_stack(INCEPTION_HEARTBEAT_TTL=TTL)
    viewer = Viewer(stack.url)
    run_id = viewer.start(COUNT_TWICE, limit=30, delay=0.1)
    viewer.wait(run_id, in_second_count, 20, "the second count")

    kill(stack, "watcher")
    seen = viewer.wait_for_end(run_id, within=40)

    assert seen.run["state"] == "SUCCESS"
    assert [seen.nodes[path]["attempt"] for path in ("0", "1")] == [1, 1]
    assert [seen.nodes[path]["attempts"] for path in ("0", "1")] == [[], []]
    viewer.close()


def test_a_redis_that_dies_during_a_child_comes_back_and_the_run_succeeds(
    own_stack: StartApplication,
):
    stack = own_stack(INCEPTION_HEARTBEAT_TTL=TTL)
    pids = {name: stack.application.pid(name) for name in ("watcher", "compute")}
    viewer = Viewer(stack.url)
    run_id = viewer.start(COUNT_TWICE, limit=30, delay=0.1)
    viewer.wait(run_id, in_second_count, 20, "the second count")

    kill(stack, "redis")
    seen = viewer.wait_for_end(run_id, within=60)

    assert seen.run["state"] == "SUCCESS"
    assert seen.run["value"] == 30
    assert {name: stack.application.pid(name) for name in pids} == pids, "a worker died of it"
    viewer.close()


def test_a_killed_compute_worker_costs_an_attempt_and_no_more(own_stack: StartApplication):
    stack = own_stack(INCEPTION_HEARTBEAT_TTL=TTL)
    viewer = Viewer(stack.url)
    run_id = viewer.start(ODD + "watch_one", child="wait", args=[4])
    viewer.wait(
        run_id, lambda seen: "0" in seen.nodes and seen.nodes["0"]["worker"] is not None, 20, "runs"
    )

    kill(stack, "compute")
    seen = viewer.wait_for_end(run_id, within=60)

    assert seen.run["value"]["ok"]
    assert seen.nodes["0"]["attempt"] == 2
    assert seen.nodes["0"]["attempts"][0]["state"] == "LOST"
    viewer.close()
