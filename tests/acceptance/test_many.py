"""Many at once: more parents than any pool has slots, and many children of one."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import StartApplication
from tests.acceptance.viewer import Viewer

ODD = "tests.acceptance.odd_tasks."
NEST = "tasks.examples.nesting.nest"
RUNS = 1_100


@pytest.mark.timeout(400)
def test_more_nested_runs_than_slots_all_end(own_stack: StartApplication):
    stack = own_stack(INCEPTION_CONCURRENCY="1")
    viewer = Viewer(stack.url)
    ids = [
        viewer.ask("start", name=NEST, kwargs={"depth": 2, "delay": 0, "steps": 1})["run"]["id"]
        for _ in range(RUNS)
    ]

    states = []
    for run_id in ids:
        seen = viewer.watch(run_id)
        states.append(viewer.wait_for_end(run_id, within=300).run["state"])
        assert seen.ended
        viewer.ask("unwatch", run_id=run_id)

    assert states == ["SUCCESS"] * RUNS
    viewer.close()


@pytest.mark.timeout(120)
def test_three_hundred_children_of_one_parent_all_end(viewer: Viewer):
    run_id = viewer.start(ODD + "squares", count=300)

    seen = viewer.wait_for_end(run_id, within=90)

    assert seen.run["value"] == sum(number * number for number in range(300))
    assert seen.run["counts"] == {"SUCCESS": 300}
