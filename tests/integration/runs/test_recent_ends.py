"""What is kept of how the latest runs of a parent ended."""

from __future__ import annotations

import pytest

from inception.runs.model import MAX_RECENT_ENDS, State
from inception.runs.records import NewRun
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import HeldRun, RedisClient, hold

NAME = "tasks.outer"


def end(held: HeldRun, state: State = State.SUCCESS) -> None:
    fields = patch(meta=meta(100)) if state is State.SUCCESS else {}
    held.store.end_run(held.lease, held.next_op(), state, fields)


def meta(completion: float) -> dict[str, object]:
    return {"iteration": 0, "total": None, "completion": completion, "status": "PROGRESS"}


def move(held: HeldRun, completion: float) -> None:
    held.store.write(held.lease, held.next_op(), {}, patch(meta=meta(completion)))


def test_the_end_of_a_run_is_kept_with_how_long_it_took(store: Store, held: HeldRun) -> None:
    end(held)
    run = store.read_run(held.id)
    assert run["started_at"] is not None
    assert run["finalized_at"] is not None
    (ended,) = store.recent_ends([NAME])[NAME]
    assert (ended["run_id"], ended["state"]) == (held.id, State.SUCCESS)
    assert ended["ended_at"] == run["finalized_at"]
    assert ended["duration"] == run["finalized_at"] - run["started_at"]


def test_the_latest_ends_are_kept_newest_first_and_no_more(store: Store) -> None:
    for number in range(MAX_RECENT_ENDS + 3):
        end(hold(store, f"r{number}"), State.FAILURE if number % 2 else State.SUCCESS)
    ends = store.recent_ends([NAME])[NAME]
    assert [each["run_id"] for each in ends] == [f"r{n}" for n in range(MAX_RECENT_ENDS + 2, 2, -1)]
    assert {each["state"] for each in ends} == {State.SUCCESS, State.FAILURE}


def test_each_parent_has_its_own(store: Store, held: HeldRun) -> None:
    end(held)
    assert store.recent_ends(["tasks.other", NAME])["tasks.other"] == []


def test_what_is_kept_goes_when_no_run_of_the_parent_ended_for_long(
    store: Store, held: HeldRun, client: RedisClient
) -> None:
    end(held)
    assert 0 < client.ttl("{inception}:ends:" + NAME) <= 30 * 24 * 3600


def test_marks_say_when_each_tenth_was_first_reached(store: Store, held: HeldRun) -> None:
    move(held, 9.99)
    move(held, 34.5)
    moved = store.read_run(held.id)["seq"]
    move(held, 20)
    end(held, State.FAILURE)
    (ended,) = store.recent_ends([NAME])[NAME]
    at = store.events_since(held.id, store.position(held.id)[0], moved - 1)["events"][0]["at"]
    started = store.read_run(held.id)["started_at"]
    assert started is not None
    assert ended["marks"] == [at - started] * 3


def test_a_run_that_succeeded_has_all_its_marks(store: Store, held: HeldRun) -> None:
    move(held, 50)
    end(held)
    (ended,) = store.recent_ends([NAME])[NAME]
    assert len(ended["marks"]) == 9
    assert ended["marks"] == sorted(ended["marks"])
    assert ended["duration"] is not None
    assert ended["marks"][-1] == ended["duration"]


def test_a_retried_run_says_nothing_of_how_long_a_whole_one_takes(
    store: Store, held: HeldRun
) -> None:
    end(held, State.FAILURE)
    store.retry_run(held.id, by="anna")
    again = store.claim_run(held.id, owner="host:watcher:1", token="token-2")
    assert again
    held.lease = type(held.lease)(run_id=held.id, owner="host:watcher:1", token="token-2")
    held.ops = iter(range(1, 9))
    end(held)
    last, first = store.recent_ends([NAME])[NAME]
    assert first["duration"] is not None
    assert (last["state"], last["duration"], last["marks"]) == (State.SUCCESS, None, [])


@pytest.mark.parametrize("begun", [True, False])
def test_a_run_that_never_began_took_no_time(store: Store, begun: bool) -> None:
    if begun:
        hold(store, "r1")
        store.give_back("host:watcher:1", [("r1", "token-1")])
    else:
        store.create_run(NewRun(id="r1", name=NAME, kwargs={}))
    store.request_revoke("r1", "", by="anna", reason=None)
    (ended,) = store.recent_ends([NAME])[NAME]
    assert (ended["state"], ended["duration"] is not None) == (State.REVOKED, begun)
