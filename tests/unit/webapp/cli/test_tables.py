"""Tables fit a terminal: what has to be copied stays whole, the rest is cut where it says least."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pytest
from rich.console import Console

from webapp.cli.printing import Cut, fit, percent, table_of

ID = "fbc3dc1f-e840-4cfe-8c46-0bf329254406"
ROW = (ID, "SUCCESS", "tasks.examples.counting.count_twice", "Error in something rather long")


def drawn(
    columns: Sequence[str], row: Sequence[str], cut: Mapping[str, Cut], width: int
) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table_of(columns, [row], cut, width))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 110, 200])
def test_an_id_and_a_state_are_whole_on_every_terminal(width: int) -> None:
    head, line = drawn(["id", "state", "run", ""], ROW, {"run": "start", "": "end"}, width)
    assert line.split()[:2] == [ID, "SUCCESS"]
    assert head.split() == ["id", "state", "run"]
    assert len(line) <= width


def test_a_name_keeps_its_end_and_a_message_its_start() -> None:
    _head, line = drawn(["id", "state", "run", ""], ROW, {"run": "start", "": "end"}, 90)
    name, message = line.split()[2], line.split(maxsplit=3)[3]
    assert name.startswith("…")
    assert name.endswith("count_twice")
    assert message.startswith("Error in")
    assert message.endswith("…")


def test_nothing_is_cut_where_there_is_room() -> None:
    _head, line = drawn(["id", "state", "run", ""], ROW, {"run": "start", "": "end"}, 200)
    assert line.split(maxsplit=3) == list(ROW)


def test_what_is_left_is_shared_and_who_needs_less_gives() -> None:
    assert fit([36, 7, 5, 60], [False, False, True, True], 100) == [36, 7, 5, 52]
    assert fit([36, 30, 60], [False, True, True], 76) == [36, 20, 20]
    assert fit([36, 30], [False, True], 20) == [36, 1]


@pytest.mark.parametrize(("completion", "words"), [(99.99, "99 %"), (100.0, "100 %"), (0.0, "0 %")])
def test_only_what_is_done_is_said_to_be(completion: float, words: str) -> None:
    meta = {"iteration": 0, "total": None, "status": "", "message": "", "error": None}
    assert percent({**meta, "completion": completion}) == words  # type: ignore[typeddict-item]
