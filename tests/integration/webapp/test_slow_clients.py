"""A client that doesn't read: bounded, left behind, brought back or cut off; nobody else waits."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import websocket

from tests.integration.webapp.clients import PATIENCE, Client, View, reached
from tests.integration.webapp.conftest import Web
from tests.integration.webapp.owner import HeldRun, Owner
from webapp.relay import clients, outbox

Open = Callable[[], Client]
SMALL_BUFFER = 4 * 1024
LONG = "x" * 2_000
"""A message of about the largest size, so that the kernel's buffers are soon full."""


class Stalled:
    """A raw websocket that watches a run and then reads only when told to."""

    def __init__(self, port: int, run_id: str) -> None:
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
            sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)],
            timeout=PATIENCE,
        )
        self._read("0")
        self._socket.send("40")
        self._read("40")
        self._socket.send("420" + json.dumps(["watch", {"run_id": run_id}]))
        [answer] = json.loads(self._read("430"))
        self.snapshot = answer["snapshot"]

    def read_event(self) -> tuple[str, Any]:
        """The next event and its payload."""
        event, payload = json.loads(self._read("42"))
        return event, payload

    def read_until_snapshot(self, seq: int) -> Any:
        """Read on as a tab that wakes up does, until it is given a fresh start at `seq` or later.

        It may have been behind before for a moment, unseen by the test, and have an earlier one.
        """
        while True:
            event, payload = self.read_event()
            if event == "snapshot" and payload["seq"] >= seq:
                return payload

    def read_to_the_end(self) -> None:
        """Read whatever is left until the server has closed the connection."""
        while self._socket.recv():
            pass

    def close(self) -> None:
        self._socket.close(timeout=0)

    def _read(self, kind: str) -> str:
        while True:
            text = self._socket.recv()
            assert text, "closed"
            if str(text).startswith(kind):
                return str(text)[len(kind) :]


def write_until(run: HeldRun, done: Callable[[], bool]) -> int:
    """Move a run with long messages until something is so; returns the run's seq."""
    seq = 0
    for iteration in range(20_000):
        seq = run.progress("0", iteration, LONG)
        if done():
            return seq
    pytest.fail("it never was")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller bounds and a quicker pace than in earnest, so that a client is behind soon."""
    monkeypatch.setattr(outbox, "MAX_MESSAGES", 8)
    monkeypatch.setattr("webapp.relay.room.BATCHES_PER_SECOND", 2_000.0)


def behind(web: Web) -> int:
    known = web.services.relay.clients
    return sum(1 for sid in list(known._clients) if known.is_behind(sid))


def queued(web: Web) -> int:
    return max(each.outbox.qsize() for each in list(web.services.relay.clients._clients.values()))


@pytest.mark.usefixtures("quick")
def test_a_stalled_client_is_bounded_and_never_slows_another(
    web: Web, open_client: Open, owner: Owner
) -> None:
    run = owner.begin()
    run.spawn("0")
    healthy = open_client()
    view = View(healthy.ask("watch", {"run_id": run.id})["snapshot"])
    stalled = Stalled(web.port, run.id)
    write_until(run, lambda: behind(web) == 1)
    for iteration in range(50):
        seq = run.progress("0", iteration, LONG)
    view.catch_up(healthy.wait_until(lambda heard: max(map(reached, heard), default=0) >= seq))
    assert view.seq == seq
    assert queued(web) <= outbox.MAX_MESSAGES
    stalled.close()


@pytest.mark.usefixtures("quick")
def test_a_client_that_drains_comes_back_with_a_snapshot(web: Web, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    stalled = Stalled(web.port, run.id)
    seq = write_until(run, lambda: behind(web) == 1)
    fresh = stalled.read_until_snapshot(seq)
    assert behind(web) == 0
    last = run.progress("0", 1)
    event, batch = stalled.read_event()
    assert event == "events"
    assert batch["from"] <= fresh["seq"]
    assert batch["to"] == last
    stalled.close()


@pytest.mark.usefixtures("quick")
def test_a_client_that_stays_behind_is_cut_off(
    web: Web, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MAX_BEHIND", 0.3)
    run = owner.begin()
    run.spawn("0")
    stalled = Stalled(web.port, run.id)
    write_until(run, lambda: behind(web) == 1)
    known = web.services.relay.clients
    write_until(run, lambda: len(known) == 0)
    with pytest.raises((OSError, websocket.WebSocketException)):
        stalled.read_to_the_end()
        raise OSError("closed in order")
