"""Who holds a run: claims, fencing, hand-over, operations done twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inception.runs.errors import HistoryLost, RunNotFound, StaleToken, TooManyNodes
from inception.runs.model import MAX_NODES, Attempt, State
from inception.runs.records import Beat, Lease, NewRun
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import (
    OWNER,
    RUN,
    HeldRun,
    RedisClient,
    hold,
    kept_of,
    lose_what_is_not,
    step,
)

LOST = Attempt(
    attempt=1, worker=None, started_at=None, finalized_at=None, state=State.LOST, error=None
)


def test_a_run_is_claimed_once(store: Store) -> None:
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={}))
    claimed = store.claim_run(RUN, owner="a", token="t1")
    assert claimed is not None
    assert claimed.run["state"] == State.STARTED
    assert claimed.run["started_at"] is not None
    assert store.claim_run(RUN, owner="b", token="t2") is None
    assert (store.owned("a"), store.owned("b")) == ({RUN}, set())


def test_claiming_again_with_the_same_token_is_no_second_rescue(store: Store) -> None:
    hold(store, owner="dead")
    for _ in range(2):
        claimed = store.claim_run(RUN, owner="b", token="t2", from_owner="dead", rescue=True)
        assert claimed is not None
        assert claimed.rescues == 1
    assert (store.owned("dead"), store.owned("b")) == (set(), {RUN})


def test_rescues_are_counted_until_a_step_is_recorded(store: Store) -> None:
    hold(store, owner="w0")
    for number in (1, 2):
        claimed = store.claim_run(
            RUN, owner=f"w{number}", token="t", from_owner=f"w{number - 1}", rescue=True
        )
        assert claimed is not None
        assert claimed.rescues == number
    store.spawn(Lease(run_id=RUN, owner="w2", token="t"), 1, [step("0")])
    assert store.load_run(RUN).rescues == 0


@pytest.mark.parametrize("owner", ["somebody", OWNER])
def test_a_stale_owner_changes_nothing(held: HeldRun, owner: str) -> None:
    store, stale = held.store, Lease(run_id=RUN, owner=owner, token="old")
    held.spawn("0")
    before = store.load_run(RUN)
    calls: list[Callable[[], object]] = [
        lambda: store.write(stale, 9, {"0": patch(state=State.SUCCESS)}, patch(value=1)),
        lambda: store.spawn(stale, 9, [step("1")]),
        lambda: store.record_value(stale, 9, "#0", "1"),
        lambda: store.end_unclaimed(stale, 9, {"0": patch(state=State.REVOKED)}),
        lambda: store.end_run(stale, 9, State.SUCCESS, {}),
        lambda: store.new_attempt(stale, 9, "0", task_id="t", lost=LOST, max_losses=3),
        lambda: store.restart_step(stale, 9, step("0"), earlier=None),
        lambda: store.stop_steps(stale, 9, ["0"], reason="", end=patch(state=State.REVOKED)),
    ]
    for call in calls:
        with pytest.raises(StaleToken):
            call()
    assert store.load_run(RUN) == before


def test_nothing_is_built_on_what_redis_has_lost(held: HeldRun, client: RedisClient) -> None:
    store, lease = held.store, held.lease
    held.spawn("0")
    kept = kept_of(client, RUN)
    held.spawn("1")
    lose_what_is_not(client, RUN, kept)
    calls: list[Callable[[], object]] = [
        lambda: store.write(lease, 9, {"1": patch(state=State.SUCCESS)}, None),
        lambda: store.spawn(lease, 9, [step("2")]),
        lambda: store.record_value(lease, 9, "#0", "1"),
        lambda: store.end_unclaimed(lease, 9, {"0": patch(state=State.REVOKED)}),
        lambda: store.stop_steps(lease, 9, ["0"], reason="", end=patch(state=State.REVOKED)),
        lambda: store.end_run(lease, 9, State.SUCCESS, {}),
    ]
    before = store.load_run(RUN)
    for call in calls:
        with pytest.raises(HistoryLost):
            call()
    assert store.load_run(RUN) == before
    assert before.op < lease.acknowledged.op


def test_an_empty_token_owns_nothing(store: Store) -> None:
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={}))
    with pytest.raises(StaleToken):
        store.write(Lease(run_id=RUN, owner="", token=""), 1, {}, patch(value=1))


def test_an_operation_done_twice_is_done_once(held: HeldRun) -> None:
    store = held.store
    store.spawn(held.lease, 1, [step("0"), step("1")])
    first = store.write(held.lease, 2, {"0": patch(state=State.SUCCESS)}, None)
    again = store.write(held.lease, 2, {"0": patch(state=State.FAILURE), "9": {}}, None)
    assert again == first
    assert held.state_of("0") == State.SUCCESS
    assert store.read_run(RUN)["seq"] == first.seq


def test_a_repeated_operation_answers_as_it_did_though_others_wrote_since(held: HeldRun) -> None:
    held.spawn("0")
    held.end("0")
    refused = held.store.write(held.lease, 5, {"0": patch(state=State.FAILURE)}, None)
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    assert held.store.write(held.lease, 5, {}, None) == refused
    assert refused.refused == ("0",)


def test_a_run_ends_once_and_its_end_can_be_asked_for_again(held: HeldRun) -> None:
    ended = held.store.end_run(held.lease, 1, State.FAILURE, {})
    assert held.store.end_run(held.lease, 1, State.SUCCESS, {}) == ended
    with pytest.raises(StaleToken):
        held.store.end_run(held.lease, 2, State.SUCCESS, {})
    assert held.store.read_run(RUN)["state"] == State.FAILURE
    assert held.store.owned(OWNER) == set()


def test_a_run_does_not_end_before_its_nodes(held: HeldRun) -> None:
    held.spawn("0", "1")
    held.end("0")
    ended = held.store.end_run(held.lease, held.next_op(), State.SUCCESS, {})
    assert ended.waiting_for == ("1",)
    held.end("1")
    assert held.store.end_run(held.lease, held.next_op(), State.SUCCESS, {}).waiting_for == ()


def test_a_run_ends_together_with_the_last_of_its_nodes(held: HeldRun) -> None:
    held.spawn("0")
    before = held.store.read_run(RUN)["seq"]
    done = {"0": patch(state=State.SUCCESS, value=7)}
    ended = held.store.end_run(held.lease, held.next_op(), State.SUCCESS, patch(value=8), done)
    assert (ended.state, ended.waiting_for, ended.seq) == (State.SUCCESS, (), before + 2)
    assert held.store.read_node(RUN, "0")["value"] == 7
    assert held.store.read_run(RUN)["value"] == 8


def test_a_run_that_may_not_end_yet_keeps_what_was_said_of_its_nodes(held: HeldRun) -> None:
    held.spawn("0", "1")
    done = {"0": patch(state=State.SUCCESS)}
    ended = held.store.end_run(held.lease, held.next_op(), State.SUCCESS, patch(value=8), done)
    assert ended.waiting_for == ("1",)
    assert held.state_of("0") == State.SUCCESS
    run = held.store.read_run(RUN)
    assert (run["state"], run["value"], run["seq"]) == (State.STARTED, None, ended.seq)


def test_a_final_node_stays_as_it_is(held: HeldRun) -> None:
    held.spawn("0")
    assert held.end("0") == ()
    assert held.end("0", State.FAILURE) == ("0",)
    assert held.state_of("0") == State.SUCCESS


def test_no_write_ends_the_run(held: HeldRun) -> None:
    held.store.write(held.lease, 1, {}, patch(state=State.SUCCESS))
    assert held.store.read_run(RUN)["state"] == State.STARTED


def test_given_back_runs_wait_for_anybody_at_once(store: Store) -> None:
    first, second = hold(store, "a"), hold(store, "b")
    assert store.give_back(OWNER, [("a", first.lease.token)]) == 2
    assert store.give_back(OWNER, [("a", first.lease.token)]) == 0
    assert set(store.unowned(older_than_ms=60_000, limit=10)) == {"a", "b"}
    with pytest.raises(StaleToken):
        second.spawn("0")
    assert store.claim_run("a", owner="next", token="t9") is not None


def test_who_takes_a_run_after_its_burial_is_found_if_it_dies(store: Store) -> None:
    """It stood still for long, or was leaving; without a beat nobody would look after its runs."""
    assert store.bury(OWNER)
    hold(store, RUN)

    beat = store.read_beats()[OWNER]
    assert (beat.kind, beat.stopping, beat.counter) == ("watcher", True, 0)
    assert not store.bury(OWNER)
    store.give_back(OWNER, [])
    assert store.bury(OWNER)
    assert store.read_beats() == {}


def test_taking_a_run_leaves_what_its_owner_said_of_itself(store: Store) -> None:
    said = Beat(
        process=OWNER, kind="watcher", host="h", pid=1, name="w", slots=1, queues=["parents"],
        running=[], stopping=False, counter=7,
    )  # fmt: skip
    store.beat(said)
    hold(store, RUN)

    assert store.read_beats()[OWNER].counter == 7


def test_a_new_run_is_left_to_its_message_for_a_while(store: Store) -> None:
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={}))
    assert store.unowned(older_than_ms=60_000, limit=10) == []
    assert store.unowned(older_than_ms=0, limit=10) == [RUN]


def test_a_process_keeps_what_it_does_own(held: HeldRun) -> None:
    held.store.drop_owned(OWNER, RUN)
    assert held.store.owned(OWNER) == {RUN}
    held.store.claim_run(RUN, owner="other", token="t", from_owner=OWNER)
    held.store.drop_owned("other", "unknown")
    assert held.store.owned(OWNER) == set()


def test_a_recorded_value_stays_the_first(held: HeldRun) -> None:
    assert held.store.record_value(held.lease, 1, "#0", "[]") == "[]"
    assert held.store.record_value(held.lease, 2, "#0", "1") == "[]"
    assert held.store.load_run(RUN).journal == {"#0": "[]"}


def test_a_step_recorded_before_is_left_alone(held: HeldRun) -> None:
    held.spawn("0")
    held.end("0")
    held.spawn("0", "1")
    assert held.state_of("0") == State.SUCCESS
    assert held.store.read_run(RUN)["counts"] == {"PENDING": 1, "SUCCESS": 1}


def test_a_parent_counts_its_children(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0", "0.1")
    held.spawn("0.2")
    assert held.store.read_node(RUN, "0")["children"] == 3


def test_a_run_has_no_more_nodes_than_it_may(held: HeldRun) -> None:
    for first in range(0, MAX_NODES, 1000):
        held.spawn(*(str(number) for number in range(first, first + 1000)))
    with pytest.raises(TooManyNodes):
        held.spawn(str(MAX_NODES))
    snapshot = held.store.snapshot(RUN)
    assert not snapshot["complete"]
    assert [node["path"] for node in snapshot["nodes"]] == [str(n) for n in range(50)]
    nodes, cursor = held.store.read_nodes(RUN, "", "49", 2)
    assert ([node["path"] for node in nodes], cursor) == (["50", "51"], "51")
    held.store.give_back(OWNER, [])
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    assert held.store.read_run(RUN)["counts"] == {"REVOKED": MAX_NODES}


def test_a_run_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(RunNotFound):
        store.load_run("none")
    assert store.claim_run("none", owner="a", token="t") is None
