"""What a watcher finds that takes a run over, and what comes between two of its own steps."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import redis

from inception.runs import keys
from inception.runs.model import JsonValue, State
from inception.runs.paths import task_id
from inception.runs.recordtext import raw
from inception.watching.endings import failed_end
from inception.watching.live import LiveNode
from inception.watching.watcher import Watcher
from tests.integration.runs import held_run
from tests.integration.watching.replayed_tasks import body, doze_off, play, take_turns
from tests.integration.watching.stage import WITHIN, Death, Stage, Workers
from tests.running import eventually


@pytest.fixture
def workers(stage: Stage) -> Iterator[Workers]:
    workers = Workers(stage)
    yield workers
    workers.close()


class Held:
    """Children that stand in their bodies, all or the one at `path`, until they may end."""

    def __init__(self, stage: Stage, path: str | None = None) -> None:
        self._path = path
        self._began, self._may_end = threading.Event(), threading.Event()
        stage.body = self._body

    def wait(self) -> None:
        """Return once one of them is in its body."""
        assert self._began.wait(WITHIN)

    def let_end(self) -> None:
        """Let them end, and those that come."""
        self._may_end.set()

    def _body(self, node: LiveNode) -> JsonValue:
        if self._path in (None, node.path):
            self._began.set()
            assert self._may_end.wait(WITHIN)
        return body(node)


def start(stage: Stage, *steps: JsonValue) -> str:
    return stage.record(play.name, run="run", path="", steps=list(steps))


def carry_on(stage: Stage, run_id: str, workers: Workers, *, after: Watcher | None = None) -> Any:
    """Let a new watcher carry the run on until it ends, and return the run."""
    stage.ended.clear()
    with stage.watcher(workers) as watcher:
        owner = after._ctx.process if after else ""
        assert watcher.scheduler.take(run_id, from_owner=owner)
        assert stage.ended.wait(WITHIN)
    return stage.store.read_run(run_id)


@pytest.mark.parametrize("word", ["deleted", "given_back"])
def test_what_a_child_returns_is_taken_for_no_order(
    stage: Stage, workers: Workers, word: str
) -> None:
    """Its end comes on the channel on which watchers are told of runs, too."""
    stage.body = lambda _node: {word: 3}
    run_id = start(stage, ["watch", ["a", 0], 0])
    assert carry_on(stage, run_id, workers)["value"] == [["SUCCESS", None, {word: 3}]]


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


def broken(_task_ids: Any) -> Any:
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


def revoke_before(stage: Stage, run_id: str, path: str, name: str, word: str) -> None:
    """Store an intent right before an operation that says `word`; nobody is told."""

    def before(operation: str, words: list[Any]) -> None:
        if operation == name and word in words:
            stage.before = lambda _name, _words: None
            stage.store.request_revoke(run_id, path, by="anna", reason=None)

    stage.before = before


@pytest.mark.parametrize("path", ["", "0"])
def test_an_end_that_a_revoke_came_before_says_nothing_of_success(
    stage: Stage, workers: Workers, path: str
) -> None:
    """The run's, and a nested parent's; the watcher hears of the revoke only by the refusal."""
    run_id = start(stage, ["watch", ["n", [["now"]]], 0])
    name, word = ("end_run", State.SUCCESS) if path == "" else ("write", raw(State.SUCCESS))
    with stage.watcher(workers) as watcher:
        watcher.scheduler.hearing.order = lambda _text: None  # type: ignore[method-assign]
        revoke_before(stage, run_id, path, name, word)
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    run = stage.store.read_run(run_id)
    meta = run["meta"] if path == "" else stage.store.read_node(run_id, path)["meta"]
    assert (meta["status"], meta["error"]) == ("ERROR", "Revoked")
    if path == "":
        assert (run["state"], run["counts"]) == (State.REVOKED, {"SUCCESS": 1})
        assert meta["completion"] < 100
    else:
        assert (run["state"], run["counts"]) == (State.SUCCESS, {"REVOKED": 1})
        assert run["value"] == [["REVOKED", "Revoked", None]]


def test_a_job_for_a_run_that_is_anothers_is_no_fault(
    stage: Stage, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run_id = start(stage, ["watch", ["a", 0], 0])
    held = Held(stage)
    with stage.watcher(workers) as frozen:
        frozen.scheduler.take(run_id)
        held.wait()
        live = frozen.scheduler.runs[run_id]
        with stage.watcher(workers) as other:
            assert other.scheduler.take(run_id, from_owner=frozen._ctx.process)
            late = partial(frozen.scheduler._end_run, live, failed_end(live.root.meta, "late"))
            frozen._ctx.crew.submit(late)
            eventually(lambda: "job_fenced" in actions(caplog), 5, "it is told of")
            held.let_end()
            assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == State.SUCCESS
    assert "job_failed" not in actions(caplog)


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


def test_a_run_whose_job_failed_waits_for_it_no_more_and_is_taken_up_again(
    stage: Stage, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """What stops its children on a revoke raises what nobody expected."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        scheduler, revoker = watcher.scheduler, watcher.scheduler.revoker
        scheduler.take(run_id)
        held.wait()
        stop, revoker.stop = revoker.stop, lambda *_nodes: {}["unexpected"]  # type: ignore[method-assign]
        stage.store.request_revoke(run_id, "", by="anna", reason=None)
        eventually(lambda: run_id not in scheduler.runs, 5, "it is let go")
        eventually(lambda: "job_failed" in actions(caplog), 5, "it is logged")
        revoker.stop = stop  # type: ignore[method-assign]
        assert scheduler.take(run_id, from_owner=watcher._ctx.process), "as the next beat does"
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == State.REVOKED


def actions(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {str(getattr(record, "action", "")) for record in caplog.records}


def test_what_redis_has_lost_of_a_run_is_done_again(stage: Stage, workers: Workers) -> None:
    """Redis comes back without a step that the owner knows of; nobody would ever end it."""
    second, kept = Held(stage, "1"), dict[str, Any]()

    def before(operation: str, words: list[Any]) -> None:
        if operation == "spawn" and raw("1") in words and not kept:
            kept.update(held_run.kept_of(stage.client, run_id))

    stage.before = before
    run_id = start(stage, ["watch", ["a", 0], 0], ["watch", ["b", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        second.wait()
        held_run.lose_what_is_not(stage.client, run_id, kept)
        watcher._gap()
        eventually(lambda: run_id not in watcher.scheduler.runs, 5, "it is let go")
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process)
        # The first body's end would be taken, too, once the step is recorded again.
        eventually(lambda: workers.began["1", 1] == 2, 5, "it has begun again")
        second.let_end()
        assert stage.ended.wait(WITHIN)

    run = stage.store.read_run(run_id)
    assert run["value"] == [["SUCCESS", None, "a"], ["SUCCESS", None, "b"]]
    assert workers.began == {("0", 1): 1, ("1", 1): 2}


def test_the_death_of_an_earlier_delivery_is_a_loss_and_no_end(
    stage: Stage, workers: Workers
) -> None:
    """Celery tells of it under the same id; its claim, or its very step, Redis has lost."""
    died = {"exc_type": "WorkerLostError", "exc_message": ["signal 9"], "exc_module": "billiard"}
    word = json.dumps({"status": "FAILURE", "result": died, "traceback": None})
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        send = watcher._ctx.outbox.send
        unclaimed = threading.Event()
        watcher._ctx.outbox.send = lambda *_sent: unclaimed.set()  # type: ignore[method-assign]
        watcher.scheduler.take(run_id)
        assert unclaimed.wait(WITHIN)
        watcher._ctx.outbox.send = send  # type: ignore[method-assign]
        stage.client.publish(watcher._ctx.results.channel(task_id(run_id, "0", 1)), word)
        assert stage.ended.wait(WITHIN)

    node = stage.store.read_node(run_id, "0")
    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]
    assert (node["attempt"], [one["state"] for one in node["attempts"]]) == (2, [State.LOST])


def test_what_is_read_after_a_gap_does_not_follow_what_was_heard_meanwhile(
    stage: Stage, workers: Workers
) -> None:
    """The read word is the older one then: the child would seem to go back."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        results = watcher._ctx.results
        channel, read = results.channel(task_id(run_id, "0", 1)), results.read

        def say(iteration: int) -> None:
            meta = {"iteration": iteration, "total": 9}
            word = json.dumps({"status": "PROGRESS", "result": meta, "traceback": None})
            stage.client.set(channel, word)
            stage.client.publish(channel, word)
            eventually(lambda: shown(stage, run_id) == iteration, 5, "it is shown")

        def read_late(task_ids: Any) -> Any:
            found = read(task_ids)
            say(2)
            return found

        watcher.scheduler.take(run_id)
        held.wait()
        say(1)
        live = watcher.scheduler.runs[run_id]
        for read_now in (read_late, read):  # the second time it tells what is known already
            results.read = read_now  # type: ignore[method-assign]
            watcher.scheduler._catching_up.resync(live)
            eventually(lambda: not live.nodes["0"].unsent, 5, "all is written")
        say(3)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    epoch = stage.store.read_run(run_id)["epoch"]
    nodes = [e["node"] for e in stage.store.events_since(run_id, epoch, 0)["events"] if "node" in e]
    told = [node["meta"]["iteration"] for node in nodes if node["state"] == State.PROGRESS]
    assert told == [1, 2, 3]


def shown(stage: Stage, run_id: str) -> int:
    return stage.store.read_node(run_id, "0")["meta"]["iteration"]
