"""A watcher stands still in the middle of something, another one takes its run over, it goes on."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from inception.runs.model import State
from inception.runs.records import Lease
from inception.watching.watcher import Watcher
from tests.integration.watching.carrying import start
from tests.integration.watching.stage import WITHIN, Stage, Workers
from tests.integration.watching.test_stopping import take_turns
from tests.running import eventually


class Freeze:
    """Holds the first operation of that name up, before Redis is asked or once it has answered."""

    def __init__(self, stage: Stage, when: str, name: str) -> None:
        self._name = name
        self.frozen, self._thawed = threading.Event(), threading.Event()
        if when == "before":
            stage.before = lambda operation, _words: self._hold(operation)
        else:
            stage.after = self._hold

    def wait(self) -> None:
        """Return once it is held up."""
        assert self.frozen.wait(WITHIN)

    def thaw(self) -> None:
        """Let it go on."""
        self._thawed.set()

    def _hold(self, operation: str) -> None:
        if operation == self._name and not self.frozen.is_set():
            self.frozen.set()
            assert self._thawed.wait(WITHIN)


def beat_of(watcher: Watcher, run_id: str) -> None:
    """What the next beat of a process does that held this run."""
    live = watcher.scheduler.runs.get(run_id)
    if live is not None:
        watcher.scheduler.recheck([live])


def has_left(watcher: Watcher, frames: dict[str, Any]) -> bool:
    return not watcher.scheduler.runs and not frames


@pytest.mark.parametrize("along", [True, False])
@pytest.mark.parametrize(
    ("when", "name"),
    [
        ("before", "spawn"), ("after", "spawn"),
        ("before", "record_value"), ("after", "record_value"),
        ("before", "stop_steps"), ("after", "stop_steps"),
        ("before", "end_run"),
    ],
)  # fmt: skip
def test_what_a_frozen_watcher_was_about_to_do_comes_to_nothing(
    stage: Stage, workers: Workers, when: str, name: str, along: bool
) -> None:
    """Whoever holds the run stops `d`; nothing begins twice, and the stale parent leaves."""
    stage.along = along
    freeze = Freeze(stage, when, name)
    until = freeze.frozen if name == "stop_steps" else None
    run_id = take_turns(stage, ["watch", ["last", 0], 0], until=until)
    with stage.watcher(workers) as frozen:
        frozen.scheduler.take(run_id)
        freeze.wait()
        frames = frozen.scheduler.runs[run_id].frames
        with stage.watcher(workers) as other:
            assert other.scheduler.take(run_id, from_owner=frozen._ctx.process)
            assert stage.ended.wait(WITHIN)
            before = stage.store.load_run(run_id)
            freeze.thaw()
            beat_of(frozen, run_id)
            eventually(lambda: has_left(frozen, frames), WITHIN, "the stale parent leaves")

    run = stage.store.read_run(run_id)
    assert (run["state"], run["value"][0]) == (State.SUCCESS, [True, False])
    assert set(workers.began.values()) == {1}
    assert stage.store.load_run(run_id) == before


def test_a_watcher_that_froze_before_a_retry_changes_nothing_of_it(
    stage: Stage, workers: Workers
) -> None:
    """Its run has failed in other hands and was retried; nobody holds it when it wakes."""
    freeze = Freeze(stage, "before", "spawn")
    run_id = start(stage, ["watch", ["a", 0], 0], ["fail"])
    with stage.watcher(workers) as frozen:
        frozen._rescuer.given_back = lambda: None  # type: ignore[method-assign]  # it is frozen
        frozen.scheduler.take(run_id)
        freeze.wait()
        frames = frozen.scheduler.runs[run_id].frames
        with stage.watcher(workers) as other:
            assert other.scheduler.take(run_id, from_owner=frozen._ctx.process)
            assert stage.ended.wait(WITHIN)
        stage.store.retry_run(run_id, by="anna")
        before = stage.store.load_run(run_id)
        freeze.thaw()
        beat_of(frozen, run_id)
        eventually(lambda: has_left(frozen, frames), WITHIN, "the stale parent leaves")

    after = stage.store.load_run(run_id)
    assert before.run["state"] == State.RETRY
    assert after == before
    assert workers.began == {("0", 1): 1}


def test_a_watcher_that_hands_over_late_gives_nothing_of_anothers_back(stage: Stage) -> None:
    """It froze as it left; its runs were taken for a dead one's meanwhile."""
    run_id = start(stage, ["now"])
    assert stage.store.claim_run(run_id, owner="leaving", token="its")
    assert stage.store.claim_run(run_id, owner="other", token="theirs", from_owner="leaving")

    assert stage.store.give_back("leaving", [(run_id, "its")]) == 0
    assert stage.store.holders([run_id]) == {run_id: ("other", "theirs")}
    assert stage.store.unowned(older_than_ms=0, limit=9) == []


def test_a_run_that_kills_each_of_its_watchers_ends_and_says_so(
    stage: Stage, workers: Workers
) -> None:
    """Twenty were tried, and none recorded a step."""
    run_id = start(stage, ["watch", ["a", 0], 0])
    lease = Lease(run_id=run_id, owner="dead0", token="token")
    assert stage.store.claim_run(run_id, owner=lease.owner, token=lease.token)
    for number in range(1, 21):
        assert stage.store.claim_run(
            run_id, owner=f"dead{number}", token="token", from_owner=f"dead{number - 1}",
            rescue=True,
        )  # fmt: skip
    with stage.watcher(workers) as watcher:
        assert watcher.scheduler.take(run_id, from_owner="dead20")
        assert stage.ended.wait(WITHIN)

    run = stage.store.read_run(run_id)
    assert run["state"] == State.FAILURE
    assert (run["meta"]["error"] or "").startswith("Taken over 21 times in a row")
    assert workers.began == {}
