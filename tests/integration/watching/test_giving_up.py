"""Runs that end, with all under them, though their own function isn't called, or doesn't leave."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from inception.runs import keys
from inception.runs.errors import SecretsUnreadable
from inception.runs.model import JsonValue, State
from inception.watching import bodies, deadlines
from inception.watching.watcher import Watcher
from tests.integration.watching import replayed_tasks
from tests.integration.watching.carrying import Held, start
from tests.integration.watching.replayed_tasks import be_brief, deliberate, follow_whims
from tests.integration.watching.stage import WITHIN, Death, Stage, Workers
from tests.running import eventually

NESTED: JsonValue = ["watch", ["nested", [["watch", ["a", 0], 0]]], 0]
CHILD: JsonValue = ["watch", ["a", 0], 0]


def died_with(stage: Stage, workers: Workers, *steps: JsonValue) -> tuple[str, Watcher, Held]:
    """A run whose watcher died while its child was in its body, that one, and the child."""
    held = Held(stage)
    run_id = start(stage, *steps)
    with stage.watcher(workers) as dead:
        dead.scheduler.take(run_id)
        held.wait()
    stage.ended.clear()
    return run_id, dead, held


def killed_many(stage: Stage, run_id: str) -> None:
    """Let so many watchers have died of the run that no further one is tried."""
    stage.client.hset(keys.run(run_id), "rescues", 20)


@pytest.mark.parametrize("steps", [[NESTED], [CHILD]])
def test_a_run_that_killed_many_watchers_ends_with_what_is_under_it(
    stage: Stage, workers: Workers, steps: list[JsonValue]
) -> None:
    """What it had started is stopped: nobody runs the parents among it any more."""
    run_id, dead, held = died_with(stage, workers, *steps)
    killed_many(stage, run_id)
    with stage.watcher(workers) as watcher:
        assert watcher.scheduler.take(run_id, from_owner=dead._ctx.process)
        eventually(
            lambda: stage.store.load_run(run_id).intents != {}, WITHIN, "it is asked to stop"
        )
        held.let_end()
        assert stage.ended.wait(WITHIN)

    run = stage.store.read_run(run_id)
    assert run["state"] == State.FAILURE
    assert (run["meta"]["error"] or "").startswith("Taken over 21 times in a row")


def test_a_run_that_killed_many_watchers_ends_with_a_child_that_nobody_took(
    stage: Stage, workers: Workers
) -> None:
    """Its message was lost, and only the parent's own function would send it again."""
    run_id = start(stage, CHILD)
    with stage.watcher(workers) as dead:
        dead._ctx.outbox.send = lambda *_words: None  # type: ignore[method-assign]
        dead.scheduler.take(run_id)
        eventually(lambda: stage.client.hexists(keys.nodes(run_id), "0"), WITHIN, "it is recorded")
    killed_many(stage, run_id)
    with stage.watcher(workers) as watcher:
        assert watcher.scheduler.take(run_id, from_owner=dead._ctx.process)
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["counts"] == {State.REVOKED: 1}


def test_a_run_that_is_revoked_and_whose_secrets_cant_be_read_ends(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, dead, held = died_with(stage, workers, NESTED)
    stage.store.request_revoke(run_id, "", by="anna", reason=None)
    with stage.watcher(workers) as watcher:

        def no_key(_sealed: object) -> Any:
            raise SecretsUnreadable("the key is gone")

        monkeypatch.setattr(watcher.scheduler._vault, "open", no_key)
        assert watcher.scheduler.take(run_id, from_owner=dead._ctx.process)
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == State.REVOKED


def test_a_revoked_run_ends_though_its_function_never_comes_to_what_it_had_started(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken over, it stands still before it asks for the nested parent that it started before."""
    monkeypatch.setattr(bodies, "UNWIND", 0.05)
    held, may_leave, stands = Held(stage), threading.Event(), threading.Event()
    run_id = stage.record(deliberate.name, steps=[CHILD])
    with stage.watcher(workers) as dead:
        dead.scheduler.take(run_id)
        held.wait()
    monkeypatch.setattr(replayed_tasks, "ponder", [stands.set, lambda: may_leave.wait(4 * WITHIN)])
    with stage.watcher(workers) as watcher:
        assert watcher.scheduler.take(run_id, from_owner=dead._ctx.process)
        assert stands.wait(WITHIN)
        stage.store.request_revoke(run_id, "", by="anna", reason=None)
        held.let_end()
        ended = stage.ended.wait(WITHIN)
        may_leave.set()

    assert ended
    assert stage.store.read_run(run_id)["state"] == State.REVOKED


def test_a_retried_parent_that_changes_its_mind_about_a_child_that_runs_is_told_so(
    stage: Stage, workers: Workers
) -> None:
    """It may ask for something else in place of what failed, once; nobody asked it to stop."""
    run_id = stage.record(follow_whims.name)
    replayed_tasks.whims.append(("a", 1))
    failed = stage.play(run_id, workers, deaths=iter([Death()]))
    stage.store.retry_run(run_id, by="anna")
    replayed_tasks.whims.append(("b", 0))
    held = Held(stage)
    with stage.watcher(workers) as dead:
        dead.scheduler.take(run_id)
        held.wait()
    replayed_tasks.whims.append(("c", 0))
    stage.ended.clear()
    with stage.watcher(workers) as watcher:
        assert watcher.scheduler.take(run_id, from_owner=dead._ctx.process)
        eventually(lambda: stage.store.load_run(run_id).intents != {}, WITHIN, "`b` is stopped")
        held.let_end()
        assert stage.ended.wait(WITHIN)
    replayed_tasks.whims.clear()

    run = stage.store.read_run(run_id)
    assert failed["state"] == run["state"] == State.FAILURE
    assert "now the parent passes others" in (run["meta"]["error"] or "")


def test_a_nested_parent_whose_time_is_up_ends_though_its_function_doesnt_leave(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for nothing more, so no verb tells it; who watches it is told in time."""
    monkeypatch.setattr(deadlines, "UNWIND", 0.05)
    may_leave = threading.Event()
    held = Held(stage, "0.0")
    monkeypatch.setattr(replayed_tasks, "ponder", [lambda: may_leave.wait(4 * WITHIN)])
    run_id = stage.record(be_brief.name, seconds=0.1)
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        held.wait()
        asked = lambda: stage.store.load_run(run_id).intents.keys() == {"0.0"}  # noqa: E731
        eventually(asked, WITHIN, "its child is stopped")
        held.let_end()
        ended = stage.ended.wait(WITHIN)
        may_leave.set()

    assert ended
    run = stage.store.read_run(run_id)
    assert (run["state"], run["value"]) == (State.SUCCESS, "timeout: not ended within 0.1 s")
