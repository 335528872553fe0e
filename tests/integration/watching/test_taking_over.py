"""What a watcher finds that takes a run over."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

import pytest
import redis
from celery.exceptions import Ignore

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.model import State
from inception.runs.records import BeatAnswer, ClaimedRun
from inception.watching import scheduler
from inception.watching.live_node import LiveNode
from tests.integration.watching.carrying import Held, carry_on, start
from tests.integration.watching.replayed_tasks import body, doze_off, play, take_turns
from tests.integration.watching.stage import WITHIN, Death, Stage, Workers
from tests.running import eventually


@pytest.mark.parametrize("verb", ["watch", "watch_later"])
def test_an_attempt_that_failed_while_no_watcher_lived_is_followed_by_its_retry(
    stage: Stage, workers: Workers, verb: str
) -> None:
    """Whether the child was started by its watch, or before it."""
    held = Held(stage)
    run_id = start(stage, [verb, ["a", 1], 1])
    with stage.watcher(workers) as first:
        first.scheduler.take(run_id)
        held.wait()
        journal = keys.journal(run_id)
        eventually(lambda: stage.client.hexists(journal, keys.retries("0")), 5, "it is watched")
    held.let_end()
    eventually(lambda: stage.store.read_end(run_id, "0") is not None, 5, "it has failed")

    run = carry_on(stage, run_id, workers, after=first)

    node = stage.store.read_node(run_id, "0")
    assert (run["state"], run["value"]) == (State.SUCCESS, [["SUCCESS", None, "a"]])
    assert workers.began == {("0", 1): 1, ("0", 2): 1}
    assert [one["state"] for one in node["attempts"]] == [State.FAILURE]


def test_a_watcher_that_holds_as_many_runs_as_it_may_leaves_the_next_to_others(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "MAX_RUNS", 1)
    held = Held(stage)
    first, second = (start(stage, ["watch", ["a", 0], 0]) for _ in range(2))
    with stage.watcher(workers) as full, stage.watcher(workers) as other:
        assert full.scheduler.take(first)
        held.wait()
        assert not full.scheduler.take(second)
        assert stage.store.read_run(second)["state"] == State.PENDING
        assert other.scheduler.take(second)
        held.let_end()
        ended = lambda run_id: stage.store.read_run(run_id)["state"] == State.SUCCESS  # noqa: E731
        eventually(lambda: ended(first) and ended(second), WITHIN, "both ends")


def test_a_run_that_is_being_taken_while_its_watcher_leaves_is_given_back(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as leaving:
        claim = leaving._ctx.store.claim_run

        def claim_late(run_id: str, **words: Any) -> ClaimedRun | None:
            leaving.scheduler.give_back_all()
            return claim(run_id, **words)

        monkeypatch.setattr(leaving._ctx.store, "claim_run", claim_late)
        assert not leaving.scheduler.take(run_id)

    assert stage.store.holders([run_id]) == {run_id: ("", "")}
    assert stage.store.unowned(older_than_ms=60_000, limit=10) == [run_id]
    assert carry_on(stage, run_id, workers)["state"] == State.SUCCESS


def test_a_child_that_fails_before_its_parent_waits_for_it_is_started_again(
    stage: Stage, workers: Workers
) -> None:
    def send(run_id: str, node: LiveNode, *_what_is_sent: object) -> None:
        attempt = node.attempt
        workers.work(run_id, node, node.path, attempt)
        eventually(lambda: node.settled >= attempt, 5, "the watcher has heard of the end")

    run_id = start(stage, ["watch", ["a", 1], 1])
    with stage.watcher(workers) as watcher:
        watcher._ctx.outbox.send = send  # type: ignore[method-assign]
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]
    assert workers.began == {("0", 1): 1, ("0", 2): 1}


def test_a_redis_that_fails_in_the_middle_of_a_take_over_only_delays_it(
    stage: Stage, workers: Workers
) -> None:
    run_id, failed, held = lost_while_its_child_runs(stage, workers)
    with stage.watcher(workers) as second:
        results = second._ctx.results
        read, answers = results._client.mget, [redis.ConnectionError("away"), None]

        def mget(names: Any) -> Any:
            if (error := answers.pop(0) if answers else None) is not None:
                raise error
            return read(names)

        results._client.mget = mget  # type: ignore[method-assign]
        assert second.scheduler.take(run_id, from_owner=failed)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert answers == []
    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]


def test_a_take_over_that_breaks_off_leaves_no_run_held_and_never_begun(
    stage: Stage, workers: Workers
) -> None:
    run_id, failed, held = lost_while_its_child_runs(stage, workers)
    with stage.watcher(workers) as second:
        read, second._ctx.results.read = second._ctx.results.read, broken  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            second.scheduler.take(run_id, from_owner=failed)
        assert run_id not in second.scheduler.runs

        second._ctx.results.read = read  # type: ignore[method-assign]
        assert second.scheduler.take(run_id, from_owner=second._ctx.process)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == State.SUCCESS


def test_a_foreign_message_makes_its_run_though_redis_is_away_as_it_comes(
    stage: Stage, workers: Workers
) -> None:
    """It was acknowledged before: nothing else knows of it, and nobody would send it again."""
    with stage.watcher(workers) as watcher:
        store, away = watcher._store, [StoreUnavailable("away")]
        create_run = store.create_run

        def create(new: Any) -> Any:
            if away:
                raise away.pop()
            return create_run(new)

        store.create_run = create  # type: ignore[method-assign]
        task = stage.app.tasks[play.name]
        task.push_request(id="sent-by-name", headers=None)
        try:
            with pytest.raises(Ignore):
                watcher.execute(task, (), {"run": "foreign", "path": "", "steps": [["now"]]})
        finally:
            task.pop_request()
        assert stage.ended.wait(WITHIN)

    assert away == []
    assert stage.store.read_run("sent-by-name")["state"] == State.SUCCESS


def test_a_loss_that_cant_be_acted_upon_leaves_no_run_to_wait_for_it(
    stage: Stage, workers: Workers
) -> None:
    """It is told of once: the run is let go, and taken up again from its record."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        held.wait()
        node = watcher.scheduler.runs[run_id].nodes["0"]
        eventually(lambda: node.claim is not None, WITHIN, "its claim is heard of")
        new_attempt, store = watcher._ctx.store.new_attempt, watcher._ctx.store
        store.new_attempt = broken  # type: ignore[method-assign, assignment]
        answer = BeatAnswer(
            now_ms=stage.store.now_ms(), beats={}, owned=1, intents=[], orphans=[], ended=[]
        )
        with suppress(ZeroDivisionError):
            watcher._rescuer._act(answer, {"host:played:1"})
        assert run_id not in watcher.scheduler.runs

        store.new_attempt = new_attempt  # type: ignore[method-assign]
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process)
        held.let_end()
        assert stage.ended.wait(WITHIN)


def broken(*_words: Any, **_more: Any) -> Any:
    raise ZeroDivisionError


def lost_while_its_child_runs(stage: Stage, workers: Workers) -> tuple[str, str, Held]:
    """A run whose watcher died, the name of that one, and the run's child."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as first:
        first.scheduler.take(run_id)
        held.wait()
    return run_id, first._ctx.process, held


def test_losses_take_nothing_from_the_retries_of_a_watch(stage: Stage, workers: Workers) -> None:
    """The first attempt is lost, the second fails: each while another watcher is dead."""
    run_id = start(stage, ["watch", ["a", 2], 1])
    with stage.watcher(workers, Death(after=2)) as first:  # recorded and sent, no more
        first.scheduler.take(run_id)
        eventually(lambda: stage.store.read_end(run_id, "0") is not None, 5, "it has failed")
    end = str(stage.client.hget(keys.claims(run_id), "0:end"))
    stage.client.hset(keys.claims(run_id), "0:end", end.replace('"FAILURE"', '"LOST"'))
    may_end = threading.Event()
    stage.body = lambda node: may_end.wait(WITHIN) and body(node)
    with stage.watcher(workers) as second:
        second.scheduler.take(run_id, from_owner=first._ctx.process)
        eventually(lambda: workers.began["0", 2] == 1, 5, "it is started again")
    may_end.set()
    eventually(lambda: stage.store.read_end(run_id, "0") is not None, 5, "it has failed")

    stage.body = lambda node: "third"
    run = carry_on(stage, run_id, workers, after=second)

    attempts = stage.store.read_node(run_id, "0")["attempts"]
    assert [one["state"] for one in attempts] == [State.LOST, State.FAILURE]
    assert run["value"] == [["SUCCESS", None, "third"]]


def test_a_sleep_lasts_as_long_as_was_asked_though_watchers_disagree_on_the_time(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, held = time.time, Held(stage)
    run_id = start(stage, ["sleep"], ["watch", ["a", 0], 0])
    monkeypatch.setattr(time, "time", lambda: right() + 3600)
    with stage.watcher(workers) as an_hour_ahead:
        an_hour_ahead.scheduler.take(run_id)
        held.wait()
    monkeypatch.setattr(time, "time", right)
    held.let_end()

    assert carry_on(stage, run_id, workers, after=an_hour_ahead)["state"] == State.SUCCESS


def test_a_parent_that_sleeps_has_said_where_it_is(stage: Stage, workers: Workers) -> None:
    run_id = stage.record(doze_off.name, turns=4)
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        meta = lambda: stage.store.read_run(run_id)["meta"]  # noqa: E731
        eventually(lambda: (meta()["iteration"], meta()["completion"]) == (3, 75), 5, "it is told")


def test_a_loop_of_turns_is_as_far_as_before_when_it_is_taken_over(
    stage: Stage, workers: Workers
) -> None:
    third = Held(stage, "2")

    def completion() -> float:
        return stage.store.read_run(run_id)["meta"]["completion"]

    run_id = stage.record(take_turns.name, words=["a", "b", "c", "d"])
    with stage.watcher(workers) as first:
        first.scheduler.take(run_id)
        third.wait()
        eventually(lambda: completion() == 50, 5, "two of four turns are over")
    stage.ended.clear()
    with stage.watcher(workers) as second:
        assert second.scheduler.take(run_id, from_owner=first._ctx.process)
        live = second.scheduler.runs[run_id]
        eventually(lambda: live.frames[""]._steps == 3, 5, "it has come to the third again")
        assert live.rollup.completion("") == 50
        third.let_end()
        assert stage.ended.wait(WITHIN)

    run = stage.store.read_run(run_id)
    assert (run["value"], run["meta"]["completion"]) == (4, 100)


def test_a_parent_that_watches_a_list_is_as_far_as_all_that_is_in_it(
    stage: Stage, workers: Workers
) -> None:
    """Also those that wait for their turn, and where another watcher takes it over."""
    second = Held(stage, "1")

    def completion() -> float:
        return stage.store.read_run(run_id)["meta"]["completion"]

    run_id = start(stage, ["watch_all", [["a", 0], ["b", 0], ["c", 0], ["d", 0]], 1, 0])
    with stage.watcher(workers) as first:
        first.scheduler.take(run_id)
        second.wait()
        eventually(lambda: completion() == 25, WITHIN, "one of four is done")
    stage.ended.clear()
    with stage.watcher(workers) as other:
        assert other.scheduler.take(run_id, from_owner=first._ctx.process)
        live = other.scheduler.runs[run_id]
        eventually(lambda: live.frames[""]._steps == 2, WITHIN, "it has come to the second again")
        assert live.rollup.completion("") == 25
        second.let_end()
        assert stage.ended.wait(WITHIN)

    assert completion() == 100
