"""A source that takes its time: who wants to know what it says, and how long they wait."""

from __future__ import annotations

import threading
import time

import pytest

from webapp.lately import Lately

PATIENCE = 0.1
WITHIN = 10.0


class Source:
    """Says how often it was asked; may hang."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = threading.Event()
        self.answers.set()
        self.told = threading.Event()

    def ask(self) -> int | None:
        self.asked += 1
        number = self.asked
        assert self.answers.wait(WITHIN)
        return number


def lately(source: Source, kept: float, patience: float = WITHIN) -> Lately[int]:
    return Lately(source.ask, name="t", kept=kept, patience=patience, then=source.told.set)


def test_it_is_asked_once_however_many_want_to_know() -> None:
    source = Source()
    said = lately(source, kept=3600.0)
    assert [said.said() for _ in range(3)] == [1, 1, 1]
    assert source.asked == 1


def test_it_is_asked_again_when_what_it_said_is_old() -> None:
    said = lately(Source(), kept=0.0)
    assert [said.said(), said.said()] == [1, 2]


def test_nobody_waits_longer_than_their_patience_for_one_that_hangs() -> None:
    source = Source()
    said = lately(source, kept=0.0, patience=PATIENCE)
    source.answers.clear()
    began = time.monotonic()
    assert [said.said() for _ in range(3)] == [None, None, None]
    assert time.monotonic() - began < 3 * PATIENCE, "each waited, though it was asked once"
    assert source.asked == 1
    source.answers.set()
    assert source.told.wait(WITHIN)


def test_one_that_knows_nothing_says_nothing_and_nothing_follows() -> None:
    source = Source()
    said: Lately[int] = Lately(
        lambda: None, name="t", kept=3600.0, patience=WITHIN, then=source.told.set
    )
    assert said.said() is None
    assert not source.told.is_set()


def test_after_it_failed_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([None, 7])
    said: Lately[int] = Lately(lambda: next(answers), name="t", kept=0.0, patience=WITHIN)
    assert [said.said(), said.said()] == [None, 7]
