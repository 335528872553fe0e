"""What the judge of the hammer makes of runs that Redis was emptied of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inception.runs.model import State
from tests.chaos.hammer.evidence import Evidence, View
from tests.chaos.hammer.ledger import Verb
from tests.chaos.hammer.rules import GRACE, Column, Rule
from tests.chaos.hammer.verdict import judge
from tests.unit.chaos.case import (
    RUN,
    broken,
    count,
    emptied_case,
    fault,
    finished,
    flush,
    good_case,
    line,
    server_view,
    with_faults,
    with_lines,
    with_run,
)


def test_runs_that_redis_was_emptied_of_may_be_gone_and_are_counted() -> None:
    emptied = emptied_case()

    assert broken(emptied) == []
    assert count(emptied, Column.EMPTIED) == 1
    assert count(emptied, Column.WITH_REDIS) == 0


def test_a_run_that_had_ended_when_redis_was_emptied_had_ended_as_it_was_to() -> None:
    well, failed = server_view(), server_view(State.FAILURE, value=None)
    going_on = server_view(State.PROGRESS)
    mended = replace(emptied_case().runs[0].shape, mend=True)

    def seen(view: View, **more: Any) -> Evidence:
        return with_run(emptied_case(), clients={"A0": view, "B0": None}, **more)

    assert broken(seen(well)) == broken(seen(going_on)) == []
    assert (count(seen(well), Column.ENDED), count(seen(going_on), Column.ENDED)) == (1, 0)
    assert broken(seen(failed)) == [Rule.WRONG_END]
    assert broken(seen(failed, shape=mended, retry_accepted_at=2.9)) == []


def test_a_run_that_was_asked_for_after_redis_was_emptied_must_be_there() -> None:
    later = with_run(emptied_case(), start_sent_at=3.2, accepted_at=3.3)

    assert broken(later) == [Rule.LOST_RUN]


def test_a_run_that_redis_was_emptied_of_and_that_is_there_is_found() -> None:
    back = with_faults(good_case(), flush(2.9))
    perhaps = with_run(back, start_sent_at=2.8, accepted_at=3.0)

    assert broken(back) == [Rule.CAME_BACK]
    assert broken(perhaps) == []


def test_a_run_whose_start_was_answered_between_two_emptyings_went_with_the_later_one() -> None:
    begun = line(12.0 + GRACE, Verb.BEGIN, "7")
    late = line(14.2 + GRACE, Verb.TICK, "7")
    between = with_run(emptied_case(begun), start_sent_at=2.9, accepted_at=10.0)

    assert broken(with_faults(between, flush(3.0), flush(14.0))) == []
    assert broken(with_faults(with_lines(between, late), flush(3.0), flush(14.0))) == [
        Rule.SURVIVOR
    ]


@pytest.mark.parametrize("verb", [Verb.BEGIN, Verb.TICK, Verb.END])
def test_an_orphan_that_goes_on_is_found(verb: Verb) -> None:
    in_time = emptied_case(line(3.0 + GRACE, verb, "7"))
    too_late = emptied_case(line(3.2 + GRACE, verb, "7"))

    assert broken(in_time) == []
    assert broken(too_late) == [Rule.SURVIVOR]


def test_a_frozen_orphan_has_its_grace_from_the_thaw_on() -> None:
    late = emptied_case(line(9.0 + GRACE, Verb.TICK))
    thawed = replace(late, faults=[*late.faults, fault(2.5, until=9.5)])

    assert broken(late) == [Rule.SURVIVOR]
    assert broken(thawed) == []


def test_an_orphan_that_is_stopped_is_named() -> None:
    unnamed = replace(emptied_case(), orphans=frozenset({(RUN, "1")}))

    assert broken(unnamed) == [Rule.UNNAMED]
    assert broken(with_run(unnamed, revoke_accepted_at=2.9)) == []
    killed = replace(unnamed, faults=[*unnamed.faults, fault(3.9)])
    assert broken(killed) == []


def test_a_redis_that_was_emptied_excuses_no_rerun() -> None:
    rerun = with_lines(emptied_case(), *finished(1.0, "1"), *finished(2.0, "1", attempt=2))

    assert broken(rerun) == [Rule.RERUN]


def test_a_client_that_is_not_told_that_its_run_is_gone_is_found() -> None:
    untold = with_run(emptied_case(), told_gone=frozenset({"A0"}))

    assert broken(untold) == [Rule.DIVERGED]
    assert "B0" in judge(untold).breaches[0].said


def test_what_is_left_of_a_run_that_is_not_there_is_found() -> None:
    left = replace(good_case(), left_over=frozenset({"{inception}:log:run-7:0:1"}))

    assert broken(left) == [Rule.LEFT_OVER]
