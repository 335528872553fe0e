"""Runs from start to end on the real stack, as a websocket client sees them."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
import redis
import requests
from celery import Celery

from tests.acceptance.conftest import Stack
from tests.acceptance.viewer import Viewer, Watched
from tests.running import eventually

ODD = "tests.acceptance.odd_tasks."
COUNT_TWICE = "tasks.examples.counting.count_twice"
NEST = "tasks.examples.nesting.nest"


def node_of(watched: Watched) -> dict[str, Any]:
    """The only child."""
    node: dict[str, Any] = watched.nodes["0"]
    return node


def get(stack: Stack, path: str) -> Any:
    """The answer of a REST call."""
    with urllib.request.urlopen(f"{stack.url}/api/v1{path}", timeout=10) as answer:
        return json.load(answer)


def test_two_counts_are_seen_moving_and_their_value_arrives(viewer: Viewer):
    run_id = viewer.start(COUNT_TWICE, limit=3, delay=0.05)

    seen = viewer.wait_for_end(run_id)

    assert seen.run["state"] == "SUCCESS"
    assert seen.run["value"] == 3
    assert seen.run["meta"]["completion"] == 100
    assert seen.run["counts"] == {"SUCCESS": 2}
    assert [seen.nodes[path]["value"] for path in ("0", "1")] == [3, 3]
    assert seen.holes == 0


def test_events_kept_are_numbered_without_a_hole(stack: Stack, viewer: Viewer):
    run_id = viewer.start(COUNT_TWICE, limit=3, delay=0.01)
    seen = viewer.wait_for_end(run_id)

    batch = get(stack, f"/runs/{run_id}/events?epoch={seen.epoch}&since=0")

    numbers = [event["seq"] for event in batch["events"]]
    assert numbers == list(range(1, seen.seq + 1))
    assert (batch["from"], batch["to"]) == (0, seen.seq)


@pytest.mark.parametrize(
    ("child", "error"),
    [
        ("raise_value_error", "Error in tests.acceptance.odd_tasks.raise_value_error: the ordi"),
        ("raise_system_exit", "Error in tests.acceptance.odd_tasks.raise_system_exit"),
        ("raise_unpicklable", "can't be pickled"),
        ("raise_strange_text", "a NUL \x00 and <script>alert(1)</script>"),
        ("return_a_set", "is a set, which JSON can't carry"),
        ("return_too_much", "at most 1,048,576"),
        ("say_error", "the convention"),
    ],
)
def test_whatever_a_child_ends_with_reaches_its_parent_and_the_page(
    viewer: Viewer, child: str, error: str
):
    run_id = viewer.start(ODD + "watch_one", child=child)

    seen = viewer.wait_for_end(run_id)

    assert node_of(seen)["state"] == "FAILURE"
    assert error in node_of(seen)["meta"]["error"]
    assert node_of(seen)["meta"]["status"] == "ERROR"
    assert seen.run["state"] == "SUCCESS"
    assert seen.run["value"]["state"] == "FAILURE"
    assert error in seen.run["value"]["error"]


def test_a_raised_error_keeps_its_traceback(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="raise_value_error")

    seen = viewer.wait_for_end(run_id)

    assert "raise ValueError" in node_of(seen)["traceback"]


def test_a_child_that_takes_its_process_along_is_lost_and_the_pool_goes_on(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="leave_at_once")

    seen = viewer.wait_for_end(run_id)

    assert node_of(seen)["state"] == "LOST"
    assert "7" in node_of(seen)["meta"]["error"]
    again = viewer.wait_for_end(viewer.start(ODD + "watch_one", child="square", args=[3]))
    assert again.run["value"]["ok"]


@pytest.mark.parametrize(
    ("child", "args", "options", "word"),
    [
        ("never", [], {"pending_timeout": 0.3}, "pending_timeout"),
        ("wait", [30], {"timeout": 0.5}, "timeout"),
        ("say_one_word", [30], {"stall_timeout": 0.5}, "stall_timeout"),
    ],
)
def test_a_deadline_ends_the_child_and_wakes_the_parent(
    viewer: Viewer, child: str, args: list[Any], options: dict[str, float], word: str
):
    run_id = viewer.start(ODD + "watch_one", child=child, args=args, options=options)

    seen = viewer.wait_for_end(run_id, within=15)

    assert node_of(seen)["state"] == "FAILURE"
    assert node_of(seen)["meta"]["error"].startswith(word)
    assert seen.run["value"]["error"].startswith(word)


def test_a_child_that_nobody_takes_says_why_it_waits(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="never")

    seen = viewer.wait(
        run_id, lambda seen: bool(seen.nodes) and bool(node_of(seen)["waiting"]), 15, "a reason"
    )

    assert node_of(seen)["waiting"] == "no worker consumes queue nobody-is-here"
    viewer.revoke(run_id)
    assert viewer.wait_for_end(run_id).run["state"] == "REVOKED"


def test_a_plain_celery_task_is_watched_with_its_own_words(viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="plain", args=[5])

    seen = viewer.wait_for_end(run_id)

    assert seen.run["value"]["ok"]
    assert node_of(seen)["state"] == "SUCCESS"
    assert node_of(seen)["meta"]["total"] == 5


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE"])
def test_a_child_that_names_its_own_end_and_goes_on_ends_with_its_body(viewer: Viewer, state: str):
    run_id = viewer.start(ODD + "watch_one", child="name_an_end", args=[state, False])

    seen = viewer.wait_for_end(run_id)

    assert (node_of(seen)["state"], node_of(seen)["value"]) == ("SUCCESS", "went on")


@pytest.mark.parametrize(
    ("state", "error", "value"),
    [
        ("SUCCESS", None, {"rows": 7}),
        ("FAILURE", "Error in tests.acceptance.odd_tasks.name_an_end: named by itself", None),
    ],
)
def test_a_child_that_names_its_own_end_and_leaves_ends_so(
    viewer: Viewer, state: str, error: str | None, value: object
):
    run_id = viewer.start(ODD + "watch_one", child="name_an_end", args=[state, True])

    seen = viewer.wait_for_end(run_id)

    node = node_of(seen)
    assert (node["state"], node["meta"]["error"], node["value"]) == (state, error, value)


def test_the_form_of_the_first_users_works_unchanged(stack: Stack, viewer: Viewer):
    run_id = viewer.start(ODD + "seed_form", limit=3)

    seen = viewer.wait_for_end(run_id)

    assert seen.run["state"] == "SUCCESS"
    assert seen.run["value"]["iteration"] == 3
    client = Celery(broker=stack.redis_url, backend=stack.redis_url)
    assert client.AsyncResult(run_id).get(timeout=10)["message"] == "seen"


def test_an_error_that_a_parent_returns_is_its_failure_and_its_value(viewer: Viewer):
    run_id = viewer.start(ODD + "fail_in_seed_form")

    seen = viewer.wait_for_end(run_id)

    assert seen.run["state"] == "FAILURE"
    assert "the ordinary way" in seen.run["meta"]["error"]
    assert seen.run["value"]["status"] == "FAILURE"


def test_a_parent_that_returns_no_json_fails_and_says_so(viewer: Viewer):
    seen = viewer.wait_for_end(viewer.start(ODD + "return_nonsense"))

    assert seen.run["state"] == "FAILURE"
    assert "JSON can't carry" in seen.run["meta"]["error"]


def test_a_parent_that_raises_stops_its_children_first(viewer: Viewer):
    seen = viewer.wait_for_end(viewer.start(ODD + "raise_after_starting"))

    assert seen.run["state"] == "FAILURE"
    assert "not waiting" in seen.run["meta"]["error"]
    assert node_of(seen)["state"] == "REVOKED"


def test_parents_in_parents_show_every_level(viewer: Viewer):
    run_id = viewer.start(NEST, depth=3, width=2, delay=0, steps=1)

    seen = viewer.wait_for_end(run_id, within=40)

    assert seen.run["state"] == "SUCCESS"
    assert {len(path.split(".")) for path in seen.nodes} >= {1, 2, 3}
    assert {node["state"] for node in seen.nodes.values()} == {"SUCCESS"}


def test_watch_all_returns_values_in_order_of_its_children(viewer: Viewer):
    seen = viewer.wait_for_end(viewer.start(ODD + "squares", count=20, limit=3), within=40)

    assert seen.run["value"] == sum(number * number for number in range(20))


def test_what_a_child_prints_is_kept(stack: Stack, viewer: Viewer):
    run_id = viewer.start(ODD + "watch_one", child="print_lines", args=[3])
    viewer.wait_for_end(run_id)

    log = get(stack, f"/runs/{run_id}/nodes/0/log")

    assert [line["text"].rstrip() for line in log["lines"]] == ["line 0", "line 1", "line 2"]


def test_a_childs_celery_result_is_forgotten_once_its_outcome_is_recorded(
    stack: Stack, viewer: Viewer
):
    run_id = viewer.start(ODD + "squares", count=5)
    seen = viewer.wait_for_end(run_id)
    keys = [f"celery-task-meta-{node['task_id']}" for node in seen.nodes.values()]
    client = redis.Redis.from_url(stack.redis_url)

    eventually(lambda: client.exists(*keys) == 0, 10, "the children's results are forgotten")
    assert client.pubsub_numsub(*keys) == [(key.encode(), 0) for key in keys]
    client.close()


def test_a_deleted_run_leaves_no_key_behind(stack: Stack, viewer: Viewer):
    """However it ended: Celery would keep the results of some of its tasks for a week."""
    ids = [
        viewer.start(ODD + "squares", count=5),
        viewer.start(COUNT_TWICE, limit=2, delay=0.6),  # long enough for its result to show it
        viewer.start("tasks.examples.failing.fail_at", step=1, steps=1),
        viewer.start("tasks.examples.nesting.nest", depth=2, width=2, delay=0.01, steps=2),
    ]
    revoked = viewer.start(COUNT_TWICE, limit=1_000, delay=0.1)
    tasks = {
        node["task_id"] for run_id in ids for node in viewer.wait_for_end(run_id).nodes.values()
    }
    viewer.ask("revoke", run_id=revoked)
    tasks |= {node["task_id"] for node in viewer.wait_for_end(revoked).nodes.values()}
    for run_id in (*ids, revoked):
        assert requests.delete(f"{stack.url}/api/v1/runs/{run_id}", timeout=10).status_code == 204
    client = redis.Redis.from_url(stack.redis_url, decode_responses=True)

    def left() -> list[str]:
        words = (*ids, revoked, *tasks)
        return [key for key in client.scan_iter() if any(word in key for word in words)]

    eventually(lambda: not left(), 10, "nothing of them is left")
    client.close()


def test_arguments_that_the_schema_refuses_name_the_field(viewer: Viewer):
    answer = viewer.ask("start", name=COUNT_TWICE, kwargs={"limit": "many"})

    assert answer["error"]["code"] == "invalid_arguments"
    assert "limit" in answer["error"]["fields"][0]["path"]


def test_a_parent_that_blocks_its_process_is_warned_of_with_its_stack(stack: Stack, viewer: Viewer):
    viewer.wait_for_end(viewer.start(ODD + "block", seconds=0.6))

    logs = (stack.application.state_dir / "log").glob("watcher*.log")
    said = "".join(log.read_text("utf-8", "replace") for log in logs)
    assert "blocks its watcher process for over 200 ms" in said
    assert "while time.monotonic() < until" in said
