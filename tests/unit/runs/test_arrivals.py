"""Receiving by one watch of a hub's, without eventlet."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from inception.runs.arrivals import Arrivals, arrivals_of


class Hub:
    """Tells that something came whenever somebody waits, as often as it is told to."""

    READ = "read"

    def __init__(self) -> None:
        self.watched: dict[int, Callable[[object], None]] = {}
        self.turns = 0

    def add(self, _kind: str, number: int, come: Any, _thrown: Any, _closed: None) -> Any:
        self.watched[number] = come
        return SimpleNamespace(number=number, greenlet=SimpleNamespace(switch=lambda: None))

    def remove(self, watch: Any) -> None:
        del self.watched[watch.number]

    def switch(self) -> None:
        self.turns += 1
        for come in list(self.watched.values()):
            come(0)


@pytest.fixture
def hub() -> Hub:
    return Hub()


def test_a_turn_for_nothing_is_waited_through(hub: Hub) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        arrivals = Arrivals(hub, ours)
        spurious = hub.switch

        def say_late() -> None:
            spurious()
            if hub.turns == 3:
                theirs.send(b"word")

        hub.switch = say_late  # type: ignore[method-assign]
        assert arrivals.recv(100) == b"word"
        assert hub.turns == 3
        theirs.close()
        assert arrivals.recv(100) == b""


def test_it_is_watched_until_its_end_and_while_nobody_waits_only_until_something_comes(
    hub: Hub,
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        arrivals = Arrivals(hub, ours)
        for _ in range(2):
            theirs.send(b"word")
            arrivals.recv(100)
            assert list(hub.watched) == [ours.fileno()]
        hub.switch()  # nobody waits
        assert not hub.watched
        theirs.send(b"word")
        assert arrivals.recv(100) == b"word"
        arrivals.end()
        assert not hub.watched
        arrivals.end()


def test_a_socket_that_is_not_green_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "eventlet.hubs", SimpleNamespace(get_hub=Hub))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert arrivals_of(ours) is None
        green: Any = SimpleNamespace(fd=ours, gettimeout=lambda: None)
        assert arrivals_of(green) is not None
        green.gettimeout = lambda: 1.0
        assert arrivals_of(green) is None
        green = SimpleNamespace(fd=ours, gettimeout=lambda: None, cipher=lambda: None)
        assert arrivals_of(green) is None
