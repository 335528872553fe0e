"""A client of the web, and what one that keeps to the protocol shows."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import socketio
import websocket

PATIENCE = 10.0
"""Seconds (s) that a test waits for something before it fails."""
EVENTS = ("events", "snapshot", "runs", "gone", "workers", "log", "bulk", "relay")

Heard = tuple[str, Any]


def create_client(origin: str | None = None) -> socketio.Client:
    """One that connects once; as a page of `origin` does if that is given."""
    options = {} if origin is None else {"origin": origin}
    return socketio.Client(reconnection=False, websocket_extra_options=options)


def read_to_the_end(connection: websocket.WebSocket) -> None:
    """Read whatever is left until the server has ended the connection; raises if it doesn't."""
    try:
        while connection.recv():
            pass
    except websocket.WebSocketTimeoutException:
        raise
    except (OSError, websocket.WebSocketException):
        return


class Client:
    """A Socket.IO client that writes down what it hears, in order."""

    def __init__(
        self,
        address: str,
        *,
        auth: object = None,
        headers: dict[str, str] | None = None,
        origin: str | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self._changed = threading.Condition()
        self.socket = create_client(origin)
        for event in EVENTS:
            self.socket.on(event, self._writer(event))
        self.socket.connect(
            address,
            transports=["websocket"],
            wait_timeout=PATIENCE,
            auth=auth,
            headers=headers or {},
        )

    def ask(self, event: str, payload: object = None) -> Any:
        """Send an event and return its acknowledgement."""
        return self.socket.call(event, payload, timeout=PATIENCE)

    def wait_until(self, done: Callable[[list[Heard]], bool]) -> list[Heard]:
        """What was heard, once it fits; fails if it doesn't in time."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not done(self.heard):
                left = deadline - time.monotonic()
                assert left > 0, f"waited in vain; heard {[event for event, _ in self.heard]}"
                self._changed.wait(left)
            return list(self.heard)

    def wait_for(self, event: str, fits: Callable[[Any], bool] = lambda _payload: True) -> Any:
        """The first payload of that event that fits."""
        heard = self.wait_until(lambda all_heard: any(e == event and fits(p) for e, p in all_heard))
        return next(payload for each, payload in heard if each == event and fits(payload))

    def wait_for_seq(self, seq: int) -> list[dict[str, Any]]:
        """All batches, once one reaches that seq."""
        heard = self.wait_until(
            lambda all_heard: any(e == "events" and p["to"] >= seq for e, p in all_heard)
        )
        return [payload for event, payload in heard if event == "events"]

    def close(self) -> None:
        """Go as a closed tab does. (In order it would wait up to 3 s for Werkzeug's answer.)"""
        if self.socket.connected:
            self.socket.eio.ws.sock.shutdown(socket.SHUT_RDWR)

    def _writer(self, event: str) -> Callable[[Any], None]:
        def write_down(payload: Any) -> None:
            with self._changed:
                self.heard.append((event, payload))
                self._changed.notify_all()

        return write_down


def reached(heard: Heard) -> int:
    """The number that a batch or a snapshot brings a client to; 0 for what is neither."""
    event, payload = heard
    number = {"events": "to", "snapshot": "seq"}.get(event)
    return 0 if number is None else int(payload[number])


class View:
    """What a client that keeps to the protocol shows: applies answers and batches by its rules."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.take(snapshot)

    def take(self, snapshot: dict[str, Any]) -> None:
        """Forget what was known."""
        self.epoch = snapshot["epoch"]
        self.seq = snapshot["seq"]
        self.run = snapshot["run"]
        self.nodes = {node["path"]: node for node in snapshot["nodes"]}

    def apply(self, batch: dict[str, Any]) -> None:
        assert batch["epoch"] == self.epoch
        if batch["to"] <= self.seq:
            return
        assert batch["from"] <= self.seq, f"a gap from {self.seq} to {batch['from']}"
        for event in batch["events"]:
            if event["seq"] > self.seq:
                self._upsert(event)
        self.seq = batch["to"]

    def catch_up(self, heard: list[Heard]) -> None:
        """Apply batches and snapshots by their numbers.

        They may be written down in another order: the client's library starts a thread for each.
        """
        told = [(reached(each), *each) for each in heard if each[0] in ("events", "snapshot")]
        for seq, event, payload in sorted(told, key=itemgetter(0)):
            if event == "events":
                self.apply(payload)
            elif seq > self.seq:
                self.take(payload)

    def _upsert(self, event: dict[str, Any]) -> None:
        if "node" in event:
            self.nodes[event["node"]["path"]] = event["node"]
        else:
            self.run = event["run"]
