"""What a reader begins with of a run that has many nodes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from inception.runs.errors import RunNotFound
from inception.runs.model import State
from inception.runs.reading import FIRST_NODES, FIRST_TOP, FIRST_WHOLE
from inception.runs.records import Lease
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun

CHILDREN = 5
PARENTS = FIRST_WHOLE // CHILDREN


def _families(held: HeldRun) -> None:
    """Spawn parents with children each, more than are sent whole."""
    held.spawn(*(str(number) for number in range(PARENTS)), kind="parent")
    held.spawn(*(f"{above}.{n}" for above in range(PARENTS) for n in range(CHILDREN)))


def _first(held: HeldRun) -> list[str]:
    return [node["path"] for node in held.store.first_nodes(RUN)["nodes"]]


def _end_as(held: HeldRun, failed: Mapping[str, State]) -> None:
    """End every node and then the run, as a failure."""
    paths = (f"{above}.{n}" for above in range(PARENTS) for n in range(CHILDREN))
    ends = {path: failed.get(path, State.SUCCESS) for path in paths}
    ends |= {str(number): failed.get(str(number), State.SUCCESS) for number in range(PARENTS)}
    patches = {path: patch(state=state) for path, state in ends.items()}
    held.store.write(held.lease, held.next_op(), patches, None)
    held.store.end_run(held.lease, held.next_op(), State.FAILURE, {})


def test_a_run_of_few_nodes_comes_whole(held: HeldRun) -> None:
    held.spawn(*(str(number) for number in range(FIRST_WHOLE)))
    assert held.store.first_nodes(RUN) == held.store.snapshot(RUN)


def test_of_many_come_the_first_level_and_then_what_is_under_it_in_tree_order(
    held: HeldRun,
) -> None:
    _families(held)
    found = held.store.first_nodes(RUN)
    whole = held.store.snapshot(RUN)
    left = FIRST_NODES - FIRST_TOP
    under = [f"{n // CHILDREN}.{n % CHILDREN}" for n in range(left)]
    top = [str(number) for number in range(FIRST_TOP)]
    assert sorted(node["path"] for node in found["nodes"]) == sorted([*top, *under])
    order = [node["path"] for node in whole["nodes"]]
    assert [order.index(node["path"]) for node in found["nodes"]] == sorted(
        order.index(node["path"]) for node in found["nodes"]
    )
    assert not found["complete"]
    assert (found["epoch"], found["seq"], found["run"]) == (
        whole["epoch"], whole["seq"], whole["run"],
    )  # fmt: skip


def test_of_one_long_level_come_its_first(held: HeldRun) -> None:
    held.spawn(*(str(number) for number in range(FIRST_WHOLE + 1)))
    assert _first(held) == [str(number) for number in range(FIRST_NODES)]


@pytest.mark.parametrize("end", [State.FAILURE, State.LOST])
def test_the_first_failure_of_a_failed_run_is_among_them_with_those_above_it(
    held: HeldRun, end: State
) -> None:
    _families(held)
    _end_as(held, {"90": State.FAILURE, "90.3": end, "95.0": end})
    assert _first(held)[-15:] == [*(str(n) for n in range(86, 91)), "90.3", *_last(91)]


def test_a_failure_that_one_of_its_own_children_explains_is_not_the_first(held: HeldRun) -> None:
    _families(held)
    _end_as(held, {"89": State.FAILURE, "90.1": State.FAILURE, "89.4": State.FAILURE})
    assert "89.4" in _first(held)
    assert "90.1" not in _first(held)


@pytest.mark.parametrize("order", [("90.3", "95.0", "90"), ("95.0", "90", "90.3")])
def test_the_first_failure_is_the_first_in_the_tree_not_in_time(
    held: HeldRun, order: tuple[str, ...]
) -> None:
    _families(held)
    for path in order:
        held.end(path, State.FAILURE)
    _end_as(held, {})
    assert "90.3" in _first(held)
    assert "95.0" not in _first(held)


def test_a_retry_forgets_the_first_failure(held: HeldRun) -> None:
    _families(held)
    _end_as(held, {"90.3": State.FAILURE, "90": State.FAILURE})
    held.store.retry_run(RUN, by="anna")
    assert held.store.claim_run(RUN, owner="next", token="token-2")
    again = HeldRun(held.store, Lease(run_id=RUN, owner="next", token="token-2"))
    again.end("90.3")
    again.end("90", State.FAILURE)
    again.store.end_run(again.lease, again.next_op(), State.FAILURE, {})
    assert "90" in _first(again)
    assert "90.3" not in _first(again)


def test_a_run_that_goes_on_sends_no_failure_before_its_place(held: HeldRun) -> None:
    _families(held)
    held.end("90.3", State.FAILURE)
    assert "90.3" not in _first(held)


def test_a_run_that_is_gone_is_not_found(store: Store) -> None:
    with pytest.raises(RunNotFound):
        store.first_nodes("none")


def _last(first: int) -> list[str]:
    return [str(number) for number in range(first, FIRST_TOP)]
