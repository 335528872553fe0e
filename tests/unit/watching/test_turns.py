"""One at a time has its turn with a run, others with others, and nothing is kept of it."""

from __future__ import annotations

import threading

import pytest

from inception.watching.turns import Turns
from tests.running import eventually

BOUND = 5.0


def test_one_at_a_time_has_its_turn_with_a_run() -> None:
    turns = Turns()
    came, had = threading.Event(), threading.Event()

    def have() -> None:
        came.set()
        with turns.of("run"):
            had.set()

    with turns.of("run"):
        threading.Thread(target=have, daemon=True).start()
        assert came.wait(BOUND)
        assert not had.wait(0.1)
        with turns.of("another"):
            pass
    assert had.wait(BOUND)


def test_who_comes_after_one_left_to_another_waits_for_that_one() -> None:
    turns = Turns()
    second_has, second_leaves, third_has = (threading.Event() for _ in range(3))

    def second() -> None:
        with turns.of("run"):
            second_has.set()
            second_leaves.wait(BOUND)

    def third() -> None:
        with turns.of("run"):
            third_has.set()

    with turns.of("run"):
        threading.Thread(target=second, daemon=True).start()
        eventually(lambda: turns._turns["run"].users == 2, BOUND, "the second waits")
    assert second_has.wait(BOUND)
    threading.Thread(target=third, daemon=True).start()
    assert not third_has.wait(0.1)
    second_leaves.set()
    assert third_has.wait(BOUND)
    eventually(lambda: not turns._turns, BOUND, "nothing is kept")


def test_a_turn_ends_with_whatever_ends_it() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="within"), turns.of("run"):
        raise ValueError("within")
    with turns.of("run"):
        assert turns._turns.keys() == {"run"}
    assert turns._turns == {}
