"""How many rooms one socket may be in, without sockets and without Redis."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.webapp.records import batch
from webapp.errors import TooManyRequests
from webapp.relay import run_rooms
from webapp.relay.marks import Bells
from webapp.relay.room import Room
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


class _Clients:
    """One client, which may be behind."""

    def __init__(self) -> None:
        self.behind = False
        self.settled = 0
        self.sent: list[str] = []

    def __contains__(self, _sid: str) -> bool:
        return True

    def is_behind(self, _sid: str) -> bool:
        return self.behind

    def emit(self, event: str, _payload: object, sids: frozenset[str], _now: float) -> set[str]:
        if self.behind:
            return set(sids)
        self.sent.append(event)
        return set()


def test_a_room_is_not_looked_at_while_its_member_is_behind_and_is_when_it_has_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, clients = rooms(), _Clients()
    watched._clients = clients  # type: ignore[assignment]
    watched._meter = SimpleNamespace(sent=lambda *_arguments, **_more: None)  # type: ignore[assignment]
    watched.watch("socket", "one", None)
    watched.flush(0.0)
    looked: list[Room] = []
    due = Room.due

    def look(room: Room, *arguments: Any) -> Any:
        looked.append(room)
        return due(room, *arguments)

    monkeypatch.setattr(Room, "due", look)
    clients.behind = True
    watched._rooms["one"].hear(json.dumps(batch(1, 2, epoch="e", run_id="one")))
    watched.flush(1.0)
    assert len(looked) == 1
    watched.flush(2.0)
    assert len(looked) == 1
    clients.behind, clients.settled = False, 1
    watched.flush(3.0)
    watched.read()
    watched.flush(4.0)
    assert clients.sent == ["snapshot", "events"]  # it was read before the batch


def test_who_is_behind_when_its_run_is_deleted_hears_of_it_later() -> None:
    watched, clients = rooms(), _Clients()
    watched._clients = clients  # type: ignore[assignment]
    watched.watch("socket", "one", None)
    watched.flush(0.0)
    clients.behind = True  # for what another run sent it
    watched._rooms["one"].hear(json.dumps({"gone": "one"}))
    watched.flush(1.0)
    assert clients.sent == []
    clients.behind, clients.settled = False, 1
    watched.flush(2.0)
    assert clients.sent == ["gone"]
    assert watched._rooms == {}
