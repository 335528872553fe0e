"""Numbers, epochs, events kept and events published."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from inception.runs import keys
from inception.runs.connection import connect
from inception.runs.errors import EventsGone, RunNotFound
from inception.runs.model import MAX_EVENTS, Batch, State
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun, RedisClient, hold, lose_nothing
from tests.private_redis import PrivateRedis


def batches(heard: Any) -> list[Batch]:
    """What was published until now; a mark of our own says where that is."""
    found = []
    while (message := heard.get_message(timeout=2)) is not None and message["data"] != "mark":
        found.append(json.loads(message["data"]))
    return found


def test_the_stream_and_the_published_batches_agree(held: HeldRun, client: RedisClient) -> None:
    before = held.store.read_run(RUN)
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.events(RUN))
        heard.get_message(timeout=2)
        held.spawn("0", kind="parent")
        held.spawn(*(f"0.{number}" for number in range(150)))
        held.end("0.7")
        held.store.request_revoke(RUN, "0", by="anna", reason="enough")
        client.publish(keys.events(RUN), "mark")
        published = batches(heard)
    kept = held.store.events_since(RUN, before["epoch"], before["seq"])
    assert [event for batch in published for event in batch["events"]] == kept["events"]
    assert [event["seq"] for event in kept["events"]] == list(
        range(before["seq"] + 1, kept["to"] + 1)
    )
    edges = [(batch["from"], batch["to"]) for batch in published]
    assert edges[0][0] == before["seq"]
    assert all(left[1] == right[0] for left, right in pairwise(edges))
    assert edges[-1][1] == kept["to"] == held.store.read_run(RUN)["seq"]


def test_applying_the_events_gives_the_snapshot(held: HeldRun) -> None:
    held.spawn("0", "1", kind="parent")
    held.spawn("1.0")
    held.end("1.0", State.FAILURE)
    held.write("0", state=State.PROGRESS, value="x" * 5000)
    snapshot = held.store.snapshot(RUN)
    events = held.store.events_since(RUN, snapshot["epoch"], 0)["events"]
    nodes = {event["node"]["path"]: event["node"] for event in events if "node" in event}
    runs = [event["run"] for event in events if "run" in event]
    assert [nodes[path] for path in sorted(nodes)] == snapshot["nodes"]
    assert runs[-1] == snapshot["run"]
    assert snapshot["nodes"][0]["omitted"] == ["value"]
    assert held.store.read_node(RUN, "0")["value"] == "x" * 5000


def test_a_large_field_that_shrinks_is_shown_again(held: HeldRun) -> None:
    held.spawn("0")
    held.write("0", value="x" * 5000)
    held.write("0", value="small")
    node = held.store.snapshot(RUN)["nodes"][0]
    assert (node["value"], node["omitted"]) == ("small", [])


def test_events_of_another_epoch_or_beyond_the_number_are_gone(held: HeldRun) -> None:
    run = held.store.read_run(RUN)
    assert held.store.events_since(RUN, run["epoch"], run["seq"])["events"] == []
    for epoch, since in (("other", 0), (run["epoch"], run["seq"] + 1)):
        with pytest.raises(EventsGone):
            held.store.events_since(RUN, epoch, since)
    with pytest.raises(RunNotFound):
        held.store.events_since("none", "e", 0)


def test_events_are_kept_to_a_number_and_a_hole_is_told(held: HeldRun, client: RedisClient) -> None:
    for _ in range(0, 3 * MAX_EVENTS, 500):
        held.store.write(held.lease, held.next_op(), {}, None)
    held.spawn(*(str(number) for number in range(3 * MAX_EVENTS)))
    run = held.store.read_run(RUN)
    assert MAX_EVENTS <= client.xlen(keys.events(RUN)) < 1.2 * MAX_EVENTS
    recent = run["seq"] - MAX_EVENTS
    assert len(held.store.events_since(RUN, run["epoch"], recent)["events"]) == MAX_EVENTS
    with pytest.raises(EventsGone):
        held.store.events_since(RUN, run["epoch"], 1)


def test_a_hole_in_the_stream_is_told(held: HeldRun, client: RedisClient) -> None:
    held.spawn("0", "1")
    run = held.store.read_run(RUN)
    client.xdel(keys.events(RUN), f"{run['seq'] - 1}-0")
    with pytest.raises(EventsGone):
        held.store.events_since(RUN, run["epoch"], run["seq"] - 3)


def test_counts_are_those_of_the_nodes(held: HeldRun) -> None:
    held.spawn("0", "1", "2", kind="parent")
    held.write("0", state=State.STARTED)
    held.write("0", state=State.PROGRESS)
    held.end("1", State.FAILURE)
    held.store.request_revoke(RUN, "2", by="anna", reason=None)
    assert held.store.read_run(RUN)["counts"] == {"PROGRESS": 1, "FAILURE": 1, "REVOKING": 1}


def test_times_are_set_once_by_redis(held: HeldRun) -> None:
    held.spawn("0")
    held.write("0", state=State.STARTED)
    started = held.store.read_node(RUN, "0")
    held.write("0", state=State.PROGRESS)
    held.end("0")
    ended = held.store.read_node(RUN, "0")
    assert started["queued_at"] is not None
    assert started["finalized_at"] is None
    assert ended["started_at"] == started["started_at"] is not None
    assert ended["finalized_at"] is not None


def test_a_server_that_was_killed_begins_a_new_epoch(own_redis: PrivateRedis) -> None:
    with connect(own_redis.url, purpose="test") as client:
        lose_nothing(client)
        held = hold(Store(client))
        held.spawn("0")
        before = held.store.snapshot(RUN)
        own_redis.kill()
        own_redis.start()
        after = held.store.write(held.lease, held.next_op(), {"0": patch(state="STARTED")}, None)
        assert after.epoch != before["epoch"]
        assert after.seq == before["seq"] + 2
        with pytest.raises(EventsGone):
            held.store.events_since(RUN, before["epoch"], before["seq"])
        batch = held.store.events_since(RUN, after.epoch, before["seq"])
        assert [event["seq"] for event in batch["events"]] == [after.seq - 1, after.seq]
        assert held.store.read_run(RUN)["epoch"] == after.epoch


def test_numbers_that_a_server_lost_are_given_out_again_in_another_epoch(
    held: HeldRun, client: RedisClient
) -> None:
    held.spawn("0")
    before = held.store.read_run(RUN)
    # As after a restart that lost the last event of the numbering but not of the stream.
    client.hset(keys.run(RUN), mapping={"server": "0123abcd", "seq": before["seq"] - 1})
    after = held.store.write(held.lease, held.next_op(), {}, None)
    assert after.seq == before["seq"]
    assert after.epoch != before["epoch"]
    with pytest.raises(EventsGone):
        held.store.events_since(RUN, after.epoch, 0)
