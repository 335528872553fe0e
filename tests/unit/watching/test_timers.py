"""Deadlines come in order, and cancelled ones don't come."""

from __future__ import annotations

import queue
import threading

import pytest

from inception.watching.timers import Timers

BOUND = 5.0


@pytest.fixture
def timers():
    timers = Timers()
    timers.start()
    yield timers
    timers.stop()


def test_deadlines_come_in_the_order_of_their_times(timers):
    came: queue.Queue[str] = queue.Queue()
    timers.call_later(0.06, lambda: came.put("later"))
    timers.call_later(0.02, lambda: came.put("sooner"))

    assert [came.get(timeout=BOUND), came.get(timeout=BOUND)] == ["sooner", "later"]


def test_a_cancelled_deadline_never_comes(timers):
    came: queue.Queue[str] = queue.Queue()
    timers.call_later(0.01, lambda: came.put("cancelled")).cancel()
    timers.call_later(0.03, lambda: came.put("kept"))

    assert came.get(timeout=BOUND) == "kept"
    assert came.empty()


def test_an_action_that_fails_leaves_the_others_alone(timers):
    came = threading.Event()
    timers.call_later(0.0, lambda: 1 / 0)
    timers.call_later(0.01, came.set)

    assert came.wait(BOUND)


def test_many_cancelled_deadlines_are_thrown_away(timers):
    for timer in [timers.call_later(600, lambda: None) for _ in range(5000)]:
        timer.cancel()

    assert len(timers._heap) < 2500
