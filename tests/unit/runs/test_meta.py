"""What a task says of itself is kept within the protocol's bounds."""

from __future__ import annotations

from inception.runs.meta import CUT_MARK, read_meta
from inception.runs.model import MAX_ERROR_BYTES, MAX_MESSAGE_BYTES


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
