"""Places of limited parents: who has one, who waits, who is refused, and who is let in."""

from __future__ import annotations

import pytest

from inception.runs.errors import AlreadyRunning, RunNotFound, StaleToken
from inception.runs.limits import Limits, WhenFull
from inception.runs.model import Parent, State
from inception.runs.records import ClaimAnswer, Lease, NewRun
from inception.runs.store import Store
from tests.integration.runs.held_run import HeldRun

TWO = Limits(max_running=2)
EACH = Limits(unique={"customer": None})
ALONE = Limits(max_running=1, when_full=WhenFull.REFUSE)
OWNER = "host:watcher:1"
WAITING = "Waiting for other runs of this parent"


def create(store: Store, run_id: str, limits: Limits, customer: str = "anna") -> bool:
    """Record a run; True if it has to wait."""
    new = NewRun(id=run_id, name="tasks.limited", kwargs={"customer": customer}, limits=limits)
    return store.create_run(new).waits


def begins(store: Store, run_id: str) -> bool:
    """True if the run is to be had, and now is."""
    return store.claim_run(run_id, owner=OWNER, token=run_id) is not None


def end(store: Store, run_id: str) -> None:
    lease = Lease(run_id=run_id, owner=OWNER, token=run_id)
    assert store.end_run(lease, 1, State.SUCCESS, {}).waiting_for == ()


def test_further_runs_wait_in_order_and_are_let_in_one_by_one(store: Store) -> None:
    assert [create(store, run, TWO) for run in "abcd"] == [False, False, True, True]
    assert [begins(store, run) for run in "abcd"] == [True, True, False, False]

    end(store, "b")
    assert store.unowned(older_than_ms=60_000, limit=9) == ["c"]
    assert not begins(store, "d")
    assert begins(store, "c")
    end(store, "a")
    assert begins(store, "d")


def test_one_run_goes_on_for_each_value(store: Store) -> None:
    waits = [create(store, run, EACH, customer=run[0]) for run in ("a1", "b1", "a2")]

    assert waits == [False, False, True]
    assert begins(store, "a1")
    end(store, "a1")
    assert begins(store, "a2")


def test_where_it_is_declared_so_a_further_run_is_refused_and_leaves_nothing(store: Store) -> None:
    create(store, "a", ALONE)
    with pytest.raises(AlreadyRunning, match="a goes on"):
        create(store, "b", ALONE)

    with pytest.raises(RunNotFound):
        store.read_run("b")
    assert begins(store, "a")
    end(store, "a")
    assert not create(store, "b", ALONE)


def test_a_waiting_run_that_is_revoked_gives_its_turn_away(store: Store) -> None:
    create(store, "a", ALONE)
    assert begins(store, "a")
    create(store, "b", Limits(max_running=1))
    create(store, "c", Limits(max_running=1))
    store.request_revoke("b", "", by="anna", reason=None)

    end(store, "a")
    assert begins(store, "c")


def test_a_place_is_kept_through_the_death_of_its_owner_and_left_once(store: Store) -> None:
    """Nobody is let in beside a run that is taken over, and one when it ends in other hands."""
    assert [create(store, run, Limits(max_running=1)) for run in "abc"] == [False, True, True]
    assert begins(store, "a")
    assert store.claim_run("a", owner="other", token="other", from_owner=OWNER, rescue=True)
    assert not begins(store, "b")

    with pytest.raises(StaleToken):
        end(store, "a")
    assert not begins(store, "b")
    lease = Lease(run_id="a", owner="other", token="other")
    assert store.end_run(lease, 1, State.SUCCESS, {}).waiting_for == ()
    assert store.unowned(older_than_ms=60_000, limit=9) == ["b"], "it was let in, and nobody is up"
    assert begins(store, "b")
    assert not begins(store, "c")


def fails(store: Store, run_id: str) -> None:
    """Let a run begin, start a child that a worker has, and fail with it."""
    assert begins(store, run_id)
    held = HeldRun(store, Lease(run_id=run_id, owner=OWNER, token=run_id))
    held.spawn("0")
    assert store.claim(held.claim_of("0")) == ClaimAnswer.OK
    held.end("0", State.FAILURE)
    store.end_run(held.lease, held.next_op(), State.FAILURE, {})


def test_a_run_that_was_retried_and_waits_in_line_is_revoked_at_once(store: Store) -> None:
    """What its earlier try claimed is over: nobody works on it, and no watcher would be let in."""
    create(store, "b", Limits(max_running=1))
    fails(store, "b")
    create(store, "a", Limits(max_running=1))
    assert store.retry_run("b", by="anna")["state"] == State.RETRY
    assert not begins(store, "b")

    run = store.request_revoke("b", "", by="anna", reason=None)

    assert (run["state"], run["counts"]) == (State.REVOKED, {State.REVOKED: 1})
    assert store.unowned(older_than_ms=0, limit=9) == ["a"]


def test_a_part_of_a_run_that_waits_in_line_is_stopped_once_it_is_let_in(store: Store) -> None:
    """No watcher can take it before, and none shall try at each of its beats."""
    create(store, "b", Limits(max_running=1))
    fails(store, "b")
    create(store, "a", Limits(max_running=1))
    store.retry_run("b", by="anna")

    store.request_revoke("b", "0", by="anna", reason=None)

    assert store.read_node("b", "0")["state"] == State.REVOKING
    assert store.unowned(older_than_ms=0, limit=9) == ["a"]
    assert begins(store, "a")
    end(store, "a")
    assert store.unowned(older_than_ms=0, limit=9) == ["b"]


def announce(store: Store, max_running: int) -> None:
    """Let workers of a version start that allows so many."""
    limits = Limits(max_running=max_running).for_catalogue()
    parent = Parent(name="tasks.limited", doc="", schema={}, steps=None, limits=limits)
    store.write_catalogue([parent])


def test_a_run_in_line_goes_by_the_number_of_places_that_there_are_by_now(store: Store) -> None:
    """Its own number is of an older version: one at a time, while newer runs keep two there."""
    announce(store, 1)
    assert [create(store, run, Limits(max_running=1)) for run in "ab"] == [False, True]
    assert begins(store, "a")
    announce(store, 3)

    assert not create(store, "c", Limits(max_running=3))
    assert begins(store, "b"), "it is let in before who comes after it"
    assert begins(store, "c")
    assert create(store, "d", Limits(max_running=3))
    end(store, "c")
    assert begins(store, "d")


def test_fewer_places_hold_for_those_who_wait_already(store: Store) -> None:
    announce(store, 2)
    assert [create(store, run, TWO) for run in "abcd"] == [False, False, True, True]
    assert [begins(store, run) for run in "ab"] == [True, True]
    announce(store, 1)

    end(store, "a")
    assert not begins(store, "c")
    end(store, "b")
    assert [begins(store, run) for run in "cd"] == [True, False]


def test_who_waits_is_let_in_though_the_parent_is_limited_no_more(store: Store) -> None:
    announce(store, 1)
    assert [create(store, run, Limits(max_running=1)) for run in "abc"] == [False, True, True]
    assert begins(store, "a")
    store.write_catalogue([Parent(name="tasks.limited", doc="", schema={}, steps=None)])

    end(store, "a")
    assert begins(store, "b")


def test_a_run_says_that_it_waits_for_others_until_it_begins(store: Store) -> None:
    """When it is new, and when it is retried; the parent's own words come after that."""
    create(store, "a", Limits(max_running=1))
    create(store, "b", Limits(max_running=1))
    assert said(store, "a", "b") == ["", WAITING]
    begins(store, "a")
    store.end_run(Lease(run_id="a", owner=OWNER, token="a"), 1, State.FAILURE, {})
    assert begins(store, "b")
    assert said(store, "b") == [""]

    store.retry_run("a", by="anna")
    assert said(store, "a") == [WAITING]
    end(store, "b")
    assert begins(store, "a")
    assert said(store, "a") == [""]


def said(store: Store, *run_ids: str) -> list[str]:
    """The message that each of these runs shows."""
    return [store.read_run(run_id)["meta"]["message"] for run_id in run_ids]
