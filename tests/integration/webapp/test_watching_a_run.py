"""What a socket that watches a run is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Queue
from typing import Any, cast

import requests

from inception.runs import keys
from inception.runs.listener import Listener
from inception.runs.model import State
from inception.runs.reading import FIRST_NODES, FIRST_WHOLE
from tests.integration.webapp.clients import PATIENCE, Client, View
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from webapp.relay.published import AsHeard, read_published

Open = Callable[[], Client]


def test_a_watcher_sees_every_change_in_order_up_to_the_truth(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    client = open_client()
    view = View(client.ask("watch", {"run_id": run.id})["snapshot"])
    run.spawn("0", "1")
    for iteration in range(1, 101):
        seq = run.progress(str(iteration % 2), iteration)
    for batch in client.wait_for_seq(seq):
        view.apply(batch)
    truth = owner.store.snapshot(run.id)
    assert view.run == truth["run"]
    assert list(view.nodes.values()) == truth["nodes"]


def test_who_begins_with_the_first_nodes_hears_of_all(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    for first in range(0, FIRST_WHOLE + 100, 100):
        run.spawn(*(str(number) for number in range(first, first + 100)))
    client = open_client()
    snapshot = client.ask("watch", {"run_id": run.id, "nodes": "first"})["snapshot"]
    assert (len(snapshot["nodes"]), snapshot["complete"]) == (FIRST_NODES, False)
    view = View(snapshot)
    seq = run.progress(str(FIRST_WHOLE + 50), 7)
    for batch in client.wait_for_seq(seq):
        view.apply(batch)
    assert view.run == owner.store.read_run(run.id)
    assert view.nodes[str(FIRST_WHOLE + 50)]["meta"]["iteration"] == 7
    assert len(view.nodes) == FIRST_NODES + 1


def test_the_answer_tells_the_servers_time(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    client = open_client()
    before = owner.store.now_ms()
    told = [
        client.ask("watch", {"run_id": run.id})["now"],
        client.ask("watch", {"run_id": run.id, "nodes": False})["now"],
        client.ask("watch_runs", {})["now"],
    ]
    assert before <= told[0] <= told[1] <= told[2] <= owner.store.now_ms()


def test_a_change_and_the_runs_roll_up_come_in_one_batch(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    client = open_client()
    client.ask("watch", {"run_id": run.id})
    seq = run.spawn("0")
    last = client.wait_for_seq(seq)[-1]
    assert ["node" in event for event in last["events"]] == [True, False]


def test_a_reconnecting_client_is_given_what_it_missed(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    first = open_client()
    known = first.ask("watch", {"run_id": run.id})["snapshot"]
    first.close()
    seq = run.spawn("0")
    batch = open_client().ask("watch", {"run_id": run.id, **position(known)})["batch"]
    assert (batch["from"], batch["to"]) == (known["seq"], seq)


def test_a_foreign_epoch_or_a_seq_from_the_future_is_answered_with_a_snapshot(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    client = open_client()
    known = position(client.ask("watch", {"run_id": run.id})["snapshot"])
    for other in (
        {**known, "epoch": "elsewhere"},
        {**known, "seq": known["seq"] + 1000},
        {**known, "seq": 10**30},
    ):
        assert "snapshot" in client.ask("watch", {"run_id": run.id, **other})


def test_two_clients_see_the_same_and_one_leaving_does_not_disturb_the_other(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    one, other = open_client(), open_client()
    for client in (one, other):
        client.ask("watch", {"run_id": run.id})
    seq = run.spawn("0")
    assert one.wait_for_seq(seq)[-1]["to"] == other.wait_for_seq(seq)[-1]["to"]
    assert one.ask("unwatch", {"run_id": run.id}) == {}
    seq = run.progress("0", 1)
    other.wait_for_seq(seq)
    assert all(payload["to"] < seq for event, payload in one.heard if event == "events")


def test_who_joins_while_a_run_moves_fast_misses_nothing(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    clients = [open_client() for _ in range(5)]
    views = []
    for iteration, client in enumerate(clients * 6, start=1):
        run.progress("0", 2 * iteration)
        answer = client.ask("watch", {"run_id": run.id})
        views.append((client, View(answer["snapshot"]), len(client.heard)))
        seq = run.progress("0", 2 * iteration + 1)
    for client in clients:
        client.wait_for_seq(seq)
    for client, view, _heard_before in views[-len(clients) :]:
        for event, payload in client.heard:
            assert event == "events"
            view.apply(payload)
        assert view.seq == seq


def test_a_revoke_over_rest_is_seen_by_who_watches(
    web: Web, open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    client = open_client()
    client.ask("watch", {"run_id": run.id})
    address = f"{web.address}/api/v1/runs/{run.id}/revoke"
    answer = requests.post(address, json={"reason": "enough"}, timeout=PATIENCE)
    assert answer.status_code == 202
    batch = client.wait_for("events")
    shown = batch["events"][-1]["run"]
    assert shown["state"] == State.REVOKING
    assert shown["revoke"]["reason"] == "enough"


def test_a_deleted_run_is_gone(web: Web, open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    client = open_client()
    client.ask("watch", {"run_id": run.id})
    run.end()
    client.wait_for("events", lambda batch: batch["events"][-1]["run"]["state"] == State.SUCCESS)
    answer = requests.delete(f"{web.address}/api/v1/runs/{run.id}", timeout=PATIENCE)
    assert answer.status_code == 204
    assert client.wait_for("gone") == {"run_id": run.id}
    refused = client.ask("watch", {"run_id": run.id})
    assert refused["error"]["code"] == "run_not_found"


def test_a_run_that_nobody_watches_any_more_is_not_subscribed_to(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    client, other = open_client(), open_client()
    for each in (client, other):
        each.ask("watch", {"run_id": run.id})
    assert subscribers(owner, run.id) == 1
    client.ask("unwatch", {"run_id": run.id})
    other.close()
    deadline = time.monotonic() + PATIENCE
    while subscribers(owner, run.id) > 0:
        assert time.monotonic() < deadline, "still subscribed"


def test_after_the_listeners_connection_was_cut_nothing_is_missing(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    client = open_client()
    view = View(client.ask("watch", {"run_id": run.id})["snapshot"])
    for _ in range(3):
        owner.cut_listeners()
        seq = run.spawn(str(len(view.nodes)))
        for batch in client.wait_for_seq(seq):
            view.apply(batch)
    assert view.seq == owner.store.snapshot(run.id)["seq"]


def test_a_new_epoch_is_announced_with_a_snapshot(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    client = open_client()
    first = client.ask("watch", {"run_id": run.id})["snapshot"]
    owner.store._client.hset(keys.run(run.id), "server", "another life of the server")
    seq = run.spawn("0")
    snapshot = client.wait_for("snapshot")
    assert snapshot["epoch"] != first["epoch"]
    assert snapshot["seq"] == seq


def position(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": snapshot["epoch"], "seq": snapshot["seq"]}


def subscribers(owner: Owner, run_id: str) -> int:
    answer = owner.store._client.pubsub_numsub(keys.events(run_id))
    [(_channel, number)] = cast("list[tuple[str, int]]", answer)
    return number


def test_what_the_store_publishes_can_be_sent_on_as_it_is(owner: Owner, redis_url: str) -> None:
    """Else each batch would be read whole in each process, and written anew."""
    run = owner.begin()
    heard: Queue[str] = Queue()
    listener = Listener(redis_url, name="test", on_gap=lambda: None)
    listener.start()
    listener.subscribe(keys.events(run.id), heard.put)
    run.spawn("0", "1")
    seq = run.progress("1", 1, "hello")
    reached = 0
    while reached < seq:
        batch = read_published(heard.get(timeout=PATIENCE)).batch
        assert isinstance(batch, AsHeard)
        numbers = [event["seq"] for event in batch["events"]]
        assert numbers == list(range(batch["from"] + 1, batch["to"] + 1))
        assert batch.at == batch["events"][0]["at"]
        assert batch["run_id"] == run.id
        reached = batch["to"]
    listener.stop()
