"""Reads what a task says of itself, whatever it wrote, into the protocol's `Meta`.

Pure. A task's word is a stranger's word: nothing here raises, wrong types fall back to
defaults, and texts are cut at the protocol's bounds and marked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from inception.runs.model import (
    MAX_ERROR_BYTES,
    MAX_LABEL_CHARACTERS,
    MAX_MESSAGE_BYTES,
    Meta,
)

CUT_MARK: Final = "… (cut)"
LARGEST_COUNT: Final = 2**53
"""Beyond this an integer isn't the same number in every client."""


def empty_meta(status: str = "PENDING") -> Meta:
    """The meta of a task that has said nothing yet."""
    return Meta(iteration=0, total=None, completion=0.0, status=status, message="", error=None)


def waiting_meta() -> Meta:
    """The meta of a run that waits for a place, as its parent lets only so many go on at once."""
    return {**empty_meta(), "message": "Waiting for other runs of this parent"}


def read_meta(said: object, *, status: str = "PROGRESS") -> Meta:
    """Turn `said` (anything a task put into its meta) into a Meta.

    Celery's customary `current` reads as `iteration`. A missing `completion` is computed from
    iteration and total. `status` is taken where the task named none.
    """
    words: Mapping[object, object] = said if isinstance(said, Mapping) else {}
    iteration = _count(words.get("iteration", words.get("current"))) or 0
    total = _count(words.get("total"))
    return Meta(
        iteration=iteration,
        total=total,
        completion=_completion(words.get("completion"), iteration, total),
        status=_status(words.get("status"), status),
        message=cut(_text(words.get("message")), MAX_MESSAGE_BYTES),
        error=_error(words.get("error")),
    )


def failure_text(said: object) -> str:
    """What a failure in Celery's result says: an exception as Celery keeps it, or a task's meta.

    Empty where it says nothing.
    """
    if not isinstance(said, Mapping):
        return _text(said)
    words = said.get("exc_message")
    if words is None:
        words = said.get("error") or said.get("message")
    parts = words if isinstance(words, list | tuple) else [words]
    text = " ".join(_text(part) for part in parts)
    return text or _text(said.get("exc_type"))


def cut(text: str, most: int) -> str:
    """Cut `text` to `most` bytes of UTF-8, marked where something was left out."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most:
        return encoded.decode("utf-8")
    kept = encoded[: most - len(CUT_MARK.encode())]
    return kept.decode("utf-8", "ignore") + CUT_MARK


def cut_label(label: str) -> str:
    """Cut a label to the characters that one may have, marked where something was left out."""
    if len(label) <= MAX_LABEL_CHARACTERS:
        return label
    return label[: MAX_LABEL_CHARACTERS - len(CUT_MARK)] + CUT_MARK


def _count(value: object) -> int | None:
    number = _number(value)
    if number is None:
        return None
    return int(max(-LARGEST_COUNT, min(LARGEST_COUNT, number)))


def _number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _completion(value: object, iteration: int, total: int | None) -> float:
    number = _number(value)
    if number is None:
        number = 100.0 * iteration / total if total and total > 0 else 0.0
    return round(max(0.0, min(100.0, float(max(-1.0, min(101.0, number))))), 2)


def _status(value: object, default: str) -> str:
    return cut(value, 64) if isinstance(value, str) and value else default


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def _error(value: object) -> str | None:
    if value is None or value is False or value == "":
        return None
    return cut(_text(value), MAX_ERROR_BYTES)
