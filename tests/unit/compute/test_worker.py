"""What a compute worker makes of the answers to its beats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from celery import Celery

from inception.compute.orders import StopMessage
from inception.compute.slots import Held
from inception.compute.worker import ComputeWorker
from inception.runs.records import BeatAnswer

HELD = Held(run_id="run", path="0", attempt=1)
NEXT = replace(HELD, attempt=2)


class Worker(ComputeWorker):
    """One that never connects, and remembers what it would stop."""

    def __init__(self) -> None:
        super().__init__(
            app=Celery("worker", set_as_current=False), url="redis://127.0.0.1:1/0",
            process="host:w:1", name="w@host", ttl=15.0, slots=1, consumed=tuple, forks=True,
        )  # fmt: skip
        self.stopped: list[Held] = []
        self._orders: Any = self

    def given_for(self, _held: Held) -> None:
        """Nothing was stopped before."""

    def stop(self, message: StopMessage | None = None) -> None:
        assert message is not None
        self.stopped.append(message.held)

    def work_on(self, held: Held) -> None:
        assert self._slots is not None
        self._slots.begin(0, held)


def answer(**told: Any) -> BeatAnswer:
    nothing: dict[str, Any] = {"intents": [], "orphans": [], "ended": [], "beats": {}}
    return BeatAnswer(**{**nothing, "now_ms": 0, "owned": 0, **told})


@pytest.mark.parametrize("what", ["intents", "orphans"])
def test_what_it_works_on_under_a_revoke_or_without_a_run_is_stopped(what: str) -> None:
    worker = Worker()
    worker.work_on(HELD)
    worker._beat(1)
    worker._answered(answer(**{what: [("run", "0")]}))
    assert worker.stopped == [HELD]


@pytest.mark.parametrize("what", ["intents", "orphans", "ended"])
def test_an_answer_says_nothing_of_what_was_begun_since_its_beat(what: str) -> None:
    """The run was retried meanwhile: the answer is about the attempt before."""
    worker = Worker()
    worker.work_on(HELD)
    for beat in range(2):
        worker._beat(beat)
        worker.work_on(NEXT if beat else HELD)
        worker._answered(answer(**({what: [("run", "0")]} if beat or what == "ended" else {})))
    assert worker.stopped == []


def test_what_has_ended_without_it_is_stopped_when_two_answers_say_so() -> None:
    worker = Worker()
    worker.work_on(HELD)
    stopped = []
    for beat in range(2):
        worker._beat(beat)
        worker._answered(answer(ended=[("run", "0")]))
        stopped.append(list(worker.stopped))
    assert stopped == [[], [HELD]]
