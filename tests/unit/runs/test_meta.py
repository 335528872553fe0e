"""What a task says of itself is kept within the protocol's bounds."""

from __future__ import annotations

import math

import pytest

from inception.runs.meta import CUT_MARK, cut_label, read_meta
from inception.runs.model import MAX_ERROR_BYTES, MAX_LABEL_CHARACTERS, MAX_MESSAGE_BYTES, Meta


def test_a_message_beyond_its_bound_is_cut_and_marked() -> None:
    message = read_meta({"message": "é" * MAX_MESSAGE_BYTES})["message"]
    assert message.endswith(CUT_MARK)
    assert len(message.encode()) <= MAX_MESSAGE_BYTES


def test_a_message_within_its_bound_is_kept() -> None:
    assert read_meta({"message": "x" * MAX_MESSAGE_BYTES})["message"] == "x" * MAX_MESSAGE_BYTES


def test_an_error_beyond_its_bound_is_cut_and_marked() -> None:
    error = read_meta({"error": "x" * (MAX_ERROR_BYTES + 1)})["error"]
    assert error is not None
    assert error.endswith(CUT_MARK)
    assert len(error.encode()) <= MAX_ERROR_BYTES


UNHEARD: Meta = {
    "iteration": 0, "total": None, "completion": 0.0, "status": "PROGRESS", "message": "",
    "error": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (None, {}),
        ("half way", {}),
        ([1, 2], {}),
        ({}, {}),
        ({"current": 3, "total": 4}, {"iteration": 3, "total": 4, "completion": 75.0}),
        ({"iteration": "3", "total": "many", "completion": "half"}, {}),
        ({"iteration": True, "total": False}, {}),
        ({"iteration": math.nan, "total": math.inf, "completion": -math.inf}, {}),
        ({"iteration": 3, "total": math.nan}, {"iteration": 3}),
        ({"iteration": 1, "total": 0}, {"iteration": 1, "total": 0}),
        ({"iteration": -1, "total": -1}, {"iteration": -1, "total": -1}),
        ({"iteration": 2**70}, {"iteration": 2**53}),
        ({"completion": 250}, {"completion": 100.0}),
        ({"completion": -1}, {"completion": 0.0}),
        ({"completion": 100 / 3}, {"completion": 33.33}),
        ({"status": 7, "message": 7, "error": ""}, {"message": "7"}),
        ({"status": "COUNTING", "error": False}, {"status": "COUNTING"}),
        ({"error": "no"}, {"error": "no"}),
    ],
)
def test_whatever_a_task_says_of_itself_is_read(said: object, read: dict[str, object]) -> None:
    """Anything that is no mapping, lacks keys or has other types counts as unsaid."""
    assert read_meta(said) == {**UNHEARD, **read}


def test_a_state_of_celerys_that_is_none_of_ours_is_the_status() -> None:
    assert read_meta({"current": 1}, status="DOWNLOADING")["status"] == "DOWNLOADING"


def test_a_label_beyond_its_bound_is_cut_and_marked() -> None:
    label = cut_label("é" * (MAX_LABEL_CHARACTERS + 1))
    assert len(label) == MAX_LABEL_CHARACTERS
    assert label.endswith(CUT_MARK)
    assert cut_label("é" * MAX_LABEL_CHARACTERS) == "é" * MAX_LABEL_CHARACTERS
