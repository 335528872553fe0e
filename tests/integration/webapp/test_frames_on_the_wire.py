"""What a served web sends over a websocket, read by a library that checks every frame."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import requests
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Ping, Pong, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.serving import Serve, wait_until_served
from tests.running import eventually

NODES = 1_500
LONG = 2_000
"""Nodes, and letters of the message of each: a snapshot is larger than what the kernel buffers."""
SMALL_BUFFER = 4 * 1024

Found = TypeVar("Found")


class Tab:
    """A client that reads when it is told to; it raises at the first frame that is none."""

    def __init__(self, port: int, *, compressing: bool) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(PATIENCE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self._socket.connect(("127.0.0.1", port))
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events = self._read_events()
        self._text = ""
        self.pongs = 0
        target = "/socket.io/?EIO=4&transport=websocket"
        offers = [PerMessageDeflate()] if compressing else []
        self._send(Request(host=f"127.0.0.1:{port}", target=target, extensions=offers))
        self.accepted = self.read(lambda event: isinstance(event, AcceptConnection) and event)
        self.read_text("0")
        self.say("40")
        self.read_text("40")

    def say(self, text: str) -> None:
        self._send(TextMessage(data=text))

    def ask(self, event: str, payload: object) -> None:
        self.say("420" + json.dumps([event, payload]))

    def ping(self) -> None:
        self._send(Ping())

    def read(self, wanted: Callable[[Event], Found]) -> Found:
        """What `wanted` makes of the first event of which it makes something."""
        return next(found for found in map(wanted, self._events) if found)

    def read_text(self, kind: str) -> str:
        """What follows `kind` in the next message that begins with it."""
        text = self.read(lambda event: self._whole(event, kind))
        return text[len(kind) :]

    def read_answer(self) -> dict[str, Any]:
        [answer] = json.loads(self.read_text("430"))
        assert isinstance(answer, dict)
        return answer

    def read_batch(self) -> dict[str, Any]:
        event, batch = json.loads(self.read_text("42"))
        assert event == "events"
        assert isinstance(batch, dict)
        return batch

    def close(self) -> None:
        self._socket.close()

    def _whole(self, event: Event, kind: str) -> str:
        self.pongs += isinstance(event, Pong)
        if not isinstance(event, TextMessage):
            return ""
        self._text += event.data
        if not event.message_finished:
            return ""
        text, self._text = self._text, ""
        return text if text.startswith(kind) else ""

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._protocol.send(event))

    def _read_events(self) -> Iterator[Event]:
        while True:
            yield from self._protocol.events()
            data = self._socket.recv(1 << 16)
            assert data, "closed"
            self._protocol.receive_data(data)


@pytest.fixture(params=["eventlet", "gevent", "threading"])
def served(request: pytest.FixtureRequest, serve: Serve, port: int) -> int:
    """The port of a web in each async mode."""
    serve(INCEPTION_ASYNC_MODE=request.param)
    wait_until_served(port)
    return port


def words(seed: int) -> str:
    """A long message that hardly compresses."""
    return random.Random(seed).randbytes(LONG // 2).hex()


def test_what_a_slow_reader_is_sent_is_whole_and_in_order(served: int, owner: Owner) -> None:
    run = owner.begin()
    paths = [str(number) for number in range(NODES)]
    run.spawn(*paths)
    run.say({path: words(int(path)) for path in paths})
    tabs = [Tab(served, compressing=compressing) for compressing in (False, True)]
    for tab in tabs:
        tab.ask("watch", {"run_id": run.id})
        tab.ping()  # which is to be answered while the answer before is being sent
        for _ in range(3):
            tab.ask("watch", {"run_id": run.id})
        tab.ping()
    seq = run.progress("0", 7)
    for tab in tabs:
        for _ in range(4):
            snapshot = tab.read_answer()["snapshot"]
            assert len(snapshot["nodes"]) == NODES
            said = {node["path"]: node["meta"]["message"] for node in snapshot["nodes"][1:]}
            assert all(message == words(int(path)) for path, message in said.items())
        if snapshot["seq"] < seq:
            assert tab.read_batch()["to"] == seq
        tab.ask("unwatch", {"run_id": run.id})
        tab.read_answer()
        assert tab.pongs == 2
        tab.close()


def test_clients_of_different_histories_share_compressed_frames(served: int, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    first = Tab(served, compressing=True)
    [extension] = first.accepted.extensions
    assert "server_no_context_takeover" in str(extension)
    first.ask("watch", {"run_id": run.id})
    first.read_answer()
    for iteration in range(3):
        run.progress("0", iteration, words(iteration))
        first.read_batch()
    others = [Tab(served, compressing=True), Tab(served, compressing=False)]
    for other in others:
        other.ask("watch", {"run_id": run.id})
        other.read_answer()
    seq = run.progress("0", 7, words(7))
    for tab in (first, *others):
        batch = tab.read_batch()
        assert batch["to"] == seq
        [said] = [event["node"]["meta"]["message"] for event in batch["events"] if "node" in event]
        assert said == words(7)
        tab.close()


@pytest.mark.parametrize("mode", ["gevent", "threading"])
def test_who_takes_nothing_of_a_message_does_not_keep_its_writer(
    serve: Serve, port: int, owner: Owner, mode: str
) -> None:
    """Such a client's kernel goes on to answer: to TCP it is there for as long as it likes."""
    quickly = "import webapp.packets; webapp.packets.TAKEN_WITHIN = 0.5"
    serve(first=quickly, INCEPTION_ASYNC_MODE=mode)
    wait_until_served(port)
    run = owner.begin()
    paths = [str(number) for number in range(NODES)]
    run.spawn(*paths)
    run.say({path: words(int(path)) for path in paths})
    tab = Tab(port, compressing=False)
    for _ in range(5):
        tab.ask("watch", {"run_id": run.id})
    eventually(lambda: connected(port) == 0, PATIENCE, "its writer gives up")
    tab.close()


def connected(port: int) -> int:
    """How many sockets the web counts: one goes once its reader and its writer have ended."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
    line = next(line for line in text.splitlines() if line.startswith("inception_sockets "))
    return round(float(line.split()[1]))
