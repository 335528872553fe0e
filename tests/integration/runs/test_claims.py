"""Claims of children on their attempts, and ends: who wins, and what is a no-op."""

from __future__ import annotations

import json

import pytest

from inception.runs import keys
from inception.runs.errors import AttemptEnded, SpawnRefused
from inception.runs.model import Attempt, State
from inception.runs.records import ClaimAnswer, Lease, Stopped
from inception.runs.recordtext import end_in_message, patch
from inception.runs.store import Store
from tests.integration.runs.held_run import (
    OWNER,
    RUN,
    HeldRun,
    RedisClient,
    kept_of,
    lose_what_is_not,
)


def lost(attempt: int, state: State = State.LOST) -> Attempt:
    return Attempt(
        attempt=attempt,
        worker="w",
        started_at=None,
        finalized_at=None,
        state=state,
        error='it said "state":"LOST"',
    )


def again(held: HeldRun, path: str, state: State = State.LOST, max_losses: int = 3) -> int | None:
    attempt = held.store.read_node(RUN, path)["attempt"]
    return held.store.new_attempt(
        held.lease,
        held.next_op(),
        path,
        task_id=f"task-{path}-{attempt + 1}",
        lost=lost(attempt, state),
        max_losses=max_losses,
    )


@pytest.fixture(autouse=True)
def a_child(held: HeldRun) -> None:
    held.spawn("0")


def test_a_second_delivery_of_a_claimed_attempt_is_dropped(held: HeldRun) -> None:
    assert held.store.claim(held.claim_of("0")) == ClaimAnswer.OK
    assert held.store.claim(held.claim_of("0")) == ClaimAnswer.CLAIMED


def test_the_same_claim_sent_twice_is_one_claim(held: HeldRun) -> None:
    claim = held.claim_of("0")
    assert held.store.claim(claim) == held.store.claim(claim) == ClaimAnswer.OK


def test_a_higher_celery_retry_takes_the_claim_over(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    assert held.store.claim(held.claim_of("0", retries=1)) == ClaimAnswer.OK
    assert not held.store.end_claim(held.end_of("0", retries=0))
    assert held.store.end_claim(held.end_of("0", retries=1))


def test_a_delivery_after_the_end_is_dropped(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.end_claim(held.end_of("0"))
    assert held.store.claim(held.claim_of("0", retries=1)) == ClaimAnswer.ENDED


def test_the_first_end_wins(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    assert held.store.end_claim(held.end_of("0", State.REVOKED))
    assert not held.store.end_claim(held.end_of("0", State.SUCCESS))
    end = held.store.read_end(RUN, "0")
    assert end is not None
    assert end.state == State.REVOKED


def test_the_same_end_sent_twice_is_one_end(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    end = held.end_of("0", value_text='{"a": []}')
    assert held.store.end_claim(end)
    assert held.store.end_claim(end)


def test_the_owner_hears_the_claim_and_the_whole_end(held: HeldRun, client: RedisClient) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.orders(OWNER))
        heard.get_message(timeout=2)
        held.store.claim(held.claim_of("0"))
        held.store.end_claim(held.end_of("0", value_text="[9223372036854775809]"))
        claimed, ended = (json.loads(heard.get_message(timeout=2)["data"]) for _ in range(2))
    assert (claimed["kind"], claimed["path"], claimed["pid"]) == ("claimed", "0", 4711)
    assert (ended["kind"], ended["attempt"], ended["superseded"]) == ("end", 1, False)
    assert end_in_message(ended["end"]) == held.store.read_end(RUN, "0")


def test_a_large_end_is_told_without_its_value_and_read_from_the_record(
    held: HeldRun, client: RedisClient
) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.orders(OWNER))
        heard.get_message(timeout=2)
        held.store.end_claim(held.end_of("0", value_text=json.dumps("x" * 20_000)))
        ended = json.loads(heard.get_message(timeout=2)["data"])
    assert ended["end"] is None
    end = held.store.read_end(RUN, "0")
    assert end is not None
    assert end.value_text == json.dumps("x" * 20_000)


def test_a_claimed_node_is_not_ended_as_unclaimed(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    ended = held.store.end_unclaimed(held.lease, held.next_op(), {"0": patch(state=State.REVOKED)})
    assert ended.skipped == ("0",)
    assert held.state_of("0") == State.PENDING


def stop(held: HeldRun, *paths: str) -> Stopped:
    end = patch(state=State.REVOKED, waiting=None)
    return held.store.stop_steps(held.lease, held.next_op(), paths, reason="no more", end=end)


def test_a_parent_ends_what_waits_and_asks_what_runs_to_stop(held: HeldRun) -> None:
    held.spawn("10", "11", "12")
    held.spawn("13", kind="parent")
    held.store.claim(held.claim_of("10"))
    held.end("12")

    stopped = stop(held, "10", "11", "12", "13", "99")

    assert (stopped.asked, stopped.ended) == (("10", "13"), ("11",))
    states = {path: held.state_of(path) for path in ("10", "11", "12", "13")}
    assert states == {
        "10": State.REVOKING, "11": State.REVOKED, "12": State.SUCCESS, "13": State.REVOKING,
    }  # fmt: skip
    assert held.store.claim(held.claim_of("11")) == ClaimAnswer.ENDED
    intents = held.store.load_run(RUN).intents
    assert {path: (asked["by"], asked["reason"]) for path, asked in intents.items()} == {
        "10": ("parent", "no more"), "13": ("parent", "no more"),
    }  # fmt: skip
    assert stop(held, "10", "11").asked == ("10",)
    assert held.store.load_run(RUN).intents == intents


def test_a_child_below_what_a_parent_stopped_does_not_begin(held: HeldRun) -> None:
    held.spawn("10", kind="parent")
    held.spawn("10.0")
    stop(held, "10")

    assert held.store.claim(held.claim_of("10.0")) == ClaimAnswer.REVOKED
    with pytest.raises(SpawnRefused):
        held.spawn("10.1")


def test_a_node_that_celery_is_to_retry_is_ended_as_unclaimed(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.retry_claim(RUN, "0", 1, 0, error="broken", eta_ms=123)
    ended = held.store.end_unclaimed(held.lease, held.next_op(), {"0": patch(state=State.REVOKED)})
    assert ended.skipped == ended.refused == ()
    assert held.state_of("0") == State.REVOKED
    assert held.store.claim(held.claim_of("0", retries=1)) == ClaimAnswer.ENDED


def test_a_node_that_celery_retries_is_not_ended_as_unclaimed(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.retry_claim(RUN, "0", 1, 0, error="broken", eta_ms=123)
    held.store.claim(held.claim_of("0", retries=1))
    ended = held.store.end_unclaimed(held.lease, held.next_op(), {"0": patch(state=State.REVOKED)})
    assert ended.skipped == ("0",)


def test_a_node_ended_as_unclaimed_is_not_claimed(held: HeldRun) -> None:
    ended = held.store.end_unclaimed(held.lease, held.next_op(), {"0": patch(state=State.REVOKED)})
    assert ended.skipped == ended.refused == ()
    assert held.state_of("0") == State.REVOKED
    assert held.store.claim(held.claim_of("0")) == ClaimAnswer.ENDED


def test_a_new_attempt_supersedes_the_claim_of_the_last(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    assert again(held, "0") == 2
    node = held.store.read_node(RUN, "0")
    assert (node["state"], node["attempt"], node["task_id"]) == (State.RETRY, 2, "task-0-2")
    assert [{**told, "finalized_at": None} for told in node["attempts"]] == [lost(1)]
    assert held.store.claim(held.claim_of("0", attempt=1)) == ClaimAnswer.SUPERSEDED
    assert not held.store.end_claim(held.end_of("0", attempt=1))
    assert held.store.claim(held.claim_of("0", attempt=2)) == ClaimAnswer.OK
    assert held.store.end_claim(held.end_of("0", attempt=2))


def test_an_earlier_attempt_ended_when_its_claim_says(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.end_claim(held.end_of("0", State.FAILURE))
    end = held.store.read_end(RUN, "0")
    assert end is not None
    again(held, "0", State.FAILURE)
    assert [told["finalized_at"] for told in held.store.read_node(RUN, "0")["attempts"]] == [end.at]


def test_an_attempt_that_was_lost_ended_when_that_was_noticed(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    again(held, "0")
    node = held.store.read_node(RUN, "0")
    assert [told["finalized_at"] for told in node["attempts"]] == [node["queued_at"]]


def test_losses_and_attempts_are_tallied(held: HeldRun) -> None:
    again(held, "0")
    again(held, "0", State.RETRY)
    tallies = held.store.read_tallies()
    assert (tallies["losses"], tallies["attempts"]) == (1, 2)


def test_the_end_of_the_last_attempt_does_not_end_the_next(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.end_claim(held.end_of("0", State.LOST))
    again(held, "0")
    assert held.store.claim(held.claim_of("0", attempt=2)) == ClaimAnswer.OK
    assert held.store.read_end(RUN, "0") is None


def test_what_is_taken_for_lost_and_has_ended_gets_no_new_attempt(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    held.store.end_claim(held.end_of("0", value_text="7"))

    with pytest.raises(AttemptEnded):
        again(held, "0", max_losses=0)

    end = held.store.read_end(RUN, "0")
    assert (end and end.value_text, held.store.read_node(RUN, "0")["attempt"]) == ("7", 1)
    assert again(held, "0", State.FAILURE) == 2, "a retry of what failed asks for it"


def test_losses_are_spent_and_other_attempts_are_not_counted(held: HeldRun) -> None:
    assert again(held, "0", max_losses=1) == 2
    assert again(held, "0", State.FAILURE, max_losses=1) == 3
    assert again(held, "0", max_losses=1) is None
    assert held.store.read_node(RUN, "0")["attempt"] == 3


def test_no_attempt_is_made_under_a_revoke(held: HeldRun) -> None:
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    with pytest.raises(SpawnRefused):
        again(held, "0")


def test_an_ended_node_gets_no_new_attempt(held: HeldRun) -> None:
    held.end("0")
    assert again(held, "0") is None


def test_an_attempt_that_redis_has_lost_leaves_no_end_for_the_one_that_is_made_anew(
    held: HeldRun, client: RedisClient
) -> None:
    """Else nobody could claim that one, as it has ended, and nobody would be told of its end."""
    held.store.claim(held.claim_of("0"))
    kept = kept_of(client, RUN)
    assert again(held, "0") == 2
    held.store.claim(held.claim_of("0", attempt=2))
    lose_what_is_not(client, RUN, kept)
    assert not held.store.end_claim(held.end_of("0", attempt=2))
    lease = Lease(run_id=RUN, owner=OWNER, token="token-2")
    assert held.store.claim_run(RUN, owner=OWNER, token=lease.token, from_owner=OWNER)
    taken = HeldRun(held.store, lease)
    assert again(taken, "0") == 2
    assert held.store.claim(taken.claim_of("0", attempt=2)) == ClaimAnswer.OK
    assert held.store.end_claim(taken.end_of("0", attempt=2))


def test_a_celery_retry_is_no_end_and_says_when_it_follows(held: HeldRun) -> None:
    held.store.claim(held.claim_of("0"))
    assert held.store.retry_claim(RUN, "0", 1, 0, error="broken", eta_ms=123)
    assert held.store.read_claims(RUN, ["0", "1"])["0"].retry_at == 123
    assert held.store.claim(held.claim_of("0", retries=1)) == ClaimAnswer.OK
    assert held.store.read_claims(RUN, ["0"])["0"].retry_at is None
    assert not held.store.retry_claim(RUN, "0", 1, 0, error="broken", eta_ms=None)


def test_nothing_is_claimed_in_a_run_that_is_not_there(store: Store, held: HeldRun) -> None:
    assert store.claim(held.claim_of("7")) == ClaimAnswer.GONE
    assert not store.end_claim(held.end_of("7"))
