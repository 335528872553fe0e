"""Parents of any shape, whose watchers die at every step: nothing shows that they did."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from inception.runs.model import JsonValue, Run
from tests.integration.watching.replayed_tasks import play
from tests.integration.watching.stage import Death, Stage, Workers

Steps: TypeAlias = list[JsonValue]
Told: TypeAlias = tuple[str, JsonValue, str | None, Counter[tuple[str, int]]]
"""How a run ended: state, value, error, and how often each attempt's body began."""

MOST_DEATHS = 400

retries = some.integers(0, 2)
leaf = some.tuples(some.sampled_from("abc"), some.integers(0, 2)).map(list)


def child(parents: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    return leaf | some.tuples(some.just("n"), parents).map(list)


def steps(parents: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """The steps of a parent; a failing one fails when nothing of its own goes on any more."""
    one = child(parents)
    several = some.lists(one, min_size=1, max_size=4)
    limit = some.none() | some.integers(1, 3)
    step = some.one_of(
        some.tuples(some.just("watch"), one, retries),
        some.tuples(some.just("watch_later"), one, some.just(0)),
        some.tuples(some.just("watch_all"), several, limit, retries),
        some.sampled_from(["now", "random", "side_effect", "sleep"]).map(lambda verb: (verb,)),
    ).map(list)
    last = some.sampled_from([[], [["fail"]], [["start", ["z", 0]]]])
    return some.tuples(some.lists(step, max_size=4), last).map(lambda both: both[0] + both[1])


def steps_that_stop(parents: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """The same, some of which stop at the first of several that fails: `until_one_fails`."""
    several = some.lists(child(parents), min_size=1, max_size=5)
    limit = some.none() | some.integers(1, 3)
    until = some.tuples(some.just("until_one_fails"), several, limit)
    watch = some.tuples(some.just("watch"), child(parents), retries)
    step = some.one_of(until, watch, some.just(("now",))).map(list)
    last = some.sampled_from([[], [["fail"]]])
    return some.tuples(some.lists(step, max_size=3), last).map(lambda both: both[0] + both[1])


shapes = some.recursive(steps(some.just([])), steps, max_leaves=2)
stopping_shapes = some.recursive(
    steps_that_stop(some.just([])), steps_that_stop, max_leaves=2
).filter(lambda shape: any(step[0] == "until_one_fails" for step in shape))

MANY_SIDED: Steps = [
    ["watch", ["a", 0], 0], ["now"], ["random"], ["side_effect"], ["sleep"],
    ["watch", ["b", 1], 2], ["watch", ["c", 2], 1], ["watch_later", ["d", 1], 0],
    ["start", ["e", 0]],
    ["watch_all", [["f", 0], ["g", 1], ["n", [["watch", ["h", 0], 0], ["fail"]]]], 2, 1],
    ["watch", ["m", [["watch_all", [["i", 0], ["j", 0]], None, 0], ["now"]]], 0],
]  # fmt: skip


def executed(stage: Stage, shape: Steps, deaths: Iterator[Death]) -> Told:
    """Execute a parent of this shape, with a watcher for each death."""
    workers = Workers(stage)
    name = f"replay {next(_numbers)}"  # what its verbs returned is kept by name, for all tests
    try:
        run_id = stage.record(play.name, run=name, path="", steps=shape)
        run = stage.play(run_id, workers, deaths=deaths)
    finally:
        workers.close()
    return _told(run, workers)


_numbers = itertools.count()


def _told(run: Run, workers: Workers) -> Told:
    return run["state"], run["value"], run["meta"]["error"], workers.began


def dying(after: int, *, unanswered: bool = True) -> Iterator[Death]:
    """Watchers that each die after so many operations."""
    return (Death(after=after, unanswered=unanswered) for _ in range(MOST_DEATHS))


def dying_once(after: int, *, unanswered: bool) -> Iterator[Death]:
    """A watcher that dies after so many operations, and one that lives."""
    return iter([Death(after=after, unanswered=unanswered), Death()])


@pytest.mark.parametrize("along", [True, False])
@pytest.mark.parametrize("unanswered", [True, False])
def test_a_watcher_may_die_at_any_operation(stage: Stage, unanswered: bool, along: bool) -> None:
    """At its last one Redis has done what was asked, and nobody heard so; or it has not."""
    stage.along = along
    whole = Death()
    expected = executed(stage, MANY_SIDED, iter([whole]))
    assert expected[0] == "SUCCESS", expected
    for after in range(1, whole.done + 1, 3):
        deaths = dying_once(after, unanswered=unanswered)
        assert executed(stage, MANY_SIDED, deaths) == expected, after


@pytest.mark.parametrize(
    ("after", "unanswered"), [(1, True), (2, True), (2, False), (3, False), (5, True)]
)
def test_every_watcher_may_die_after_so_many_operations(
    stage: Stage, after: int, unanswered: bool
) -> None:
    expected = executed(stage, MANY_SIDED, iter([Death()]))
    assert executed(stage, MANY_SIDED, dying(after, unanswered=unanswered)) == expected


def assert_crashes_do_not_show(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    stage.along = along
    expected = executed(stage, shape, iter([Death()]))
    assert executed(stage, shape, dying(after, unanswered=unanswered)) == expected


def assert_crashes_do_not_show_where_it_stops(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    """Which of the others had begun when one failed, time decides; but none begins twice."""
    stage.along = along
    *expected, once = executed(stage, shape, iter([Death()]))
    *seen, began = executed(stage, shape, dying(after, unanswered=unanswered))
    assert seen == expected
    assert {*once.values(), *began.values()} <= {1}, began


def crashes_of(shapes: some.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Watchers that die now and then, over parents of these shapes."""
    return given(
        shape=shapes, after=some.integers(2, 6), unanswered=some.booleans(), along=some.booleans()
    )


quietly = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=12, derandomize=True, **quietly)
@crashes_of(shapes)
def test_no_parent_shows_that_its_watchers_died(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    assert_crashes_do_not_show(stage, shape, after, unanswered, along)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@settings(max_examples=250, print_blob=True, **quietly)
@crashes_of(shapes)
def test_none_of_many_parents_shows_that_its_watchers_died(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    assert_crashes_do_not_show(stage, shape, after, unanswered, along)


@settings(max_examples=8, derandomize=True, **quietly)
@crashes_of(stopping_shapes)
def test_no_parent_that_stops_at_a_failure_shows_that_its_watchers_died(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    assert_crashes_do_not_show_where_it_stops(stage, shape, after, unanswered, along)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@settings(max_examples=150, print_blob=True, **quietly)
@crashes_of(stopping_shapes)
def test_none_of_many_that_stop_at_a_failure_shows_that_its_watchers_died(
    stage: Stage, shape: Steps, after: int, unanswered: bool, along: bool
) -> None:
    assert_crashes_do_not_show_where_it_stops(stage, shape, after, unanswered, along)
