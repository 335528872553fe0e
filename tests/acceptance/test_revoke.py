"""One click stops a run and everything under it."""

from __future__ import annotations

import json
import time
import urllib.request

from tests.acceptance.conftest import Stack
from tests.acceptance.viewer import Viewer, Watched

ODD = "tests.acceptance.odd_tasks."


def running(seen: Watched) -> list[str]:
    """Paths of the leaves that a worker has."""
    return [
        path
        for path, node in seen.nodes.items()
        if node["kind"] == "child" and node["state"] in ("STARTED", "PROGRESS")
    ]


def states(seen: Watched) -> dict[str, str]:
    return {path: node["state"] for path, node in seen.nodes.items()}


def test_a_spinning_child_is_stopped_within_a_second(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="spin", args=[60])
    viewer.wait(run_id, lambda seen: running(seen) == ["0"], 20, "the child runs")

    asked = time.monotonic()
    answer = viewer.revoke(run_id, reason="enough")
    seen = viewer.wait_for_end(run_id, within=10)

    assert answer["run"]["state"] == "REVOKING"
    assert answer["run"]["revoke"]["reason"] == "enough"
    assert seen.run["state"] == "REVOKED"
    assert seen.nodes["0"]["state"] == "REVOKED"
    assert time.monotonic() - asked < 2


def test_a_child_that_celery_is_to_retry_much_later_ends_at_once(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="retry_in_an_hour")
    viewer.wait(run_id, lambda seen: states(seen) == {"0": "RETRY"}, 20, "a retry is due")

    viewer.revoke(run_id)
    seen = viewer.wait_for_end(run_id, within=10)

    assert (seen.run["state"], states(seen)) == ("REVOKED", {"0": "REVOKED"})


def test_three_levels_with_running_and_queued_leaves_all_end(viewer: Viewer):
    run_id = viewer.start(ODD + "level", depth=3, width=2, seconds=60, queued=5)
    viewer.wait(
        run_id,
        lambda seen: len(running(seen)) == 2 and len(seen.nodes) == 2 + 4 + 4 * 7,
        30,
        "both slots busy",
    )

    viewer.revoke(run_id)
    seen = viewer.wait_for_end(run_id, within=20)

    assert seen.run["state"] == "REVOKED"
    assert {node["state"] for node in seen.nodes.values()} == {"REVOKED"}
    again = viewer.wait_for_end(viewer.start(ODD + "squares", count=4), within=20)
    assert again.run["state"] == "SUCCESS"


def test_a_part_of_the_tree_is_revoked_and_the_rest_goes_on(viewer: Viewer):
    run_id = viewer.start(ODD + "level", depth=2, width=2, seconds=4)
    viewer.wait(run_id, lambda seen: len(running(seen)) == 2, 20, "leaves run")

    viewer.revoke(run_id, path="0")
    seen = viewer.wait_for_end(run_id, within=40)

    assert seen.run["state"] == "SUCCESS"
    assert seen.nodes["0"]["state"] == "REVOKED"
    assert seen.nodes["1"]["state"] == "SUCCESS"


def test_rest_revokes_too_and_an_ended_run_refuses(stack: Stack, viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="wait", args=[60])
    viewer.wait(run_id, lambda seen: running(seen) == ["0"], 20, "the child runs")
    request = urllib.request.Request(
        f"{stack.url}/api/v1/runs/{run_id}/revoke",
        data=json.dumps({"reason": "by REST"}).encode(),
        headers={"Content-Type": "application/json"},
    )

    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202

    assert viewer.wait_for_end(run_id).run["state"] == "REVOKED"
    assert viewer.revoke(run_id)["error"]["code"] == "run_already_ended"
