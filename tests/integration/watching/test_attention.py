"""Children that go on for a moment are heard from then on, and what they had said is read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from inception.runs.errors import StoreUnavailable
from inception.runs.model import State
from inception.runs.paths import task_id
from inception.watching import attention
from inception.watching.hub import Wanted
from inception.watching.live_node import LiveNode
from inception.watching.watcher import Watcher
from tests.integration.watching.carrying import Held, start
from tests.integration.watching.stage import WITHIN, Stage, Workers
from tests.running import eventually

FOR_EVER = 600.0


@pytest.fixture(autouse=True)
def _along(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.along = True
    monkeypatch.setattr(attention, "WHILE", FOR_EVER)


def say(stage: Stage, run_id: str, status: str, result: Any) -> None:
    """Store and publish a word of the run's first child, as Celery's backend does."""
    key = f"celery-task-meta-{task_id(run_id, '0', 1)}"
    text = json.dumps({"status": status, "result": result, "traceback": None})
    stage.client.set(key, text)
    stage.client.publish(key, text)


def shown(stage: Stage, run_id: str) -> tuple[str, int]:
    """State and iteration of the run's first child, if it is recorded."""
    for node in stage.store.snapshot(run_id)["nodes"]:
        return node["state"], node["meta"]["iteration"]
    return "", 0


def saying_early(stage: Stage, held: Held, word: Callable[[], None]) -> None:
    """Have the child say a word once it runs, before its record is answered."""

    def after(operation: str) -> None:
        if operation == "spawn":
            held.wait()
            word()

    stage.after = after


def test_what_a_child_says_before_it_is_heard_is_read_and_the_rest_is_heard(
    stage: Stage, workers: Workers
) -> None:
    held, run_id = Held(stage), start(stage, ["watch", ["a", 0], 0])
    saying_early(stage, held, lambda: say(stage, run_id, "PROGRESS", {"iteration": 3}))
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        eventually(lambda: shown(stage, run_id) == (State.PROGRESS, 3), WITHIN, "it is read")
        say(stage, run_id, "PROGRESS", {"iteration": 4})
        eventually(lambda: shown(stage, run_id) == (State.PROGRESS, 4), WITHIN, "it is heard")
        held.let_end()
        assert stage.ended.wait(WITHIN)


def test_what_is_read_does_not_follow_what_was_heard_meanwhile(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, run_id = Held(stage), start(stage, ["watch", ["a", 0], 0])
    saying_early(stage, held, lambda: say(stage, run_id, "PROGRESS", {"iteration": 3}))
    with stage.watcher(workers) as watcher:
        results, hears = watcher._ctx.results, watcher.scheduler._steps.attention
        read, take, was_taken = results.read, hears._read, threading.Event()

        def read_late(ids: Any) -> Any:
            words = read(ids)
            say(stage, run_id, "PROGRESS", {"iteration": 4})
            eventually(lambda: shown(stage, run_id)[1] == 4, WITHIN, "it is heard")
            return words

        def note(children: Any) -> None:
            take(children)
            was_taken.set()

        monkeypatch.setattr(results, "read", read_late)
        monkeypatch.setattr(hears, "_read", note)
        watcher.scheduler.take(run_id)
        assert was_taken.wait(WITHIN)
        assert watcher.scheduler.runs[run_id].nodes["0"].meta["iteration"] == 4
        held.let_end()
        assert stage.ended.wait(WITHIN)


def test_a_child_that_ends_within_a_moment_is_never_subscribed(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "MOMENT", FOR_EVER)
    asked: list[Wanted] = []
    run_id = start(stage, ["watch", ["a", 0], 0], ["watch_all", [["b", 0], ["c", 1]], None, 0])
    with stage.watcher(workers) as watcher:
        monkeypatch.setattr(watcher._hub, "listen", asked.extend)
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert asked == []
    run = stage.store.read_run(run_id)
    assert (run["state"], run["counts"]) == (State.SUCCESS, {"SUCCESS": 2, "FAILURE": 1})


def test_what_is_said_of_a_child_that_nobody_claims_is_read_too(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that doesn't know its task says so on the result channel, and claims nothing."""
    monkeypatch.setattr(attention, "WHILE", 0.01)
    said = threading.Event()

    def refuse(run_id: str, _node: LiveNode, _path: str, _attempt: int) -> None:
        say(stage, run_id, "FAILURE", {"exc_type": "NotRegistered", "exc_message": ["leaf"]})
        said.set()

    monkeypatch.setattr(workers, "work", refuse)
    stage.after = lambda operation: operation != "spawn" or said.wait(WITHIN)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert shown(stage, run_id)[0] == State.FAILURE


def first_time_raising(error: Exception, function: Callable[..., Any]) -> Callable[..., Any]:
    raised: list[Exception] = []

    def once(*words: Any) -> Any:
        if not raised:
            raised.append(error)
            raise error
        return function(*words)

    return once


@pytest.mark.parametrize("part", ["it is subscribed", "it is read"])
def test_what_could_not_be_heard_since_redis_was_away_is_heard_later(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(attention, "_PAUSE", 0.01)
    held, run_id = Held(stage), start(stage, ["watch", ["a", 0], 0])
    saying_early(stage, held, lambda: say(stage, run_id, "PROGRESS", {"iteration": 3}))
    with stage.watcher(workers) as watcher:
        of, name = {
            "it is subscribed": (watcher._hub, "listen"),
            "it is read": (watcher._ctx.results, "read"),
        }[part]
        away = StoreUnavailable("away")
        monkeypatch.setattr(of, name, first_time_raising(away, getattr(of, name)))
        watcher.scheduler.take(run_id)
        eventually(lambda: shown(stage, run_id) == (State.PROGRESS, 3), WITHIN, "it is read")
        held.let_end()
        assert stage.ended.wait(WITHIN)


def test_a_run_whose_children_cannot_be_heard_for_another_reason_is_taken_up_again(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, run_id = Held(stage), start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        listen = first_time_raising(ValueError("unexpected"), watcher._hub.listen)
        monkeypatch.setattr(watcher._hub, "listen", listen)
        watcher.scheduler.take(run_id)
        eventually(lambda: run_id not in watcher.scheduler.runs, WITHIN, "it is let go")
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert workers.began == {("0", 1): 1}


@pytest.mark.parametrize("end", ["it ends", "its run is let go"])
def test_a_child_is_not_heard_for_ever_that_is_over_as_it_comes_to_be_heard(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    held, run_id = Held(stage), start(stage, ["watch", ["a", 0], 0])
    heard = threading.Event()
    with stage.watcher(workers) as watcher:
        listen = watcher._hub.listen

        def late(children: Iterable[Wanted]) -> None:
            _end(stage, watcher, held, run_id, end)
            try:
                listen(children)  # refused, if it is left before Redis has confirmed it
            finally:
                heard.set()

        monkeypatch.setattr(watcher._hub, "listen", late)
        watcher.scheduler.take(run_id)
        assert heard.wait(WITHIN)
        eventually(lambda: not watcher._hub._ears, WITHIN, "it isn't heard any more")
        held.let_end()


def _end(stage: Stage, watcher: Watcher, held: Held, run_id: str, end: str) -> None:
    live = watcher.scheduler.runs[run_id]
    if end == "it ends":
        held.let_end()
        assert stage.ended.wait(WITHIN)
    else:
        live.break_off()
