"""Retry of a run: what is kept, what starts anew, and what is forgotten."""

from __future__ import annotations

import pytest

from inception.runs.errors import RunNotEnded, RunNotFound, RunSucceeded, SpawnRefused
from inception.runs.model import Attempt, State
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


def restart(held: HeldRun, path: str, *, set_aside: bool = False) -> int | None:
    node = held.store.read_node(RUN, path)
    earlier = Attempt(
        attempt=node["attempt"],
        worker=None,
        started_at=None,
        finalized_at=node["finalized_at"],
        state=node["state"],
        error=None,
    )
    return held.store.restart_step(
        held.lease, held.next_op(), step(path), earlier=earlier, set_aside=set_aside
    )


def test_a_retried_run_waits_for_an_owner_without_its_end_and_its_revoke(held: HeldRun) -> None:
    held.spawn("0")
    held.store.claim(held.claim_of("0"))
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    held.end("0", State.REVOKED)
    end_run(held, State.REVOKED)
    before = held.store.read_run(RUN)

    run = held.store.retry_run(RUN, by="anna")
    assert (run["state"], run["epoch"], run["seq"]) == (
        State.RETRY,
        before["epoch"],
        before["seq"] + 1,
    )
    assert (run["revoke"], run["finalized_at"], run["omitted"]) == (None, None, [])
    assert held.store.unowned(older_than_ms=60_000, limit=5) == [RUN]
    claimed = held.store.claim_run(RUN, owner="next", token="token-2")
    assert claimed is not None
    assert (claimed.run["state"], claimed.first) == (State.RETRY, False)
    loaded = held.store.load_run(RUN)
    assert loaded.intents == {}
    assert loaded.retried_at >= (loaded.nodes[0]["finalized_at"] or 0) > 0


def test_a_step_that_ended_badly_starts_anew_as_a_new_attempt(held: HeldRun) -> None:
    held.spawn("0", "1")
    held.store.claim(held.claim_of("1"))
    held.store.end_claim(held.end_of("1", State.FAILURE))
    held.end("0")
    held.write("1", state=State.FAILURE, traceback="x" * 5000)
    end_run(held, State.FAILURE)

    again = retry(held.store)
    assert restart(again, "1") == 2
    node = again.store.read_node(RUN, "1")
    assert (node["state"], node["attempt"], node["traceback"]) == (State.PENDING, 2, None)
    assert (node["omitted"], node["finalized_at"]) == ([], None)
    assert [attempt["state"] for attempt in node["attempts"]] == [State.FAILURE]
    assert again.store.read_run(RUN)["counts"] == {"PENDING": 1, "SUCCESS": 1}
    assert again.store.claim(again.claim_of("1", attempt=1)) == ClaimAnswer.SUPERSEDED
    assert again.store.claim(again.claim_of("1", attempt=2)) == ClaimAnswer.OK
    assert restart(again, "1") is None


def test_a_step_set_aside_takes_along_what_is_under_it(held: HeldRun) -> None:
    held.spawn("1", "10", kind="parent")
    held.spawn("1.0", "10.0")
    held.store.claim(held.claim_of("1.0"))
    held.store.record_value(held.lease, held.next_op(), "1#0", "5")
    for path in ("1.0", "10.0", "1", "10"):
        held.end(path)
    end_run(held, State.FAILURE)

    again = retry(held.store)
    restart(again, "1", set_aside=True)
    loaded = again.store.load_run(RUN)
    assert [node["path"] for node in loaded.nodes] == ["1", "10", "10.0"]
    assert loaded.journal.keys() == {"1", "10", "10.0"}
    assert loaded.claims == {}
    assert loaded.nodes[0]["children"] == 0
    assert loaded.run["counts"] == {"PENDING": 1, "SUCCESS": 2}


def test_nothing_starts_anew_under_a_revoke(held: HeldRun) -> None:
    held.spawn("0")
    held.end("0", State.FAILURE)
    end_run(held, State.FAILURE)
    again = retry(held.store)
    again.store.request_revoke(RUN, "", by="anna", reason=None)
    with pytest.raises(SpawnRefused):
        restart(again, "0")


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
