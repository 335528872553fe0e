from __future__ import annotations

import pickle

import pytest
from celery.exceptions import Ignore

from inception.compute import ending
from inception.compute.ending import BodyRaised, for_celery
from inception.runs.errors import NotJson, TooLarge
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_TRACEBACK_BYTES, State


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


class TwoArguments(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def raised_by(exception: BaseException) -> BaseException:
    try:
        raise exception
    except BaseException as caught:
        return caught


def test_a_returned_value_is_kept_as_json_and_ends_well() -> None:
    end = ending.returned({"a": (1, 2)}, None)
    assert end.state is State.SUCCESS
    assert end.value_text == '{"a":[1,2]}'
    assert end.meta["status"] == "OK"
    assert end.meta["completion"] == 100


def test_a_returned_error_has_failed_and_keeps_its_value() -> None:
    end = ending.returned({"status": "ERROR", "error": "no luck"}, None)
    assert end.state is State.FAILURE
    assert end.meta["error"] == "no luck"
    assert end.value_text is not None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"exc_type": "OSError", "exc_message": ["disk", "full"]}, "Error in a.b: disk full"),
        ({"exc_type": "OSError", "exc_message": "disk"}, "Error in a.b: disk"),
        ({"exc_type": "OSError"}, "Error in a.b: OSError"),
        ({"error": "no luck", "current": 2}, "Error in a.b: no luck"),
        ("no luck", "Error in a.b: no luck"),
        (None, "Error in a.b: it raised Celery's Ignore, so it has no result"),
        ({}, "Error in a.b: it raised Celery's Ignore, so it has no result"),
        (Mute(), "Error in a.b: no words"),
    ],
)
def test_who_names_a_failure_and_leaves_by_ignore_has_failed_with_it(
    said: object, error: str
) -> None:
    end = ending.left("a.b", Ignore(), empty_meta("PROGRESS"), ("FAILURE", said))
    assert (end.state, end.meta["error"]) == (State.FAILURE, error)


def test_who_names_a_success_and_leaves_by_ignore_has_that_value() -> None:
    end = ending.left("a.b", Ignore(), None, ("SUCCESS", {"rows": 7}))
    assert (end.state, end.value_text, end.meta["status"]) == (State.SUCCESS, '{"rows":7}', "OK")
    assert ending.left("a.b", Ignore(), None, ("SUCCESS", {1, 2})).state is State.FAILURE


@pytest.mark.parametrize("named", [None, ("REVOKED", {}), ("RETRY", None)])
def test_who_leaves_by_ignore_without_naming_an_end_has_failed(
    named: tuple[str, object] | None,
) -> None:
    end = ending.left("a.b", Ignore(), None, named)
    assert (end.state, end.meta["error"]) == (
        State.FAILURE, "Error in a.b: it raised Celery's Ignore, so it has no result",
    )  # fmt: skip


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), {1: 2}, object()])
def test_a_value_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(NotJson):
        ending.returned(value, None)


def test_a_value_beyond_a_mebibyte_is_refused() -> None:
    with pytest.raises(TooLarge):
        ending.returned("x" * (1024 * 1024), None)


def test_the_last_word_is_kept_where_the_body_raised() -> None:
    last = empty_meta("PROGRESS")
    last["iteration"], last["message"] = 3, "Counting"
    end = ending.raised("tasks.count", raised_by(ValueError("no <script>\x00")), last)
    assert end.state is State.FAILURE
    assert end.meta["iteration"] == 3
    assert end.meta["error"] == "Error in tasks.count: no <script>\x00"
    assert end.error_type == "ValueError"
    assert "raised_by" in (end.traceback or "")


@pytest.mark.parametrize(
    ("exception", "words"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Mute(), "Mute"),
        (ValueError(), "ValueError"),
    ],
)
def test_every_exception_has_words(exception: BaseException, words: str) -> None:
    assert words in ending.describe("tasks.count", exception)


def test_the_end_of_a_long_traceback_is_kept() -> None:
    end = ending.raised("t", raised_by(ValueError("x" * 2 * MAX_TRACEBACK_BYTES + "last")), None)
    assert end.traceback is not None
    assert len(end.traceback.encode()) <= MAX_TRACEBACK_BYTES
    assert end.traceback.rstrip().endswith("last")


@pytest.mark.parametrize(
    "exception", [SystemExit(1), KeyboardInterrupt(), MemoryError(), Mute(), TwoArguments("a", "b")]
)
def test_what_celery_can_not_store_is_replaced(exception: BaseException) -> None:
    shown = for_celery(exception)
    assert isinstance(shown, BodyRaised)
    assert str(pickle.loads(pickle.dumps(shown))) == str(shown)


def test_what_celery_can_store_is_left_as_it_is() -> None:
    exception = ValueError("fine")
    assert for_celery(exception) is exception
