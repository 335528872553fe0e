"""Creating, revoking and deleting runs."""

from __future__ import annotations

import json

import pytest

from inception.runs import keys
from inception.runs.errors import (
    BadRequest,
    IdempotencyKeyReused,
    NodeAlreadyEnded,
    NodeNotFound,
    NotJson,
    RunAlreadyEnded,
    RunNotEnded,
    RunNotFound,
    SpawnRefused,
)
from inception.runs.meta import empty_meta
from inception.runs.model import JsonValue, State
from inception.runs.records import ClaimAnswer, Lease, LogLine, NewRun
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import OWNER, RUN, HeldRun, RedisClient, hold, step


def revoke(store: Store, path: str = "") -> State:
    return store.request_revoke(RUN, path, by="anna", reason=None)["state"]


def test_a_created_run_is_pending_and_numbered_one(store: Store) -> None:
    run = store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={"n": 1}, tags=("a",))).run
    assert (run["state"], run["seq"], run["tags"]) == (State.PENDING, 1, ["a"])
    assert run["created_at"] > 1_600_000_000_000
    assert store.read_run(RUN) == run


def test_empty_lists_and_huge_integers_survive_every_script(store: Store) -> None:
    kwargs: dict[str, JsonValue] = {
        "none": [],
        "nothing": {},
        "big": 2**63 + 1,
        "deep": [[], {}],
        "f": 0.1,
    }
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs=kwargs))
    store.claim_run(RUN, owner=OWNER, token="t")
    lease = Lease(run_id=RUN, owner=OWNER, token="t")
    store.spawn(lease, 1, [step("0", args="[[],{},9223372036854775809]")])
    store.write(lease, 2, {"0": patch(value={"empty": []})}, patch(value=[]))
    loaded = store.load_run(RUN)
    assert loaded.run["kwargs"] == kwargs
    assert loaded.run["value"] == []
    assert loaded.nodes[0]["args"] == [[], {}, 2**63 + 1]
    assert loaded.nodes[0]["value"] == {"empty": []}


def test_large_arguments_are_left_out_of_the_record_and_read_back(store: Store) -> None:
    kwargs = {"text": "x" * 5000}
    run = store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs=kwargs)).run
    assert (run["kwargs"], run["omitted"]) == (None, ["kwargs"])
    whole = store.read_run(RUN, whole=True)
    assert (whole["kwargs"], whole["omitted"]) == (kwargs, [])


def test_an_integer_that_clients_cant_read_is_left_out_and_read_back(store: Store) -> None:
    kwargs = {"key": 10**99}
    run = store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs=kwargs)).run
    assert (run["kwargs"], run["omitted"]) == (None, ["kwargs"])
    assert store.read_run(RUN, whole=True)["kwargs"] == kwargs
    other = NewRun(id="other", name="tasks.outer", kwargs={"key": 10**98})
    assert store.create_run(other).run["kwargs"] == other.kwargs


def test_an_integer_that_python_cant_write_is_refused(store: Store) -> None:
    with pytest.raises(NotJson, match=r"kwargs\['key'\] is an integer"):
        store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={"key": 10**4_300}))


def test_an_idempotency_key_answers_with_its_run(store: Store) -> None:
    first = NewRun(id="a", name="tasks.outer", kwargs={"n": 1, "m": 2}, idempotency_key="key")
    again = NewRun(id="b", name="tasks.outer", kwargs={"m": 2, "n": 1}, idempotency_key="key")
    assert not store.create_run(first).existing
    created = store.create_run(again)
    assert (created.existing, created.run["id"]) == (True, "a")
    assert not store.run_exists("b")


def test_an_idempotency_key_with_other_arguments_is_refused(store: Store) -> None:
    store.create_run(NewRun(id="a", name="tasks.outer", kwargs={"n": 1}, idempotency_key="key"))
    with pytest.raises(IdempotencyKeyReused):
        store.create_run(NewRun(id="b", name="tasks.outer", kwargs={"n": 2}, idempotency_key="key"))


def test_creating_the_same_id_again_changes_nothing(held: HeldRun) -> None:
    created = held.store.create_run(NewRun(id=RUN, name="other", kwargs={}))
    assert (created.existing, created.run["name"]) == (True, "tasks.outer")
    assert held.store.read_run(RUN)["state"] == State.STARTED


def test_an_id_that_json_would_escape_is_refused(store: Store) -> None:
    with pytest.raises(BadRequest):
        store.create_run(NewRun(id='a"b', name="tasks.outer", kwargs={}))


def test_a_run_that_nobody_holds_is_revoked_on_the_spot(store: Store) -> None:
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={}))
    assert revoke(store) == State.REVOKED
    run = store.read_run(RUN)
    assert run["finalized_at"] is not None
    assert run["revoke"] is not None
    assert run["revoke"]["by"] == "anna"
    assert store.claim_run(RUN, owner=OWNER, token="t") is None
    assert store.unowned(older_than_ms=0, limit=10) == []


def test_a_run_that_was_given_back_is_revoked_with_its_nodes(held: HeldRun) -> None:
    held.spawn("0", "1", kind="parent")
    held.spawn("0.0")
    held.end("1")
    held.store.give_back(OWNER, [])
    assert revoke(held.store) == State.REVOKED
    states = {node["path"]: node["state"] for node in held.store.snapshot(RUN)["nodes"]}
    assert states == {"0": State.REVOKED, "0.0": State.REVOKED, "1": State.SUCCESS}
    assert held.store.read_run(RUN)["counts"] == {"SUCCESS": 1, "REVOKED": 2}


def test_a_run_whose_child_is_claimed_is_left_to_a_rescuer(held: HeldRun) -> None:
    held.spawn("0")
    held.store.claim(held.claim_of("0"))
    held.store.give_back(OWNER, [])
    assert revoke(held.store) == State.REVOKING
    assert held.store.unowned(older_than_ms=60_000, limit=10) == [RUN]


def test_a_held_run_shows_revoking_until_its_owner_ends_it(held: HeldRun) -> None:
    assert revoke(held.store) == State.REVOKING
    ended = held.store.end_run(held.lease, 1, State.REVOKED, {})
    assert ended.state == State.REVOKED
    assert held.store.read_run(RUN)["state"] == State.REVOKED


def test_a_run_that_is_to_stop_takes_no_other_end_and_nothing_of_it(held: HeldRun) -> None:
    revoke(held.store)
    seq = held.store.read_run(RUN)["seq"]
    done = patch(meta=empty_meta("OK"), value=1)
    refused = held.store.end_run(held.lease, 1, State.SUCCESS, done)
    assert refused.must_revoke
    assert held.store.read_run(RUN)["seq"] == seq

    ended = held.store.end_run(held.lease, 2, State.REVOKED, patch(meta=empty_meta("ERROR")))
    assert not ended.must_revoke
    assert held.store.read_run(RUN)["meta"]["status"] == "ERROR"
    assert held.store.read_run(RUN)["value"] is None


def test_asking_twice_is_one_revoke(held: HeldRun) -> None:
    revoke(held.store)
    seq = held.store.read_run(RUN)["seq"]
    assert revoke(held.store) == State.REVOKING
    assert held.store.read_run(RUN)["seq"] == seq


def test_an_ended_run_and_an_ended_node_cannot_be_revoked(held: HeldRun) -> None:
    held.spawn("0")
    held.end("0")
    with pytest.raises(NodeAlreadyEnded):
        revoke(held.store, "0")
    with pytest.raises(NodeNotFound):
        revoke(held.store, "1")
    held.store.end_run(held.lease, held.next_op(), State.SUCCESS, {})
    with pytest.raises(RunAlreadyEnded):
        revoke(held.store)
    with pytest.raises(RunNotFound):
        held.store.request_revoke("other", "", by="anna", reason=None)


def test_no_step_starts_under_a_revoke(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    revoke(held.store, "0")
    with pytest.raises(SpawnRefused):
        held.spawn("0.0")
    held.spawn("1")  # beside it the run goes on
    revoke(held.store)
    with pytest.raises(SpawnRefused):
        held.spawn("2")
    assert held.store.load_run(RUN).journal.keys() == {"0", "1"}


def test_a_step_recorded_before_the_revoke_is_covered_by_it(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0")
    revoke(held.store, "0")
    assert held.store.claim(held.claim_of("0.0")) == ClaimAnswer.REVOKED


def test_under_a_revoke_progress_is_stored_as_revoking(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0", "1")
    revoke(held.store, "0")
    for path in ("0.0", "1"):
        held.write(path, state=State.PROGRESS)
    assert held.state_of("0.0") == State.REVOKING
    assert held.state_of("1") == State.PROGRESS


def test_under_a_revoke_a_parent_ends_revoked_and_a_child_as_it_did(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0")
    revoke(held.store)
    held.end("0.0", State.SUCCESS)
    nodes = {"0": patch(state=State.SUCCESS, meta=empty_meta("OK"), value=1)}
    written = held.store.write(held.lease, held.next_op(), nodes, None)
    assert (written.refused, written.revoked) == ((), ("0",))
    assert held.store.read_node(RUN, "0")["meta"]["status"] != "OK"
    assert held.store.read_node(RUN, "0")["value"] is None

    held.end("0", State.REVOKED)
    assert held.state_of("0.0") == State.SUCCESS
    assert held.state_of("0") == State.REVOKED


def test_a_revoke_from_outside_and_progress_from_the_owner_do_not_overwrite_one_another(
    held: HeldRun,
) -> None:
    revoke(held.store)
    message = {**held.store.read_run(RUN)["meta"], "message": "half"}
    held.store.write(held.lease, 1, {}, patch(state=State.PROGRESS, meta=message, revoke=None))
    run = held.store.read_run(RUN)
    assert run["meta"]["message"] == "half"
    assert run["revoke"] is not None
    assert run["state"] == State.REVOKING


def test_the_owner_is_told_of_a_revoke(held: HeldRun, client: RedisClient) -> None:
    with client.pubsub() as heard:
        heard.subscribe(keys.orders(OWNER))
        heard.get_message(timeout=2)
        revoke(held.store)
        message = heard.get_message(timeout=2)
    assert message["data"] == '{"kind":"revoke","run":"run-1","path":"","token":"token-1"}'


def test_deleting_leaves_nothing_but_how_it_ended(store: Store, client: RedisClient) -> None:
    held = hold(store)
    with pytest.raises(RunNotEnded):
        store.delete_run(RUN)
    held.spawn("0")
    store.claim(held.claim_of("0"))
    store.append_log(RUN, "0", 1, [LogLine(text="said", stream="stdout")])
    held.end("0")
    store.end_run(held.lease, held.next_op(), State.SUCCESS, patch(value="x" * 5000))
    store.delete_run(RUN)
    assert set(client.keys("*")) == {keys.BEATS, keys.ends("tasks.outer"), keys.TALLIES}
    with pytest.raises(RunNotFound):
        store.delete_run(RUN)


def test_deleting_takes_along_what_celery_keeps_of_the_run_and_its_nodes(
    store: Store, client: RedisClient
) -> None:
    store.create_run(NewRun(id=RUN, name="tasks.outer", kwargs={}))
    prefix = "celery-task-meta-"
    store.claim_run(RUN, owner=OWNER, token="token-1", result_key=prefix + RUN)
    held = HeldRun(store, Lease(run_id=RUN, owner=OWNER, token="token-1"))
    paths = [str(number) for number in range(1_500)]
    held.spawn(*paths)
    tasks = [node["task_id"] for node in store.snapshot(RUN)["nodes"]]
    for task in (*tasks, RUN, "of another"):
        client.set(prefix + task, "kept")
    for first in range(0, len(paths), 500):
        ends = {path: patch(state=State.FAILURE) for path in paths[first : first + 500]}
        store.write(held.lease, held.next_op(), ends, None)
    store.end_run(held.lease, held.next_op(), State.SUCCESS, {})
    store.delete_run(RUN)
    assert list(client.scan_iter(prefix + "*")) == [prefix + "of another"]


def test_watchers_hear_of_a_deleted_run_whose_result_is_kept_elsewhere(
    held: HeldRun, client: RedisClient
) -> None:
    held.store.end_run(held.lease, held.next_op(), State.SUCCESS, {})
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.ALL_WATCHERS_CHANNEL)
        heard.get_message(timeout=2)
        held.store.delete_run(RUN)
        told = json.loads(heard.get_message(timeout=2)["data"])
    assert told == {"kind": "deleted", "run": RUN}


def test_a_record_that_is_gone_is_never_recreated(store: Store, client: RedisClient) -> None:
    held = hold(store)
    held.spawn("0")
    held.end("0")
    store.end_run(held.lease, held.next_op(), State.SUCCESS, {})
    store.delete_run(RUN)
    for attempt in (lambda: held.end("0"), lambda: held.spawn("1")):
        with pytest.raises(RunNotFound):
            attempt()
    assert store.claim(held.claim_of("0")) == ClaimAnswer.GONE
    assert not store.end_claim(held.end_of("0"))
    store.append_log(RUN, "0", 1, [LogLine(text="late", stream="stdout")])
    assert set(client.keys("*")) == {keys.BEATS, keys.ends("tasks.outer"), keys.TALLIES}
