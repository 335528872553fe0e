"""Retry of a run: what is kept, what starts anew, and what is forgotten."""

from __future__ import annotations

import pytest

from inception.runs import keys
from inception.runs.errors import (
    RunNotEnded,
    RunNotFound,
    RunSucceeded,
    SpawnRefused,
    StepGoesOn,
)
from inception.runs.model import State
from inception.runs.paths import task_id
from inception.runs.records import ClaimAnswer, Lease
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun, step


def end_run(held: HeldRun, state: State) -> None:
    ended = held.store.end_run(held.lease, held.next_op(), state, patch(value="x" * 5000))
    assert ended.waiting_for == ()


def retry(store: Store) -> HeldRun:
    """Retry the run and take it over."""
    store.retry_run(RUN, by="anna")
    assert store.claim_run(RUN, owner="next", token="token-2")
    return HeldRun(store, Lease(run_id=RUN, owner="next", token="token-2"))


def states(store: Store) -> dict[str, State]:
    return {node["path"]: node["state"] for node in store.snapshot(RUN)["nodes"]}


def test_successes_are_kept_and_the_rest_starts_anew(held: HeldRun) -> None:
    held.spawn("0", "3")
    held.spawn("1", "2", kind="parent")
    held.spawn("1.0", "1.1", "2.0")
    for path in ("0", "1.0", "2", "3"):
        held.end(path)
    for path in ("1.1", "2.0", "1"):
        held.write(path, state=State.FAILURE, traceback="x" * 5000)
    end_run(held, State.FAILURE)

    run = held.store.retry_run(RUN, by="anna")
    assert (run["state"], run["finalized_at"], run["value"]) == (State.RETRY, None, None)
    assert run["omitted"] == []
    assert run["counts"] == {"RETRY": 2, "SUCCESS": 4, "FAILURE": 1}
    assert states(held.store) == {
        "0": State.SUCCESS,
        "1": State.RETRY,
        "1.0": State.SUCCESS,
        "1.1": State.RETRY,
        "2": State.SUCCESS,
        "2.0": State.FAILURE,
        "3": State.SUCCESS,
    }
    anew = held.store.read_node(RUN, "1.1")
    assert (anew["attempt"], anew["task_id"]) == (2, task_id(RUN, "1.1", 2))
    assert (anew["traceback"], anew["omitted"]) == (None, [])
    assert [attempt["state"] for attempt in anew["attempts"]] == [State.FAILURE]
    journal = held.store.load_run(RUN).journal
    assert (journal[keys.retried("")], journal[keys.retried("1")]) == ("1", "1")
    assert keys.retried("2") not in journal


def test_a_parent_that_failed_by_itself_goes_on_after_its_steps(held: HeldRun) -> None:
    held.spawn("0", "1")
    held.end("0")
    held.end("1")
    end_run(held, State.FAILURE)
    again = retry(held.store)
    assert again.store.load_run(RUN).journal[keys.retried("")] == "2"
    assert states(again.store) == {"0": State.SUCCESS, "1": State.SUCCESS}


def test_a_retried_run_waits_for_an_owner_and_has_no_revoke_any_more(held: HeldRun) -> None:
    held.spawn("0")
    held.store.claim(held.claim_of("0"))
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    held.store.end_claim(held.end_of("0", State.REVOKED))
    held.end("0", State.REVOKED)
    end_run(held, State.REVOKED)

    run = held.store.retry_run(RUN, by="anna")
    assert run["revoke"] is None
    assert held.store.unowned(older_than_ms=60_000, limit=5) == [RUN]
    claimed = held.store.claim_run(RUN, owner="next", token="token-2")
    assert claimed is not None
    assert (claimed.run["state"], claimed.first) == (State.STARTED, False)
    assert held.store.load_run(RUN).intents == {}
    assert held.store.claim(held.claim_of("0", attempt=1)) == ClaimAnswer.SUPERSEDED
    assert held.store.claim(held.claim_of("0", attempt=2)) == ClaimAnswer.OK


def test_a_step_tells_who_revoked_it_and_why_until_it_starts_anew(held: HeldRun) -> None:
    held.spawn("0")
    assert "revoke" not in held.store.read_node(RUN, "0")
    held.store.request_revoke(RUN, "0", by="anna", reason="too slow")
    asked = held.store.read_node(RUN, "0").get("revoke")
    assert asked is not None
    assert (asked["by"], asked["reason"]) == ("anna", "too slow")
    held.end("0", State.REVOKED)
    end_run(held, State.FAILURE)
    assert held.store.read_node(RUN, "0").get("revoke") == asked
    retry(held.store)
    assert held.store.read_node(RUN, "0").get("revoke") is None


def test_a_retried_run_tells_when_its_present_try_began(held: HeldRun) -> None:
    first = held.store.read_run(RUN)
    assert "retried_at" not in first
    end_run(held, State.FAILURE)
    ended = held.store.read_run(RUN)
    retry(held.store)
    run = held.store.read_run(RUN)
    assert ended["finalized_at"] is not None
    assert run["retried_at"] >= ended["finalized_at"]
    assert run["started_at"] == first["started_at"]
    assert held.store.claim_run(RUN, owner="third", token="token-3", from_owner="next")
    assert held.store.read_run(RUN) == run  # a take-over begins no try


def test_a_retry_goes_on_in_the_numbering(held: HeldRun) -> None:
    end_run(held, State.FAILURE)
    before = held.store.read_run(RUN)
    run = held.store.retry_run(RUN, by="anna")
    assert (run["epoch"], run["seq"]) == (before["epoch"], before["seq"] + 1)


def test_another_step_takes_the_place_of_a_recorded_one_and_of_what_is_under_it(
    held: HeldRun,
) -> None:
    held.spawn("1", "10", kind="parent")
    held.spawn("1.0", "10.0")
    held.store.claim(held.claim_of("1.0"))
    held.store.record_value(held.lease, held.next_op(), "1#0", "5")
    for path in ("1.0", "10.0", "1", "10"):
        held.end(path)
    end_run(held, State.FAILURE)

    again = retry(held.store)
    other = step("1", name="tasks.other")
    assert again.store.restart_step(again.lease, again.next_op(), other, earlier=None) == 2
    loaded = again.store.load_run(RUN)
    assert [node["path"] for node in loaded.nodes] == ["1", "10", "10.0"]
    assert loaded.journal["1"] == "digest tasks.other"
    assert "1#0" not in loaded.journal
    assert "1.0" not in loaded.journal
    assert loaded.claims == {}
    assert loaded.nodes[0]["children"] == 0
    assert loaded.run["counts"] == {"PENDING": 1, "SUCCESS": 2}


def test_no_step_takes_the_place_of_one_that_goes_on_or_is_revoked(held: HeldRun) -> None:
    held.spawn("0")
    held.store.claim(held.claim_of("0"))
    with pytest.raises(StepGoesOn):
        held.store.restart_step(held.lease, held.next_op(), step("0"), earlier=None)
    held.end("0")
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    with pytest.raises(SpawnRefused):
        held.store.restart_step(held.lease, held.next_op(), step("0"), earlier=None)


def test_only_a_run_that_ended_badly_is_retried(held: HeldRun) -> None:
    with pytest.raises(RunNotEnded):
        held.store.retry_run(RUN, by="anna")
    with pytest.raises(RunNotFound):
        held.store.retry_run("none", by="anna")
    end_run(held, State.SUCCESS)
    with pytest.raises(RunSucceeded):
        held.store.retry_run(RUN, by="anna")


def test_two_retries_at_once_are_one(held: HeldRun) -> None:
    end_run(held, State.FAILURE)
    held.store.retry_run(RUN, by="anna")
    with pytest.raises(RunNotEnded):
        held.store.retry_run(RUN, by="ben")
