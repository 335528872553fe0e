"""What comes between two steps of a watcher: revokes, gaps, losses, words of others."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import Any

import pytest

from inception.runs.model import State
from inception.runs.paths import task_id
from inception.runs.recordtext import raw
from inception.watching.endings import failed_end
from inception.watching.live import Parting
from tests.integration.runs import held_run
from tests.integration.watching.carrying import Held, carry_on, start
from tests.integration.watching.stage import WITHIN, Stage, Workers
from tests.running import eventually


@pytest.mark.parametrize("word", ["deleted", "given_back"])
def test_what_a_child_returns_is_taken_for_no_order(
    stage: Stage, workers: Workers, word: str
) -> None:
    """Its end comes on the channel on which watchers are told of runs, too."""
    stage.body = lambda _node: {word: 3}
    run_id = start(stage, ["watch", ["a", 0], 0])
    assert carry_on(stage, run_id, workers)["value"] == [["SUCCESS", None, {word: 3}]]


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


def test_a_run_whose_parent_could_not_be_ended_is_taken_up_again(
    stage: Stage, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """What records its end raises what nobody expected, and nobody else would ever end it."""

    def before(operation: str, _words: list[Any]) -> None:
        if operation == "end_run" and "parent_broken" not in actions(caplog):
            raise ValueError("unexpected")

    stage.before = before
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        eventually(lambda: "parent_broken" in actions(caplog), 5, "it is logged")
        eventually(lambda: run_id not in watcher.scheduler.runs, 5, "it is let go")
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process), "as by a beat"
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == State.SUCCESS
    assert workers.began == {("0", 1): 1}


def test_what_is_late_of_a_run_that_was_let_go_leaves_the_one_that_was_taken_anew(
    stage: Stage, workers: Workers
) -> None:
    """A write of it that was under way finds its lane closed, and lets it go once more."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        scheduler = watcher.scheduler
        scheduler.take(run_id)
        held.wait()
        old = scheduler.runs[run_id]
        old.break_off()
        assert scheduler.take(run_id, from_owner=watcher._ctx.process)
        taken = scheduler.runs[run_id]
        scheduler.drop(old, Parting.TAKEN)
        assert scheduler.runs.get(run_id) is taken
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]


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


def test_the_death_of_a_process_that_had_only_a_copy_of_the_message_is_no_loss(
    stage: Stage, workers: Workers
) -> None:
    """It was about to be refused the claim; Celery tells of it under the running child's id."""
    died = {"exc_type": "WorkerLostError", "exc_message": ["signal 9"], "exc_module": "billiard"}
    word = json.dumps({"status": "FAILURE", "result": died, "traceback": None})
    held, judged = Held(stage), threading.Event()
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        endings = watcher.scheduler.endings
        take_word = endings.take_word

        def judge(*words: Any) -> None:
            take_word(*words)
            judged.set()

        endings.take_word = judge  # type: ignore[method-assign]
        watcher.scheduler.take(run_id)
        held.wait()
        stage.client.publish(watcher._ctx.results.channel(task_id(run_id, "0", 1)), word)
        assert judged.wait(WITHIN)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    node = stage.store.read_node(run_id, "0")
    assert (node["state"], node["attempt"], node["attempts"]) == (State.SUCCESS, 1, [])
    assert workers.began == {("0", 1): 1}


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
