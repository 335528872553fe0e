"""A client of the hammer keeps to the protocol's rules, or its divergence would be its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.hammer.asking import Answer
from tests.chaos.hammer.clients import RunInView


def run(seq: int) -> dict[str, Any]:
    return {"id": "r", "state": "PROGRESS", "seq": seq}


def batch(start: int, end: int, epoch: str = "one") -> dict[str, Any]:
    events = [{"seq": seq, "run": run(seq)} for seq in range(start + 1, end + 1)]
    return {"run_id": "r", "epoch": epoch, "from": start, "to": end, "events": events}


def snapshot(seq: int, epoch: str = "one") -> dict[str, Any]:
    return {"epoch": epoch, "seq": seq, "run": run(seq), "nodes": [], "complete": True}


def view_at(seq: int) -> RunInView:
    view = RunInView()
    view.take_answer({"snapshot": snapshot(seq)})
    return view


def position(view: RunInView) -> tuple[str, int]:
    return view.position["epoch"], view.position["seq"]


@pytest.mark.parametrize(
    ("status", "code", "again", "accepted"),
    [
        (202, None, False, True),
        (409, "run_already_ended", True, True),
        (409, "run_already_ended", False, False),
        (404, "run_not_found", True, False),
    ],
)
def test_a_refusal_counts_as_accepted_only_if_an_unanswered_try_explains_it(
    status: int, code: str | None, again: bool, accepted: bool
) -> None:
    body = {} if code is None else {"error": {"code": code}}
    answer = Answer(status=status, body=body, at=0.0, again=again)

    assert answer.accepts(frozenset({"run_already_ended"})) is accepted


def test_batches_that_overtake_the_answer_are_applied_after_it() -> None:
    view = RunInView()
    assert view.take_batch(batch(4, 6))
    assert view.take_batch(batch(6, 7))

    assert view.take_answer({"snapshot": snapshot(5)})
    assert position(view) == ("one", 7)


def test_a_hole_and_another_epoch_are_told() -> None:
    view = view_at(5)

    assert not view.take_batch(batch(6, 7))
    assert not view.take_batch(batch(5, 6, epoch="two"))
    assert not view.take_batch(batch(0, 3, epoch="two"))
    assert position(view) == ("one", 5)


def test_what_is_known_already_is_dropped() -> None:
    view = view_at(5)

    assert view.take_batch(batch(2, 5))
    assert view.take_batch(batch(3, 6))
    assert position(view) == ("one", 6)


def test_an_answer_without_a_snapshot_continues_what_is_known() -> None:
    view = view_at(5)
    view.early = []

    assert view.take_batch(batch(8, 9))
    assert view.take_answer({"batch": batch(5, 8)})
    assert position(view) == ("one", 9)


def test_a_snapshot_that_comes_unasked_takes_the_place_of_all() -> None:
    view = view_at(5)

    view.take_snapshot(snapshot(2, epoch="two"))

    assert position(view) == ("two", 2)
