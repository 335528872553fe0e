from __future__ import annotations

from typing import Any

import pytest

from inception.runs.listing import matches
from inception.runs.model import Run, State
from inception.runs.records import RunFilter
from tests.unit.webapp.records import run_record
from webapp.relay.run_page import (
    COUNTS_INTERVAL,
    MAX_ENDED,
    MAX_FOLLOWED,
    PROGRESS_INTERVAL,
    RunChanges,
    RunPage,
)


@pytest.fixture
def page() -> RunPage:
    """A full page of running runs, the oldest made at 1,000 ms."""
    running = RunFilter(states=frozenset({State.STARTED, State.PROGRESS}))
    page = RunPage(lambda run: matches(run, running))
    page.start([run_record("a")], more=True, now=0.0)
    return page


def test_progress_of_a_run_waits_for_its_second(page: RunPage) -> None:
    page.accept(run_record("a", seq=2))
    assert page.wait(0.25) == PROGRESS_INTERVAL - 0.25
    assert page.take(0.25)["runs"] == []
    page.accept(run_record("a", seq=3))
    assert page.take(PROGRESS_INTERVAL) == RunChanges(runs=[run_record("a", seq=3)], gone=[])


def test_a_change_of_state_does_not_wait(page: RunPage) -> None:
    page.accept(run_record("a", seq=2, state=State.STARTED))
    assert page.wait(0.0) == 0
    assert [run["state"] for run in page.take(0.0)["runs"]] == [State.STARTED]


def test_a_run_that_leaves_the_filter_is_gone_once(page: RunPage) -> None:
    page.accept(run_record("a", seq=2, state=State.SUCCESS))
    assert page.take(0.0) == RunChanges(runs=[], gone=["a"])
    page.accept(run_record("a", seq=3, state=State.SUCCESS))
    assert page.wait(0.0) is None


def test_a_deleted_run_is_gone_and_one_that_was_never_shown_is_not_mentioned(page: RunPage) -> None:
    page.remove("a")
    page.remove("stranger")
    assert page.take(0.0) == RunChanges(runs=[], gone=["a"])


def test_a_new_run_is_shown_at_once(page: RunPage) -> None:
    page.accept(run_record("b", created_at=2_000))
    assert [run["id"] for run in page.take(0.0)["runs"]] == ["b"]


def test_an_older_run_than_those_of_a_full_page_stays_off_it(page: RunPage) -> None:
    page.accept(run_record("old", created_at=999))
    assert page.wait(0.0) is None


def test_a_page_that_is_not_full_shows_older_runs_that_enter_the_filter() -> None:
    page = RunPage(lambda run: run["state"] == State.FAILURE)
    page.start([run_record("a", state=State.FAILURE)], more=False, now=0.0)
    page.accept(run_record("old", created_at=1, state=State.FAILURE))
    assert [run["id"] for run in page.take(0.0)["runs"]] == ["old"]


def test_a_page_read_again_is_given_in_full_with_what_is_no_longer_on_it(page: RunPage) -> None:
    page.expect_page()
    again = page.start([run_record("b"), run_record("c")], more=False, now=1.0)
    assert [run["id"] for run in again["runs"]] == ["b", "c"]
    assert again["gone"] == ["a"]


def test_what_is_heard_while_the_page_is_read_is_not_lost() -> None:
    page = RunPage(lambda _run: True)
    page.accept(run_record("a", seq=7, state=State.SUCCESS))
    page.accept(run_record("stale", seq=3))
    page.remove("deleted")
    assert page.wait(0.0) is None
    read = [run_record("a", seq=6), run_record("stale", seq=4), run_record("deleted")]
    page.start(read, more=False, now=0.0)
    changes = page.take(0.0)
    assert [(run["id"], run["seq"]) for run in changes["runs"]] == [("a", 7)]
    assert changes["gone"] == ["deleted"]


def test_a_page_follows_only_so_many_runs() -> None:
    page = RunPage(lambda _run: True)
    page.start([], more=False, now=0.0)
    for number in range(MAX_FOLLOWED + 10):
        page.accept(run_record(str(number), created_at=number))
    page.take(0.0)
    page.remove("0")
    page.remove(str(MAX_FOLLOWED))
    assert page.take(0.0)["gone"] == [str(MAX_FOLLOWED)]


def test_what_is_heard_while_an_older_page_is_read_is_not_lost(page: RunPage) -> None:
    page.reach_down()
    page.accept(run_record("old", created_at=500, state=State.STARTED, seq=9))
    page.accept(run_record("older still", created_at=100))
    page.extend([run_record("old", created_at=500)], oldest=500, now=0.0)
    assert [(run["id"], run["seq"]) for run in page.take(0.0)["runs"]] == [("old", 9)]
    page.accept(run_record("older still", created_at=100, seq=2))
    assert page.wait(0.0) is None


@pytest.fixture
def counting() -> RunPage:
    """A full page of succeeded runs that counts all runs whatever their state."""
    page = RunPage(lambda run: run["state"] == State.SUCCESS, lambda run: run["name"] != "foreign")
    page.start([run_record("a", state=State.SUCCESS)], more=True, now=0.0)
    return page


def test_a_run_beyond_the_page_is_told_of_once_for_each_state(counting: RunPage) -> None:
    counting.accept(run_record("b", state=State.STARTED))
    assert counting.take(0.0) == RunChanges(runs=[], gone=[], others=True)
    counting.accept(run_record("b", seq=2, state=State.STARTED))
    assert counting.wait(9.0) is None
    counting.accept(run_record("b", seq=3, state=State.FAILURE))
    assert counting.take(9.0) == RunChanges(runs=[], gone=[], others=True)


def test_changes_beyond_the_page_are_told_of_once_a_second(counting: RunPage) -> None:
    counting.accept(run_record("b", state=State.STARTED))
    counting.take(5.0)
    counting.accept(run_record("c", state=State.STARTED))
    assert counting.wait(5.25) == COUNTS_INTERVAL - 0.25
    assert counting.take(5.25) == RunChanges(runs=[], gone=[])
    assert counting.take(5.0 + COUNTS_INTERVAL) == RunChanges(runs=[], gone=[], others=True)


def test_an_old_run_that_enters_the_filter_below_a_full_page_is_told_of(counting: RunPage) -> None:
    counting.accept(run_record("old", created_at=999, state=State.SUCCESS))
    assert counting.take(0.0) == RunChanges(runs=[], gone=[], others=True)


def test_a_run_that_is_not_counted_is_passed_over(counting: RunPage) -> None:
    counting.accept(run_record("b", name="foreign", state=State.STARTED))
    assert counting.wait(0.0) is None


def _ended(run_id: str, seq: int = 1, **more: Any) -> Run:
    times = {"started_at": 2_000, "finalized_at": 2_500}
    return run_record(run_id, seq=seq, state=State.FAILURE, **{**times, **more})


def test_how_runs_beyond_the_page_end_is_told_whatever_they_are(counting: RunPage) -> None:
    counting.accept(_ended("b", name="foreign"))
    end = {"name": "foreign", "run_id": "b", "state": State.FAILURE, "ended_at": 2_500}
    assert counting.take(0.0).get("ended") == [{**end, "duration": 500}]
    counting.accept(_ended("c", name="foreign"))
    assert counting.wait(0.25) == COUNTS_INTERVAL - 0.25
    counting.accept(_ended("c", seq=2, name="foreign", retried_at=2_100, finalized_at=2_700))
    [again] = counting.take(COUNTS_INTERVAL).get("ended", [])
    assert (again["ended_at"], again["duration"]) == (2_700, None)
    assert counting.wait(9.0) is None


def test_of_many_ends_beyond_the_page_the_latest_are_told(counting: RunPage) -> None:
    for number in range(MAX_ENDED + 1):
        counting.accept(_ended(str(number), name="foreign"))
    told = [end["run_id"] for end in counting.take(0.0).get("ended", [])]
    assert told == [str(number) for number in range(1, MAX_ENDED + 1)]


def test_the_end_of_a_run_on_the_page_is_told_by_its_record(counting: RunPage) -> None:
    counting.accept(run_record("a", seq=2, state=State.SUCCESS, finalized_at=2_500))
    changes = counting.take(PROGRESS_INTERVAL)
    assert [run["id"] for run in changes["runs"]] == ["a"]
    assert "ended" not in changes


def test_a_deleted_run_beyond_the_page_is_told_of(counting: RunPage) -> None:
    counting.remove("stranger")
    assert counting.take(0.0) == RunChanges(runs=[], gone=[], others=True)
