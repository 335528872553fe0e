from __future__ import annotations

import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from inception import report, track
from inception.authoring import reporting
from inception.authoring.redaction import redacting
from inception.authoring.reporting import LONGEST_STRIDE
from inception.authoring.voice import PAUSE, Voice, speaking
from inception.runs.meta import CUT_MARK
from inception.runs.model import MAX_MESSAGE_BYTES, Meta


class Clock:
    """A clock that the test moves; every look at it is counted."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(reporting, "monotonic", clock)
    return clock


@pytest.fixture
def words() -> Iterator[list[Meta]]:
    """Every word that the task under test says."""
    said: list[Meta] = []

    def deliver(meta: Meta) -> bool:
        said.append(meta)
        return True

    with speaking(Voice(deliver, pause=0.0)):
        yield said


def iterations(words: list[Meta]) -> list[int]:
    return [word["iteration"] for word in words]


def test_track_yields_what_it_wraps(words: list[Meta]) -> None:
    assert list(track("abc")) == ["a", "b", "c"]
    assert list(track(iter([1, 2]))) == [1, 2]
    assert list(track([])) == []


def test_first_and_last_are_always_said(words: list[Meta], clock: Clock) -> None:
    for _ in track(range(1000), message="Counting"):
        pass
    assert iterations(words) == [0, 1000]
    assert words[-1]["total"] == 1000
    assert words[-1]["completion"] == 100.0
    assert words[0]["message"] == "Counting"


def test_a_slow_loop_says_every_iteration(words: list[Meta], clock: Clock) -> None:
    for _ in track(range(5)):
        clock.time += 1
    assert iterations(words)[:-1] == [0, 1, 2, 3, 4, 5]


def test_between_them_at_most_one_word_in_50_ms(words: list[Meta], clock: Clock) -> None:
    for _ in track(range(100)):
        clock.time += PAUSE / 5
    assert 100 / 5 - 1 <= len(words) <= 100 / 5 + 2


def test_a_fast_loop_seldom_looks_at_the_clock(words: list[Meta], clock: Clock) -> None:
    for _ in track(range(8000)):
        pass
    assert clock.looks < 8000 / LONGEST_STRIDE + 20


def test_a_loop_that_turns_slow_is_late_by_one_stride_at_most(
    words: list[Meta], clock: Clock
) -> None:
    for number in track(range(1000 + LONGEST_STRIDE)):
        clock.time += 1 if number >= 1000 else 0
    assert any(1000 < iteration <= 1000 + LONGEST_STRIDE for iteration in iterations(words)[:-1])


def test_leaving_the_loop_says_how_far_it_came(words: list[Meta]) -> None:
    for number in track(range(100)):
        if number == 7:
            break
    assert words[-1]["iteration"] == 7


def test_an_exception_says_how_far_it_came(words: list[Meta]) -> None:
    def body() -> None:
        with track(total=3) as bar:
            bar.update(2)
            raise KeyError

    with pytest.raises(KeyError):
        body()
    assert words[-1]["iteration"] == 2


def test_an_unknown_total_stays_unknown(words: list[Meta]) -> None:
    list(track(iter(range(3))))
    assert words[-1]["total"] is None
    assert words[-1]["iteration"] == 3
    list(track(iter(range(3)), total=6))
    assert words[-1]["completion"] == 50.0


def test_as_a_context_manager_it_counts_what_is_updated(words: list[Meta], clock: Clock) -> None:
    with track(total=10, message="Loading") as bar:
        clock.time += 1
        bar.update(4)
        bar.message = "Storing"
        clock.time += 1
        bar.update()
    assert [(word["iteration"], word["message"]) for word in words] == [
        (0, "Loading"), (4, "Loading"), (5, "Storing"), (5, "Storing"),
    ]  # fmt: skip


def test_of_nested_tracks_the_outer_one_is_reported(words: list[Meta]) -> None:
    for _ in track(range(2), message="outer"):
        for _ in track(range(50), message="inner"):
            pass
    assert {word["message"] for word in words} == {"outer"}
    list(track(range(2), message="next"))
    assert words[-1]["message"] == "next"


def test_a_loop_that_was_left_does_not_silence_the_next(words: list[Meta]) -> None:
    for _ in track(range(9), message="left"):
        break
    list(track(range(2), message="next"))
    assert words[-1]["message"] == "next"


def test_report_says_where_the_task_is(words: list[Meta]) -> None:
    report(3, 12, "Loading")
    assert words == [
        {"iteration": 3, "total": 12, "completion": 25.0, "status": "PROGRESS",
         "message": "Loading", "error": None}
    ]  # fmt: skip


@pytest.mark.parametrize("secret", ["hush-hush", "hush-\ud800-hush"])
def test_no_part_of_a_secret_is_left_where_a_message_is_cut(words: list[Meta], secret: str) -> None:
    with redacting([secret]):
        before = "x" * (MAX_MESSAGE_BYTES - len(CUT_MARK.encode()) - 4)
        report(1, 2, message=f"{before}{secret}{before}")
        report(1, 2, message=f"it is {secret}")
        for _ in track("a", message=secret):
            pass
    assert words
    assert not [word["message"] for word in words if "hu" in word["message"]]


def test_outside_of_tasks_nothing_is_said_and_nothing_raised() -> None:
    report(1, 2)
    assert list(track([1])) == [1]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    list(track(range(3), message="Counting"))
    assert "Counting" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()


def test_no_bar_is_drawn_where_nobody_sees_it(
    monkeypatch: pytest.MonkeyPatch, words: list[Meta]
) -> None:
    terminal: Any = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    list(track(range(3)))  # in a worker: the dashboard shows it
    monkeypatch.setattr(sys, "stderr", file := StringIO())
    list(track(range(3)))
    assert terminal.getvalue() == file.getvalue() == ""
