from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Sequence

import pytest

from inception.compute import output as output_module
from inception.compute.output import END_WAIT, MAX_LINE, Output
from inception.compute.slots import Held
from inception.runs.errors import StoreUnavailable
from inception.runs.model import MAX_LOG_BYTES
from inception.runs.records import LogLine

HELD = Held(run_id="run", path="0", attempt=1)


class Shelf:
    """Where lines are kept; may be away."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.calls = 0
        self.there = threading.Event()
        self.there.set()
        self.asked = threading.Event()

    def append(self, held: Held, lines: Sequence[LogLine]) -> None:
        self.calls += 1
        self.asked.set()
        if not self.there.is_set():
            raise StoreUnavailable("away")
        assert held == HELD
        self.lines += lines

    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


def test_prints_and_logs_are_kept_in_order_with_their_source() -> None:
    shelf = Shelf()
    output = Output(shelf.append)
    with output.of(HELD):
        print("one\ntwo")
        logging.getLogger("mine").warning("three %d", 3)
        print("four", file=sys.stderr, end="")
    assert output.flush(5.0)
    own = [line for line in shelf.lines if line.stream != "log" or line.text.startswith("mine: ")]
    assert [(line.stream, line.text) for line in own] == [  # threads of other tests log too
        ("stdout", "one"), ("stdout", "two"), ("log", "mine: three 3"), ("stderr", "four"),
    ]  # fmt: skip
    assert own[2].level == "WARNING"


def test_the_last_lines_wait_for_no_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's end waits for them."""
    monkeypatch.setattr(output_module, "FLUSH_AFTER", 60.0)
    monkeypatch.setattr(output_module, "BATCH_BYTES", 5)
    shelf = Shelf()
    output = Output(shelf.append)
    with output.of(HELD):
        print("a full batch")
        assert shelf.asked.wait(5)
        print("not")
        assert not output.flush(0.05), "it waits for more"
    assert output.flush(5.0)
    assert shelf.texts() == ["a full batch", "not"]


def test_what_is_printed_still_goes_where_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    before = io.StringIO()
    monkeypatch.setattr(sys, "stdout", before)
    output = Output(Shelf().append)
    with output.of(HELD):
        print("hello")
    assert before.getvalue() == "hello\n"
    assert sys.stdout is before


def test_what_is_printed_outside_is_not_kept() -> None:
    shelf = Shelf()
    output = Output(shelf.append)
    with output.of(HELD):
        print("inside")
    print("outside")
    assert output.flush(5.0)
    assert shelf.texts() == ["inside"]


def test_many_lines_are_stored_in_few_batches() -> None:
    shelf = Shelf()
    output = Output(shelf.append)
    with output.of(HELD):
        for number in range(1000):
            print(number)
    assert output.flush(5.0)
    assert shelf.texts() == [str(number) for number in range(1000)]
    assert shelf.calls < 50


def test_a_long_line_is_broken_and_kept_whole() -> None:
    shelf = Shelf()
    output = Output(shelf.append)
    with output.of(HELD):
        print("x" * (3 * MAX_LINE))
    assert output.flush(5.0)
    assert "".join(shelf.texts()) == "x" * (3 * MAX_LINE)
    assert max(map(len, shelf.texts())) <= MAX_LINE


def test_while_the_store_is_away_nothing_waits_and_the_oldest_is_dropped_and_counted() -> None:
    shelf = Shelf()
    shelf.there.clear()
    output = Output(shelf.append)
    with output.of(HELD):
        for number in range(3 * MAX_LOG_BYTES // 100):
            print(f"{number:099d}")
        assert shelf.asked.wait(5)
    assert not output.flush(END_WAIT)
    shelf.there.set()
    assert output.flush(10.0)
    assert "were dropped" in shelf.texts()[0]
    assert shelf.texts()[-1].endswith(str(3 * MAX_LOG_BYTES // 100 - 1))
    assert sum(len(text) + 1 for text in shelf.texts()[1:]) <= MAX_LOG_BYTES
    numbers = [line.number for line in shelf.lines]
    assert numbers == sorted(set(numbers))  # that of the note too, so it is kept once as well
    assert numbers[0] > 0


def test_trouble_with_keeping_does_not_reach_the_child() -> None:
    def broken(_held: Held, _lines: Sequence[LogLine]) -> None:
        raise ZeroDivisionError

    output = Output(broken)
    with output.of(HELD):
        print("one")
    assert output.flush(5.0)
