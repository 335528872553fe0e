"""A parent that says how many turns it has done is as far as these, and their children, are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inception.runs.model import ROOT
from inception.watching.rollup import RollUp


class Parent:
    """A parent's words and steps, as its frame passes them on."""

    def __init__(self, rollup: RollUp | None = None) -> None:
        self.rollup = rollup or RollUp()
        self.steps = 0

    def report(self, done: int, of: int) -> float:
        self.rollup.report(ROOT, done=done, of=of, steps=self.steps)
        self.rollup.set(ROOT, self.rollup.estimate(ROOT))
        return self.completion

    def start(self) -> str:
        path = str(self.steps)
        self.steps += 1
        self.rollup.add(path)
        self.rollup.asked(ROOT, self.steps)
        return path

    def move(self, path: str, completion: float) -> float:
        self.rollup.set(path, completion, succeeded=completion == 100)
        return self.completion

    @property
    def completion(self) -> float:
        return self.rollup.completion(ROOT)


def test_the_children_of_a_turn_say_how_far_that_turn_is() -> None:
    parent = Parent()
    parent.report(0, 4)
    assert parent.move(parent.start(), 50) == 12.5
    assert parent.move("0", 100) == 25
    assert parent.report(1, 4) == 25
    first, second = parent.start(), parent.start()
    assert parent.move(first, 100) == 37.5
    assert parent.move(second, 50) == 43.75


def test_a_turn_without_children_is_worth_its_share_once_it_is_over() -> None:
    parent = Parent()
    parent.report(0, 10)
    assert parent.report(7, 10) == 70
    assert parent.move(parent.start(), 50) == 75


def test_turns_that_are_over_count_what_their_children_have_done() -> None:
    """A loop that starts all children, and watches them afterwards."""
    parent = Parent()
    parent.report(0, 4)
    for turn in range(4):
        parent.start()
        parent.report(turn + 1, 4)
    assert parent.completion == 0
    assert parent.move("2", 100) == 25
    assert parent.move("0", 50) == 37.5


def test_a_second_loop_counts_anew_and_never_takes_anything_back() -> None:
    parent = Parent()
    for turn in range(2):
        parent.report(turn, 4)
        parent.move(parent.start(), 100)
    assert parent.report(0, 2) == 50
    assert parent.move(parent.start(), 90) == 50
    assert parent.report(1, 2) == 50
    assert parent.move(parent.start(), 50) == 70


def test_several_turns_between_two_words_share_their_children() -> None:
    parent = Parent()
    parent.report(0, 10)
    parent.move(parent.start(), 100)
    parent.move(parent.start(), 50)
    assert parent.report(3, 10) == pytest.approx(22.5)


def taken_over(recorded: dict[str, float], run: float) -> Parent:
    """What the next owner knows before the parent runs again."""
    rollup = RollUp()
    rollup.restore(ROOT, run)
    for path, completion in recorded.items():
        rollup.add(path)
        rollup.restore(path, completion)
    return Parent(rollup)


def test_a_parent_that_is_taken_over_shows_what_is_recorded_until_it_has_come_there() -> None:
    parent = taken_over({"0": 100, "1": 100, "2": 40}, run=24)
    assert parent.move("2", 60) == 24, "that it is in the third of ten turns isn't known yet"
    for turn in range(3):
        parent.report(turn, 10)
        parent.start()
        assert parent.completion == 24
    assert parent.move("2", 80) == 28


def test_a_retried_step_moves_its_parent_before_all_recorded_ones_are_asked_for() -> None:
    parent = taken_over({"0": 100, "1": 0, "2": 100, "3": 100}, run=0)
    parent.start()
    parent.start()
    assert parent.move("1", 100) > 90


@given(
    turns=st.lists(st.lists(st.floats(0, 100), max_size=3), min_size=1, max_size=8),
    at=st.integers(0, 30),
)
def test_a_crash_shows_neither_back_nor_far_ahead(turns: list[list[float]], at: int) -> None:
    """Whatever is done when: taken over after so many words, it goes on as if it weren't."""
    words = [(turn, far) for turn, children in enumerate(turns) for far in [None, *children]]

    def play(parent: Parent, upto: int) -> dict[str, float]:
        recorded = {}
        for turn, far in words[:upto]:
            if far is None:
                parent.report(turn, len(turns))
                continue
            path = parent.start()
            if path not in recorded:
                recorded[path] = far
                parent.move(path, far)
        return recorded

    whole, crashed = Parent(), Parent()
    play(whole, len(words))
    recorded = play(crashed, at)
    again = taken_over(recorded, crashed.completion)
    before = again.completion
    play(again, len(words))
    assert before <= again.completion == pytest.approx(whole.completion, abs=0.02)
