"""A client that doesn't read: bounded, left behind, brought back or cut off; nobody else waits."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
import websocket

from tests.integration.webapp.clients import PATIENCE, Client, View, reached, read_to_the_end
from tests.integration.webapp.owner import HeldRun, Owner
from tests.integration.webapp.web import Web
from tests.running import eventually
from webapp.relay import clients, outbox, pulses

Open = Callable[[], Client]
SMALL_BUFFER = 4 * 1024
LONG = "x" * 2_000
"""A message of about the largest size, so that the kernel's buffers are soon full."""


class Stalled:
    """A raw websocket that watches a run and then reads only when told to.

    It may be begun by polling, as many a client's library does before it changes over.
    """

    def __init__(self, port: int, run_id: str, begun_by: str = "websocket") -> None:
        session = f"&sid={polled_session(port)}" if begun_by == "polling" else ""
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket{session}",
            sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)],
            timeout=PATIENCE,
        )
        if begun_by == "polling":
            self._socket.send("2probe")
            self._read("3probe")
            self._socket.send("5")
        else:
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
        """Read whatever is left until the server has ended the connection; raises if it doesn't."""
        read_to_the_end(self._socket)

    def close(self) -> None:
        self._socket.close(timeout=0)

    def _read(self, kind: str) -> str:
        while True:
            text = self._socket.recv()
            assert text, "closed"
            if str(text).startswith(kind):
                return str(text)[len(kind) :]


def polled_session(port: int) -> str:
    """The id of a session that was begun by polling."""
    address = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
    opened = requests.get(address, timeout=PATIENCE).text
    return str(json.loads(opened.removeprefix("0"))["sid"])


def serving() -> int:
    """How many threads serve a connection now."""
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


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
@pytest.mark.parametrize("begun_by", ["websocket", "polling"])
def test_a_client_that_stays_behind_is_cut_off(
    web: Web, owner: Owner, monkeypatch: pytest.MonkeyPatch, begun_by: str
) -> None:
    monkeypatch.setattr(clients, "MAX_BEHIND", 0.3)
    run = owner.begin()
    run.spawn("0")
    before = serving()
    stalled = Stalled(web.port, run.id, begun_by)
    write_until(run, lambda: behind(web) == 1)
    known = web.services.relay.clients
    write_until(run, lambda: len(known) == 0)
    eventually(lambda: serving() <= before, PATIENCE, "nobody waits for it")
    stalled.read_to_the_end()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("in_a_message", [False, True])
def test_a_client_that_answers_no_ping_is_ended_even_in_the_midst_of_a_message(
    redis_url: str, owner: Owner, monkeypatch: pytest.MonkeyPatch, in_a_message: bool
) -> None:
    monkeypatch.setattr(pulses, "LOOK_EVERY", 0.1)
    web = Web(redis_url)
    engine = web.sockets.server.eio
    engine.ping_interval = 0.1
    run = owner.begin()
    run.spawn("0")
    before = serving()
    stalled = Stalled(web.port, run.id)
    if in_a_message:
        write_until(run, lambda: behind(web) == 1)
    engine.ping_timeout = 0.1
    eventually(lambda: len(web.services.relay.clients) == 0, PATIENCE, "it is forgotten")
    eventually(lambda: not engine.sockets, PATIENCE, "its session is gone")
    eventually(lambda: serving() <= before, PATIENCE, "nobody waits for it")
    stalled.close()
    web.stop()
