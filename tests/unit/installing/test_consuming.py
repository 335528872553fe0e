"""A worker tells what its loop says it consumes, and a loop that stands still consumes nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from inception.installing.consuming import STUCK_AFTER, Consumption


class Loop:
    """Celery's consumer, whose loop turns when the test says so."""

    def __init__(self) -> None:
        self.task_consumer = SimpleNamespace(queues=[SimpleNamespace(name="children")])
        self.waiting: list[Callable[[], None]] = []

    def call_soon(self, what: Callable[[], None]) -> None:
        self.waiting.append(what)

    def turn(self) -> None:
        while self.waiting:
            self.waiting.pop()()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_there_is_a_loop_it_is_what_was_configured() -> None:
    assert Consumption(["children"]).queues() == ("children",)


def test_a_cancelled_queue_is_told_with_the_beat_after_the_next_turn() -> None:
    loop, consumption = Loop(), Consumption(["children"])
    consumption.watch(loop)
    loop.task_consumer.queues = []
    assert consumption.queues() == ("children",)
    loop.turn()
    assert consumption.queues() == ()


def test_a_loop_that_does_not_turn_consumes_nothing_until_it_does() -> None:
    loop, clock = Loop(), Clock()
    consumption = Consumption(["children"], clock)
    consumption.watch(loop)
    consumption.queues()
    clock.now = STUCK_AFTER
    assert consumption.queues() == ("children",)
    clock.now = STUCK_AFTER + 0.1
    assert consumption.queues() == ()
    loop.turn()
    assert consumption.queues() == ("children",)


def test_one_question_waits_at_a_time() -> None:
    loop, consumption = Loop(), Consumption(["children"])
    consumption.watch(loop)
    for _ in range(100):
        consumption.queues()
    assert len(loop.waiting) == 1
