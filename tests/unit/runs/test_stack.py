"""A stack hands out what came last, and lets those who find it empty wait in their order."""

from __future__ import annotations

import threading
import time
from queue import Empty, Full
from typing import NoReturn

import pytest

from inception.runs.stack import Stack
from inception.runs.wakeup import Wakeup

BOUND = 5.0


def waiting(stack: Stack[str]) -> tuple[threading.Thread, list[str]]:
    """A thread that waits for an item, and what it got; returns once it waits."""
    got: list[str] = []
    before = len(stack._waiting)
    thread = threading.Thread(target=lambda: got.append(stack.get(timeout=BOUND)), daemon=True)
    thread.start()
    deadline = time.monotonic() + BOUND
    while len(stack._waiting) == before and time.monotonic() < deadline:
        time.sleep(0.001)
    return thread, got


def test_the_last_one_in_is_the_first_one_out() -> None:
    stack = Stack[str](3)
    for name in "abc":
        stack.put_nowait(name)
    assert [stack.get(), stack.get(), stack.get()] == ["c", "b", "a"]


def test_it_holds_no_more_than_it_may() -> None:
    stack = Stack[str](1)
    stack.put_nowait("a")
    with pytest.raises(Full):
        stack.put_nowait("b")
    assert stack.get() == "a"


def test_who_finds_none_is_told_so_at_once_or_in_time() -> None:
    stack = Stack[str](1)
    with pytest.raises(Empty):
        stack.get(block=False)
    began = time.monotonic()
    with pytest.raises(Empty):
        stack.get(timeout=0.05)
    assert 0.05 <= time.monotonic() - began < BOUND
    stack.put_nowait("a")  # is nobody's who gave up
    assert stack.get(block=False) == "a"


def test_who_waits_longest_is_served_first() -> None:
    stack = Stack[str](2)
    first, got_first = waiting(stack)
    second, got_second = waiting(stack)
    stack.put_nowait("a")
    first.join(BOUND)
    assert (got_first, got_second) == (["a"], [])
    stack.put_nowait("b")
    second.join(BOUND)
    assert got_second == ["b"]


def test_what_was_handed_to_one_who_is_torn_away_goes_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A green thread may be ended where it waits."""
    stack = Stack[str](1)

    def torn_away(_wakeup: Wakeup, _seconds: float | None = None) -> NoReturn:
        stack.put_nowait("a")
        raise KeyboardInterrupt

    monkeypatch.setattr(Wakeup, "wait", torn_away)
    with pytest.raises(KeyboardInterrupt):
        stack.get(timeout=BOUND)
    assert stack.get(block=False) == "a"


def test_one_who_is_torn_away_waits_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack[str](1)

    def torn_away(_wakeup: Wakeup, _seconds: float | None = None) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Wakeup, "wait", torn_away)
        with pytest.raises(KeyboardInterrupt):
            stack.get(timeout=BOUND)
    stack.put_nowait("a")
    assert stack.get(block=False) == "a"
