"""What a watcher hears late: words of an earlier try of a run that it holds anew since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from inception.runs import keys
from inception.runs.errors import StaleToken
from inception.runs.model import State
from inception.runs.records import BeatAnswer
from inception.watching import endings
from inception.watching.live import Parting
from inception.watching.timers import Timer, Timers
from inception.watching.watcher import Watcher
from tests.integration.watching.carrying import Held, start
from tests.integration.watching.stage import WITHIN, Stage, Workers
from tests.running import eventually


class Retried:
    """A run that was revoked, has ended and was retried, all in the hands of one watcher.

    `order` and `answer` are what that was told of the revoke: the word on its channel, and the
    answer to a beat.
    """

    def __init__(self, stage: Stage, watcher: Watcher) -> None:
        self._stage = stage
        self.watcher = watcher
        first = Held(stage, "0")
        self.id = start(stage, ["watch", ["a", 0], 0], ["watch", ["b", 0], 0])
        assert watcher.scheduler.take(self.id)
        first.wait()
        self.order = self._revoke()
        self.answer = BeatAnswer(
            now_ms=stage.store.now_ms(), beats={}, owned=1, intents=[(self.id, "")], orphans=[],
            ended=[],
        )  # fmt: skip
        first.let_end()
        assert stage.ended.wait(WITHIN)
        stage.ended.clear()
        self._second = Held(stage, "1")
        stage.store.retry_run(self.id, by="anna")
        self._second.wait()

    def _revoke(self) -> str:
        ears = self._stage.client.pubsub(ignore_subscribe_messages=True)
        ears.subscribe(keys.orders(self.watcher._ctx.process))
        self._stage.store.request_revoke(self.id, "", by="anna", reason=None)
        while (heard := ears.get_message(timeout=WITHIN)) is None or "revoke" not in heard["data"]:
            pass
        ears.close()
        return str(heard["data"])

    def ends_as(self) -> State:
        """Let its second child end, and tell how the run does."""
        self._second.let_end()
        assert self._stage.ended.wait(WITHIN)
        return self._stage.store.read_run(self.id)["state"]


@contextmanager
def retried(stage: Stage, workers: Workers) -> Iterator[Retried]:
    with stage.watcher(workers) as watcher:
        yield Retried(stage, watcher)


def test_the_word_of_a_revoke_that_a_retry_has_taken_back_stops_nothing(
    stage: Stage, workers: Workers
) -> None:
    with retried(stage, workers) as run:
        run.watcher._order(run.order)
        assert run.ends_as() == State.SUCCESS


def test_a_beats_answer_of_before_a_retry_stops_nothing(stage: Stage, workers: Workers) -> None:
    with retried(stage, workers) as run:
        run.watcher._rescuer._act(run.answer, set())
        assert run.ends_as() == State.SUCCESS


@pytest.mark.parametrize("path", ["", "0"])
def test_a_beats_answer_brings_a_revoke_whose_word_was_lost(
    stage: Stage, workers: Workers, path: str
) -> None:
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0], ["watch", ["b", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        held.wait()
        watcher.scheduler.hearing._on_revoke = lambda _live, _path: None
        stage.store.request_revoke(run_id, path, by="anna", reason=None)
        answer = BeatAnswer(
            now_ms=stage.store.now_ms(), beats={}, owned=1, intents=[(run_id, path)], orphans=[],
            ended=[],
        )  # fmt: skip
        watcher._rescuer._act(answer, set())
        live = watcher.scheduler.runs[run_id]
        eventually(lambda: live.intents == {path}, WITHIN, "it is heard of")
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["state"] == (State.SUCCESS if path else State.REVOKED)


def test_what_may_be_missed_many_times_is_looked_for_once(stage: Stage, workers: Workers) -> None:
    """A connection that comes and goes, or a thousand retries, leave no thousand jobs behind."""
    held = Held(stage)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        watcher.scheduler.take(run_id)
        held.wait()
        live, looked = watcher.scheduler.runs[run_id], Counter[str]()
        jobs: list[Callable[[], None]] = []
        submit, watcher._ctx.crew.submit = watcher._ctx.crew.submit, jobs.append  # type: ignore[method-assign]
        watcher.scheduler._catching_up.resync = lambda _live: looked.update(["held"])  # type: ignore[method-assign]
        watcher._rescuer._take_unowned = lambda: looked.update(["given back"])  # type: ignore[method-assign]

        def ring() -> None:
            watcher.scheduler.resync_soon(live)
            watcher._rescuer.given_back()

        for _ in range(3):
            ring()
        while jobs:
            jobs.pop(0)()
        once = dict(looked)
        ring()
        while jobs:
            jobs.pop(0)()
        watcher._ctx.crew.submit = submit  # type: ignore[method-assign]
        held.let_end()
        assert stage.ended.wait(WITHIN)

    assert once == {"held": 1, "given back": 1}
    assert looked == {"held": 2, "given back": 2}


def test_an_attempt_that_waited_for_its_time_when_its_run_was_let_go_is_heard_by_whoever_holds_it(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time comes after the run was taken anew here: nobody is to listen for the old holder."""
    monkeypatch.setattr(endings, "_FIRST_BACKOFF", 300.0)
    run_id = start(stage, ["watch", ["a", 1], 1])
    with stage.watcher(workers) as watcher:
        timers, due = watcher._ctx.timers, list[Any]()

        def call_later(delay: float, action: Callable[[], None]) -> Timer:
            if delay > 100:
                due.append(action)
            return Timers.call_later(timers, delay, action)

        timers.call_later = call_later  # type: ignore[method-assign]
        watcher.scheduler.take(run_id)
        eventually(lambda: len(due) == 1, WITHIN, "its second attempt waits for its time")
        let_go = watcher.scheduler.runs[run_id]
        watcher.scheduler.drop(let_go, Parting.BROKEN)
        held = Held(stage)
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process)
        held.wait()
        anew, task = watcher.scheduler.runs[run_id], let_go.nodes["0"].task_id
        with suppress(StaleToken):
            begin_in_time = due[0].args[0]  # it would go to the crew
            begin_in_time()
        assert not watcher._hub.hears(let_go.lane.lease.token, task)
        assert watcher._hub.hears(anew.lane.lease.token, task)
        held.let_end()
        assert stage.ended.wait(WITHIN)
