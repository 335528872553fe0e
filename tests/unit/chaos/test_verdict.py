"""The judge of the hammer finds what is broken, and excuses only what a real fault explains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inception.runs.model import State
from tests.chaos.hammer.evidence import Evidence
from tests.chaos.hammer.ledger import Verb
from tests.chaos.hammer.rules import GRACE, Column, Rule
from tests.chaos.hammer.table import stories, table
from tests.chaos.hammer.verdict import judge
from tests.unit.chaos.case import (
    POOL,
    RUN,
    WORKER,
    broken,
    count,
    fault,
    finished,
    good_case,
    line,
    node,
    revoked_case,
    server_view,
    with_faults,
    with_lines,
    with_run,
)


def test_what_went_well_is_clean() -> None:
    assert broken(good_case()) == []
    assert broken(revoked_case()) == []
    assert count(good_case(), Column.FINISHED) == 2
    assert count(good_case(), Column.ENDED) == 1


# Children


def test_a_finished_child_that_ran_again_is_found() -> None:
    rerun = with_lines(good_case(), *finished(3.0, "0", attempt=2))

    assert broken(rerun) == [Rule.RERUN]
    (breach,) = judge(rerun).breaches
    assert (breach.run_id, breach.path) == (RUN, "0")


def test_a_kill_of_its_process_excuses_no_rerun_of_a_finished_child() -> None:
    rerun = with_lines(good_case(), *finished(3.0, "0", attempt=2))

    assert broken(with_faults(rerun, fault(1.6))) == [Rule.RERUN]


def test_a_rerun_is_excused_by_a_redis_killed_right_after_the_end() -> None:
    rerun = with_lines(good_case(), *finished(5.0, "0", attempt=2))
    soon, late = (fault(at, pid=5, target="redis") for at in (2.0, 4.5))

    assert broken(with_faults(rerun, soon)) == []
    assert count(with_faults(rerun, soon), Column.WITH_REDIS) == 1
    assert broken(with_faults(rerun, late)) == [Rule.RERUN]


def test_a_redis_that_was_asked_to_leave_has_lost_nothing() -> None:
    rerun = with_lines(good_case(), *finished(5.0, "0", attempt=2))
    frozen = fault(2.0, pid=5, target="redis", until=2.5)

    assert broken(with_faults(rerun, frozen)) == [Rule.RERUN]


def test_an_attempt_that_began_twice_is_found() -> None:
    assert broken(with_lines(good_case(), line(1.2, Verb.BEGIN, pid=12))) == [Rule.TWICE]


def killed_once(*before: Verb) -> Evidence:
    """Its first attempt wrote these words and was followed by a second one that finished."""
    evidence = good_case()
    others = [one for one in evidence.lines if one.path == "1"]
    first = [line(1.0 + n / 10, verb) for n, verb in enumerate(before)]
    view = replace(server_view(), nodes={"0": node("0", attempt=2), "1": node("1")})
    evidence = replace(evidence, lines=[*first, *others, *finished(3.0, "0", attempt=2)])
    return with_run(evidence, server=view, clients={})


def test_an_attempt_followed_by_another_must_have_lost_its_process() -> None:
    given_up = killed_once(Verb.BEGIN)

    assert broken(given_up) == [Rule.UNEXPLAINED]
    assert broken(with_faults(given_up, fault(1.1, pid=99))) == [Rule.UNEXPLAINED]
    assert broken(with_faults(given_up, fault(1.1, pid=POOL))) == []
    assert broken(with_faults(given_up, fault(1.1, pid=WORKER, until=5.0))) == []
    assert count(with_faults(given_up, fault(1.1)), Column.GIVEN_UP) == 1


def test_a_child_killed_between_its_last_line_and_its_record_is_counted_apart() -> None:
    unrecorded = with_faults(killed_once(Verb.BEGIN, Verb.END), fault(1.2))

    assert broken(unrecorded) == []
    assert count(unrecorded, Column.UNRECORDED) == 1
    assert count(with_faults(killed_once(Verb.BEGIN), fault(1.2)), Column.UNRECORDED) == 0


def test_a_child_whose_redis_lost_how_it_ended_is_given_up_with_reason() -> None:
    ended = killed_once(Verb.BEGIN, Verb.END)
    lost = fault(2.8, pid=5, target="redis")

    assert broken(ended) == [Rule.UNEXPLAINED]
    assert broken(with_faults(ended, lost)) == []
    assert broken(with_faults(killed_once(Verb.BEGIN), replace(lost, at=3.6))) == [Rule.UNEXPLAINED]


def test_an_attempt_that_ended_after_it_was_given_up_is_counted_apart() -> None:
    too_late = killed_once(Verb.BEGIN, Verb.END, Verb.REFUSED)
    too_late = with_faults(too_late, fault(1.0, until=1.1))

    assert broken(too_late) == []
    assert count(too_late, Column.TOO_LATE) == 1
    assert count(too_late, Column.UNRECORDED) == 0


def test_a_failure_is_followed_only_where_the_shape_says_so() -> None:
    evidence = killed_once(Verb.BEGIN, Verb.END)
    evidence = with_lines(evidence, line(1.2, Verb.KEPT, state="FAILURE"))
    shape = evidence.runs[0].shape

    assert broken(evidence) == [Rule.RERUN]
    allowed = replace(shape, failing=frozenset({"0"}))
    assert broken(with_run(evidence, shape=allowed)) == []
    assert broken(with_run(evidence, retry_accepted_at=2.0)) == []
    assert broken(with_run(evidence, retry_accepted_at=1.1)) == [Rule.RERUN]


def test_a_retry_of_the_run_excuses_no_rerun_of_a_child_that_succeeded() -> None:
    rerun = with_lines(good_case(), *finished(3.0, "0", attempt=2))

    assert broken(with_run(rerun, retry_accepted_at=2.9)) == [Rule.RERUN]


def test_a_success_without_a_last_line_is_found() -> None:
    unworked = replace(good_case(), lines=finished(1.0, "0"))

    assert broken(unworked) == [Rule.INVENTED]


# Runs


def test_a_lost_run_is_found() -> None:
    lost = replace(with_run(good_case(), server=None, clients={}), listed=frozenset())

    assert broken(lost) == [Rule.LOST_RUN]


def test_a_run_may_be_lost_only_within_what_redis_lost() -> None:
    lost = replace(with_run(good_case(), server=None, clients={}), listed=frozenset())
    kill = fault(2.0, pid=5, target="redis")

    assert broken(with_faults(lost, kill)) == []
    assert count(with_faults(lost, kill), Column.WITH_REDIS) == 1
    assert broken(with_faults(lost, replace(kill, at=2.6))) == [Rule.LOST_RUN]
    assert broken(with_faults(lost, replace(kill, at=-0.1))) == [Rule.LOST_RUN]


def limited_case(began: int) -> Evidence:
    """Two runs of a limited parent: one from second 1 to 4, the other from `began` (ms) on."""
    evidence = good_case()
    shape = replace(evidence.runs[0].shape, alone=True)
    first = with_run(evidence, shape=shape, server=server_view(started_at=1000), clients={})
    other = replace(
        first.runs[0], id="run-2", server=server_view(started_at=began, finalized_at=9000)
    )
    lines = [replace(one, run_id="run-2") for one in evidence.lines]
    return replace(
        first,
        runs=[first.runs[0], other],
        lines=[*evidence.lines, *lines],
        listed=frozenset({RUN, "run-2"}),
    )


def test_two_runs_of_a_limited_parent_at_a_time_are_found() -> None:
    assert broken(limited_case(4001)) == []
    assert broken(limited_case(3999)) == [Rule.TOGETHER]


def test_a_request_that_was_never_answered_is_found() -> None:
    assert broken(replace(good_case(), failures=["GET /runs"])) == [Rule.UNSERVED]


def test_a_run_that_nobody_asked_for_is_found() -> None:
    doubled = replace(good_case(), listed=frozenset({RUN, "run-2"}))

    assert broken(doubled) == [Rule.UNASKED_RUN]


@pytest.mark.parametrize("state", [State.PROGRESS, State.REVOKING])
def test_a_run_that_goes_on_for_ever_is_found(state: State) -> None:
    view = replace(server_view(), run={**server_view().run, "state": state})

    assert broken(with_run(good_case(), server=view, clients={})) == [Rule.NOT_ENDED]


def test_a_node_that_outlives_its_run_is_found() -> None:
    view = replace(server_view(), nodes={"0": node("0"), "1": node("1", State.PROGRESS)})

    assert broken(with_run(good_case(), server=view, clients={})) == [Rule.NOT_ENDED]


def test_a_wrong_end_and_a_wrong_value_are_found() -> None:
    failed = server_view(state=State.FAILURE)
    short = server_view(value=["0"])

    assert broken(with_run(good_case(), server=failed, clients={})) == [Rule.WRONG_END]
    assert broken(with_run(good_case(), server=short, clients={})) == [Rule.WRONG_END]


def test_a_cut_file_excuses_what_was_acknowledged_before_it_only() -> None:
    cut = replace(fault(5.0, pid=5, target="redis"), cut=1.0)
    refused = with_run(
        revoked_case(), refusal="the revoke was answered 404", asked_upon=2.5,
        revoke_accepted_at=None,
    )  # fmt: skip

    assert broken(refused) == [Rule.REFUSED]
    assert broken(with_faults(refused, cut)) == []
    assert count(with_faults(refused, cut), Column.WITH_REDIS) == 1
    assert broken(with_faults(refused, replace(cut, cut=None))) == [Rule.REFUSED]
    assert broken(with_faults(refused, replace(cut, at=1.9))) == [Rule.REFUSED]


def test_cut_connections_excuse_nothing() -> None:
    cut = replace(fault(2.6, pid=5, target="redis"), signum=None)
    refused = with_run(revoked_case(), refusal="the revoke was answered 404", asked_upon=2.5)

    assert broken(with_faults(refused, cut)) == [Rule.REFUSED]


def test_a_refused_revoke_is_found() -> None:
    assert broken(with_run(revoked_case(), refusal="the revoke was answered 404")) == [Rule.REFUSED]


# Survivors


@pytest.mark.parametrize("verb", [Verb.BEGIN, Verb.TICK, Verb.END])
def test_a_survivor_of_a_revoke_is_found(verb: Verb) -> None:
    in_time = with_lines(revoked_case(), line(3.9 + GRACE, verb, "7"))
    too_late = with_lines(revoked_case(), line(4.1 + GRACE, verb, "7"))

    assert broken(in_time) == []
    assert broken(too_late) == [Rule.SURVIVOR]


def test_a_frozen_worker_has_its_grace_from_the_thaw_on() -> None:
    alive = with_lines(revoked_case(), line(10.0 + GRACE, Verb.TICK))
    thawed = fault(3.0, pid=WORKER, until=10.5)

    assert broken(with_faults(alive, thawed)) == []
    assert broken(with_faults(alive, replace(thawed, until=9.5))) == [Rule.SURVIVOR]
    assert broken(with_faults(alive, replace(thawed, pid=99))) == [Rule.SURVIVOR]


def test_what_goes_on_beside_a_revoked_branch_is_no_survivor() -> None:
    view = replace(server_view(), nodes={"0": node("0", State.REVOKED), "1": node("1")})
    evidence = with_run(good_case(), server=view, clients={})
    beside = with_lines(evidence, line(4.1 + GRACE, Verb.TICK, "1"))
    below = with_lines(evidence, line(4.1 + GRACE, Verb.TICK, "0.0"))

    assert broken(beside) == []
    assert broken(below) == [Rule.SURVIVOR]


# Clients


def test_a_client_that_stands_elsewhere_is_found() -> None:
    behind = replace(server_view(), seq=8)
    elsewhere = replace(server_view(), epoch="two")

    for view in (behind, elsewhere, None):
        assert broken(with_run(good_case(), clients={"A0": view})) == [Rule.DIVERGED]


def test_a_client_that_sees_something_else_is_found() -> None:
    there = server_view()
    other = replace(there, nodes={**there.nodes, "1": node("1", State.PROGRESS)})
    fewer = replace(there, nodes={"0": node("0")})
    run = replace(there, run={**there.run, "value": []})

    for view in (other, fewer, run):
        assert broken(with_run(good_case(), clients={"A0": view})) == [Rule.DIVERGED]


# What is printed


def test_a_breach_is_told_with_its_story() -> None:
    rerun = with_lines(good_case(), *finished(3.0, "0", attempt=2))
    rerun = with_faults(rerun, fault(2.9))

    told = list(stories(judge(rerun), rerun))

    assert told[0].startswith(f"BREACH a finished child is not started again: run {RUN}")
    assert any("SIGKILL to pool A (pid 11)" in text for text in told)
    assert sum("begin" in text for text in told[1:]) == 2
    assert not any(" 1 attempt" in text for text in told), "the other child's lines"


def test_the_table_sums_up() -> None:
    rerun = with_lines(good_case(), *finished(3.0, "0", attempt=2))

    head, row, total = table(judge(rerun)).splitlines()

    assert head.split()[-1] == "breaches"
    assert row.split() == ["sequential", "1", "1", "3", "3", "0", "0", "0", "0", "0", "1"]
    assert total.split()[1:] == row.split()[1:]
