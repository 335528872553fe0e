"""Who connects for those who follow a run."""

from __future__ import annotations

import threading

import pytest
import requests
from inception_client.link import Inbox, Link
from inception_client.messages import Broken, Message
from socketio.exceptions import ConnectionError as NotConnected

WITHIN = 10.0
REFUSAL = {"data": {"error": {"code": "unauthorized", "message": "no"}}}


class Refused:
    """A socket that the server refuses."""

    def __init__(self, tried: threading.Semaphore) -> None:
        self._tried = tried

    def connect(self, *_address: object, **_how: object) -> None:
        self._tried.release()
        raise NotConnected("refused")

    def disconnect(self) -> None:
        """It never was connected."""


def test_who_joins_just_as_a_refused_connection_is_given_up_is_connected_for_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else they would wait for a thread that is leaving."""
    tried = threading.Semaphore(0)
    client = Link("http://127.0.0.1:1", None, requests.Session())
    tell_all, later = client._tell_all, Inbox()
    told_once = threading.Event()

    def tell_and_join(message: Message) -> None:
        tell_all(message)
        if not told_once.is_set():
            told_once.set()
            client._join("later", later)

    monkeypatch.setattr(client, "_make_socket", lambda told: told.append(REFUSAL) or Refused(tried))
    monkeypatch.setattr(client, "_tell_all", tell_and_join)
    client._join("first", Inbox())
    assert tried.acquire(timeout=WITHIN)
    assert tried.acquire(timeout=WITHIN), "nobody tried for who came later"
    assert isinstance(later.get(None), Broken)
    client.close()
