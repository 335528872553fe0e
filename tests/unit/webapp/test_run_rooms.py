"""How many rooms one socket may be in, without sockets and without Redis."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from webapp.errors import TooManyRequests
from webapp.relay import run_rooms
from webapp.relay.marks import Bells
from webapp.relay.run_rooms import RunRooms


def rooms() -> RunRooms:
    store: Any = SimpleNamespace(snapshot=lambda _run_id: {"epoch": "e", "seq": 1})
    listener: Any = SimpleNamespace(
        subscribe=lambda *_arguments: None, unsubscribe=lambda *_arguments: None
    )
    bells = Bells(flush=lambda: None, read=lambda: None)
    clients: Any = {"socket", "other"}
    meter: Any = SimpleNamespace()
    return RunRooms(store, listener, clients, bells, meter)


def test_a_socket_that_watches_too_many_runs_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_rooms, "MAX_WATCHED", 2)
    watched = rooms()
    watched.watch("socket", "one", None)
    watched.watch("socket", "two", None)
    with pytest.raises(TooManyRequests, match="may watch 2 runs"):
        watched.watch("socket", "three", None)
    watched.watch("socket", "two", None)  # again is not one more
    watched.watch("other", "three", None)
    watched.unwatch("socket", "one")
    watched.watch("socket", "three", None)
