"""`stop_on_error`: the rest is stopped by a few calls, and a replay stops where the parent did."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from inception.runs.model import JsonValue, State
from inception.watching.live_node import LiveNode
from tests.integration.watching.carrying import start
from tests.integration.watching.replayed_tasks import body
from tests.integration.watching.stage import WITHIN, Death, Stage, Workers
from tests.running import eventually

MANY = 1_200
STOPPED_BY = 6
"""Calls that end what waits of so many: each takes 200."""
SECONDS = 10.0
"""Seconds (s) from the failure of one of them to the run's end on a machine that does other things
too; it takes 0.4."""

TURNS = ["until_one_fails", [["a", 0], ["b", 1], ["c", 0], ["d", 0], ["e", 0]], 2]


class LastOfTwo:
    """`b` fails once `d` has begun, which is the fourth, and `d` ends after that.

    So `e` is never asked for. `until` is waited for by `d`, too.
    """

    def __init__(self, stage: Stage, until: threading.Event | None = None) -> None:
        self._stage = stage
        self._until = until
        self._may_fail = threading.Event()
        self.run_id = ""

    def __call__(self, node: LiveNode) -> JsonValue:
        word = str(node.request.args[0]) if node.request is not None else ""
        if word == "d":
            self._may_fail.set()
            eventually(self._has_failed, WITHIN, "the failure is recorded")
            assert self._until is None or self._until.wait(WITHIN)
        if word == "b" and node.attempt == 1:
            assert self._may_fail.wait(WITHIN)
        return body(node)

    def _has_failed(self) -> bool:
        return self._stage.store.read_end(self.run_id, "1") is not None


def take_turns(stage: Stage, *steps: JsonValue, until: threading.Event | None = None) -> str:
    """Record a run that does so, and then these steps."""
    stage.body = body = LastOfTwo(stage, until)
    body.run_id = start(stage, TURNS, *steps)
    return body.run_id


def carried_on(stage: Stage, after: int, *, unanswered: bool) -> tuple[Any, ...]:
    """Let a watcher die after so many operations, and another one carry its run on."""
    workers = Workers(stage)
    try:
        run_id = take_turns(stage)
        deaths = iter([Death(after=after, unanswered=unanswered), Death()])
        run = stage.play(run_id, workers, deaths=deaths)
    finally:
        workers.close()
    return run["state"], run["meta"]["error"], run["value"]


@pytest.mark.parametrize("unanswered", [True, False])
def test_a_parent_that_stopped_at_a_failure_stops_there_again(
    stage: Stage, unanswered: bool
) -> None:
    """Whatever ended first then: what it did next hangs on how many it had asked for."""
    for after in range(1, 30):
        told = carried_on(stage, after, unanswered=unanswered)
        assert told == (State.SUCCESS, None, [[True, False]]), after


def test_a_retry_asks_for_all_that_a_failure_had_left_out(stage: Stage) -> None:
    workers = Workers(stage)
    run_id = take_turns(stage, ["fail"])
    failed = stage.play(run_id, workers, deaths=iter([Death()]))
    stage.store.retry_run(run_id, by="anna")
    stage.play(run_id, workers, deaths=iter([Death()]))
    workers.close()

    nodes = {node["path"]: node for node in stage.store.snapshot(run_id)["nodes"]}
    assert sum(failed["counts"].values()) == 5, "four, and the one after them"
    assert failed["counts"][State.FAILURE] == 1
    assert [nodes[path]["args"][0] for path in "01234"] == ["a", "b", "c", "d", "e"]
    assert {nodes[path]["state"] for path in "01234"} == {State.SUCCESS}
    assert nodes["5"]["args"][0] == "after 5"


class OneFails(Workers):
    """The first child fails once all are sent; nobody takes the others from their queue."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.waiting: list[Callable[[], None]] = []

    def send(self, run_id: str, node: LiveNode, *_words: object) -> None:
        if node.path == "0":
            self.waiting.append(lambda: self.work(run_id, node, node.path, 1))


def test_of_many_that_wait_all_are_stopped_by_a_few_calls(stage: Stage) -> None:
    asked: Counter[str] = Counter()
    stage.after = lambda name: asked.update([name])
    workers = OneFails(stage)
    children = [["a", 1], *[["b", 0]] * (MANY - 1)]
    run_id = start(stage, ["until_one_fails", children, None])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        nodes = lambda: stage.store.read_run(run_id)["counts"].get(State.PENDING)  # noqa: E731
        eventually(lambda: nodes() == MANY, 10, "all are recorded")
        began = time.monotonic()
        workers.waiting[0]()
        eventually(lambda: nodes() == 1, SECONDS, "all are stopped, and one follows them")
        took = time.monotonic() - began
        watcher.scheduler.revoker.heard(watcher.scheduler.runs[run_id], "")
        assert stage.ended.wait(WITHIN)
    workers.close()

    print(f"stopped {MANY} in {took:.2f} s")
    assert asked["stop_steps"] == STOPPED_BY
    assert asked["end_unclaimed"] <= 2, "the one that followed, perhaps by both who saw the revoke"
    assert stage.store.load_run(run_id).intents == {}
