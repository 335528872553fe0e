from __future__ import annotations

from typing import Any

import pytest

from inception.authoring.outcome import ChildFailed, Outcome, describe_exception, end_meta, judge
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_ERROR_BYTES, State


def outcome(state: State = State.SUCCESS, error: str | None = None, value: Any = 7) -> Outcome:
    meta = end_meta(empty_meta(), None, error)
    return Outcome(state=state, meta=meta, returned=value, task_id="t", path="0")


def test_a_success_has_a_value_and_no_error() -> None:
    good = outcome()
    assert good.ok
    assert good.error is None
    assert good.value == 7


@pytest.mark.parametrize("state", [State.FAILURE, State.REVOKED, State.LOST])
def test_every_other_end_has_an_error_and_no_value(state: State) -> None:
    bad = outcome(state)
    assert not bad.ok
    assert str(state) in str(bad.error)
    with pytest.raises(ChildFailed) as failed:
        _ = bad.value
    assert failed.value.outcome is bad


def test_an_outcome_reads_as_the_meta_mapping() -> None:
    bad = outcome(State.FAILURE, "no luck")
    assert bad["error"] == "no luck"
    assert bad["status"] == "ERROR"
    assert bad["state"] == "FAILURE"
    assert bad.get("iteration") == 0
    assert set(bad) == {
        "iteration", "total", "completion", "status", "message", "error", "state",
    }  # fmt: skip
    with pytest.raises(KeyError):
        bad["nothing"]


def test_the_error_read_as_a_mapping_is_none_exactly_if_it_went_well() -> None:
    assert outcome()["error"] is None
    assert outcome(State.REVOKED)["error"] is not None


def test_a_failed_child_still_shows_what_it_returned() -> None:
    assert outcome(State.FAILURE, "no", value={"status": "ERROR"}).returned == {"status": "ERROR"}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"status": "ERROR", "error": "broken"}, "broken"),
        ({"status": "ERROR", "error": 404}, "404"),
        ({"status": "ERROR", "error": None}, None),
        ({"status": "ERROR"}, None),
        ({"status": "FAILURE", "error": "broken"}, None),
        ({"status": "OK", "error": "a column of that name"}, None),
        ("ERROR", None),
        (None, None),
    ],
)
def test_a_child_that_returns_an_error_has_failed(value: object, error: str | None) -> None:
    assert judge(value) == error


@pytest.mark.parametrize("status", ["ERROR", "FAILURE"])
def test_a_parent_that_returns_a_bad_status_has_failed(status: str) -> None:
    assert judge({"status": status, "error": "why"}, "parent") == "why"
    assert status in str(judge({"status": status}, "parent"))


def test_a_status_that_is_no_text_is_no_failure() -> None:
    assert judge({"status": 5, "error": "x"}) is None
    assert judge({"status": ["ERROR"], "error": "x"}) is None


def test_an_exception_is_described_with_the_name_of_its_task() -> None:
    assert describe_exception("tasks.a", ValueError("bad")) == "Error in tasks.a: bad"
    assert describe_exception("tasks.a", ValueError()) == "Error in tasks.a: ValueError"
    assert describe_exception("a", SystemExit(2)) == "Error in a: SystemExit: 2"
    assert describe_exception("a", KeyboardInterrupt()) == "Error in a: KeyboardInterrupt"
    assert len(describe_exception("a", ValueError("x" * 10**5)).encode()) <= MAX_ERROR_BYTES


def test_an_exception_whose_text_cannot_be_had_is_described_by_its_class() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe_exception("a", Silent()) == "Error in a: Silent"


def test_the_end_settles_status_and_completion() -> None:
    last = empty_meta("PROGRESS")
    last["iteration"], last["completion"] = 3, 30.0
    good, bad = end_meta(last, 1, None), end_meta(last, 1, "no")
    assert (good["status"], good["completion"], good["iteration"]) == ("OK", 100.0, 3)
    assert (bad["status"], bad["completion"], bad["error"]) == ("ERROR", 30.0, "no")
    assert last["status"] == "PROGRESS"


def test_a_returned_meta_is_the_last_word() -> None:
    said = {"status": "OK", "iteration": 9, "total": 9, "message": "Done counting"}
    meta = end_meta(empty_meta(), said, None)
    assert (meta["iteration"], meta["message"]) == (9, "Done counting")
