from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import shared_task

from inception import child, parent
from inception.authoring.errors import ResultIgnored
from inception.authoring.frame import StepRequest
from inception.authoring.steps import step_of
from inception.runs.errors import TooLarge
from inception.runs.model import MAX_LABEL_CHARACTERS

if TYPE_CHECKING:
    from celery import Celery


@child
def work(number: int, *, how: Any = None) -> int:
    return number


@child(queue="gpu", time_limit=5, name="test.limited")
def limited() -> None:
    pass


@parent
def lead() -> None:
    pass


@shared_task(name="plain.typed_off", typing=False)  # type: ignore[untyped-decorator]
def untyped(number: int) -> int:
    return number


def step(signature: Any, label: str | None = None) -> StepRequest:
    read = step_of(signature, label)
    assert isinstance(read, StepRequest)
    return read


def test_a_step_knows_its_task_kind_and_arguments() -> None:
    asked = step(work.s(1, how=(1, 2)))
    assert (asked.name, asked.kind) == (work.name, "child")
    assert (asked.args, asked.kwargs) == ((1,), {"how": [1, 2]})
    assert step(lead.s()).kind == "parent"


def test_equal_arguments_have_an_equal_digest() -> None:
    assert (
        step(work.s(1, how={"a": 1, "b": 2})).digest == step(work.s(1, how={"b": 2, "a": 1})).digest
    )
    assert step(work.s(1)).digest != step(work.s(2)).digest


def test_options_of_the_signature_hold_over_those_of_the_task() -> None:
    own = step(limited.s()).options
    assert (own["queue"], own["time_limit"]) == ("gpu", 5)
    asked = step(limited.s().set(queue="cpu", priority=3, countdown=7, time_limit=1)).options
    assert (asked["queue"], asked["time_limit"]) == ("cpu", 1)
    assert (asked["priority"], asked["countdown"]) == (3, 7)


def test_a_child_goes_to_the_childrens_queue_unless_told_otherwise() -> None:
    assert step(work.s(1)).options["queue"] == "children"


def test_a_step_is_labelled_by_its_function_unless_told_otherwise() -> None:
    assert step(work.s(1)).label == "work"
    assert step(work.s(1), "Count").label == "Count"
    assert step(work.s(1).set(label="Fold 3")).label == "Fold 3"
    assert step(work.s(1).set(label=3)).label == "3"
    assert len(step(work.s(1), "x" * 999).label) == MAX_LABEL_CHARACTERS


def test_arguments_over_the_bound_are_refused() -> None:
    with pytest.raises(TooLarge, match=rf"{work.name}: The arguments would be 1,048,"):
        step(work.s(1, how="x" * 2**20))


def test_a_task_that_checks_no_arguments_is_left_alone() -> None:
    assert step(untyped.s(1, 2)).args == (1, 2)


def test_the_setting_that_ignores_results_is_noticed(app: Celery) -> None:
    @shared_task(name="plain.ignoring", ignore_result=True)  # type: ignore[untyped-decorator]
    def ignoring() -> None:
        pass

    with pytest.raises(ResultIgnored):
        step(ignoring.s())
    assert step(ignoring.s().set(ignore_result=False)).name == "plain.ignoring"


def test_a_step_knows_the_retries_of_its_watch_before_it_is_sent(app: Celery) -> None:
    read = step_of(work.s(1), retries=2)

    assert isinstance(read, StepRequest)
    assert read.retries == 2
