"""Who waits for a run by Celery's `.get()` hears of its end, also if nobody ever held it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from celery.exceptions import TaskRevokedError

from inception.runs.model import State
from inception.watching.watcher import Watcher
from tests.integration.watching.carrying import start
from tests.integration.watching.stage import WITHIN, Stage, Workers


def waited_for(stage: Stage, pool: ThreadPoolExecutor, run_id: str) -> Future[Any]:
    """What `.get()` comes to, which is asked before the run ends."""
    asked = threading.Event()
    result = stage.app.AsyncResult(run_id)

    def get() -> object:
        asked.set()
        return result.get(timeout=WITHIN)

    future = pool.submit(get)
    assert asked.wait(WITHIN)
    return future


def revoke(stage: Stage, run_id: str) -> None:
    run = stage.store.request_revoke(run_id, "", by="anna", reason=None)
    assert run["state"] == State.REVOKED, "nobody holds it: it ends right here"


def test_a_run_that_is_revoked_before_anybody_holds_it_is_heard_of(
    stage: Stage, workers: Workers
) -> None:
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers), ThreadPoolExecutor(1) as pool:
        waiting = waited_for(stage, pool, run_id)
        revoke(stage, run_id)
        with pytest.raises(TaskRevokedError):
            waiting.result()


def test_a_run_that_was_revoked_while_no_watcher_lived_is_heard_of_when_its_message_comes(
    stage: Stage, workers: Workers
) -> None:
    run_id = start(stage, ["watch", ["a", 0], 0])
    with ThreadPoolExecutor(1) as pool:
        waiting = waited_for(stage, pool, run_id)
        revoke(stage, run_id)
        with stage.watcher(workers) as watcher:
            ring(watcher, run_id)
            with pytest.raises(TaskRevokedError):
                waiting.result()


def test_a_message_of_a_run_that_goes_on_elsewhere_says_nothing_of_its_end(
    stage: Stage, workers: Workers
) -> None:
    run_id = start(stage, ["watch", ["a", 0], 0])
    assert stage.store.claim_run(run_id, owner="other", token="theirs")
    with stage.watcher(workers) as watcher:
        ring(watcher, run_id)
        ring(watcher, "no-such-run")

        assert stage.app.AsyncResult(run_id).state == "PENDING"


def ring(watcher: Watcher, run_id: str) -> None:
    watcher.ring(run_id)
