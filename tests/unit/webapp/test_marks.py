"""Whose turn it is, without anybody waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from webapp.relay.marks import Turn


def test_one_has_it_at_a_time_and_who_finds_it_taken_is_rung_for_once() -> None:
    rung: list[str] = []
    turn = Turn(lambda: rung.append("ring"))
    assert turn.take()
    assert not turn.take()
    assert not turn.take()
    assert rung == []
    turn.give_back()
    assert rung == ["ring"]
    assert turn.take()
    turn.give_back()
    assert rung == ["ring"]


def test_nobody_is_rung_for_who_did_not_ask() -> None:
    turn = Turn(lambda: pytest.fail("nobody asked"))
    for _ in range(3):
        assert turn.take()
        turn.give_back()


class _GivenBack(list[None]):
    """Gives the turn back between somebody's finding it taken and asking for it."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        super().__init__()
        self._give_back: Callable[[], None] | None = give_back

    def pop(self, *at: object) -> None:
        try:
            return super().pop()
        except IndexError:
            give_back, self._give_back = self._give_back, None
            if give_back is not None:
                give_back()
            raise


def test_a_turn_given_back_before_somebody_asked_is_not_missed() -> None:
    turn = Turn(lambda: None)
    assert turn.take()
    turn._free = _GivenBack(turn.give_back)
    assert turn.take()


def test_among_threads_nobody_has_it_beside_another_and_nothing_is_left_undone() -> None:
    wanted = threading.Event()
    turn = Turn(wanted.set)
    notes: list[int] = []
    done: list[int] = []
    most: list[int] = []
    inside: list[int] = []

    def emit() -> None:
        if turn.take():
            inside.append(1)
            most.append(len(inside))
            done.extend(notes.pop() for _ in range(len(notes)))
            inside.pop()
            turn.give_back()

    def note() -> None:
        for number in range(500):
            notes.append(number)
            emit()

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wanted.is_set():
        emit()  # as the flusher does, who is rung for
    assert len(done) == 4 * 500
    assert max(most) == 1
