"""Clients that ask fast, for much, or while Redis is away: each ends with what is so."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from inception.runs import keys
from tests.integration.webapp.clients import PATIENCE, Client, View
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.serving import Serve, wait_until_served
from tests.integration.webapp.web import Web
from tests.running import eventually

Open = Callable[[], Client]
ROOMS = 200


def subscribed(owner: Owner, run_id: str) -> bool:
    """True while anybody hears that run."""
    return bool(owner.store._client.pubsub_channels(keys.events(run_id)))


def test_who_watches_and_leaves_fast_ends_with_what_it_asked_last(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    run.spawn("0")
    client = open_client()
    for iteration in range(100):
        client.socket.emit("watch", {"run_id": run.id})
        run.progress("0", iteration)
        client.socket.emit("unwatch", {"run_id": run.id})
    view = View(client.ask("watch", {"run_id": run.id})["snapshot"])
    seq = run.progress("0", 100)
    for batch in client.wait_for_seq(seq):
        view.apply(batch)
    assert view.nodes["0"]["meta"]["iteration"] == 100
    client.ask("unwatch", {"run_id": run.id})
    eventually(lambda: not subscribed(owner, run.id), PATIENCE, "nobody hears it")


def test_one_socket_watches_two_hundred_runs(web: Web, open_client: Open, owner: Owner) -> None:
    runs = [owner.begin() for _ in range(ROOMS)]
    client = open_client()
    views = {run.id: View(client.ask("watch", {"run_id": run.id})["snapshot"]) for run in runs}
    seqs = {run.id: run.spawn("0") for run in runs}
    heard = client.wait_until(lambda all_heard: len({p["run_id"] for _, p in all_heard}) == ROOMS)
    for _event, batch in heard:
        views[batch["run_id"]].apply(batch)
    assert {run_id: view.seq for run_id, view in views.items()} == seqs
    client.close()
    eventually(lambda: len(web.services.relay.runs._rooms) == 0, PATIENCE, "its rooms are closed")
    eventually(
        lambda: not any(subscribed(owner, run.id) for run in runs), PATIENCE, "nobody hears them"
    )


def test_who_joins_while_the_relay_connects_anew_misses_nothing(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    run.spawn("0")
    clients = [open_client() for _ in range(5)]
    views = []
    for iteration, client in enumerate(clients):
        owner.cut_listeners()
        views.append(View(client.ask("watch", {"run_id": run.id})["snapshot"]))
        seq = run.progress("0", iteration)
    for client, view in zip(clients, views, strict=True):
        view.catch_up(client.wait_until(lambda heard, v=view: v.seq >= seq or reaches(heard, seq)))
        assert view.seq == seq


def reaches(heard: Any, seq: int) -> bool:
    return any(event == "events" and payload["to"] >= seq for event, payload in heard)


class Poller:
    """A client that polls, and takes packets in the order in which they stand in the answers."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
        self._session = requests.Session()
        self._numbers = count()
        self._waiting: list[str] = []
        opened = json.loads(self._next("0"))
        self._address += f"&sid={opened['sid']}"
        self._say("40")
        self._next("40")

    def ask(self, event: str, payload: object) -> Any:
        number = next(self._numbers)
        self._say(f"42{number}" + json.dumps([event, payload]))
        [answer] = json.loads(self._next(f"43{number}"))
        return answer

    def next_event(self) -> tuple[str, Any]:
        event, payload = json.loads(self._next("42"))
        return event, payload

    def _say(self, text: str) -> None:
        self._session.post(self._address, data=text, timeout=PATIENCE).raise_for_status()

    def _next(self, kind: str) -> str:
        """What follows `kind` in the oldest packet that begins with it; others are kept."""
        while True:
            for at, packet in enumerate(self._waiting):
                if packet.startswith(kind):
                    return self._waiting.pop(at)[len(kind) :]
            answer = self._session.get(self._address, timeout=PATIENCE)
            answer.raise_for_status()
            packets = answer.text.split("\x1e")
            if "2" in packets:
                self._say("3")
            self._waiting += packets


@pytest.mark.parametrize("mode", ["eventlet", "gevent", "threading"])
def test_who_polls_is_told_in_order(serve: Serve, port: int, owner: Owner, mode: str) -> None:
    serve(INCEPTION_ASYNC_MODE=mode)
    wait_until_served(port)
    run = owner.begin()
    run.spawn("0")
    poller = Poller(port)
    view = View(poller.ask("watch", {"run_id": run.id})["snapshot"])
    for iteration in range(200):
        seq = run.progress("0", iteration)
        if iteration % 40 == 0:
            known = {"epoch": view.epoch, "seq": view.seq}
            view.apply(poller.ask("watch", {"run_id": run.id, **known})["batch"])
    reached = 0
    while view.seq < seq:
        event, batch = poller.next_event()
        assert event == "events"
        assert batch["to"] > reached
        reached = batch["to"]
        view.apply(batch)
    assert view.nodes["0"]["meta"]["iteration"] == 199
