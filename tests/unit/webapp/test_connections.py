"""Whose connection is shut when a session is ended."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from webapp.connections import shut

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def begun_by(transport: str, ends: Ends) -> dict[str, object]:
    query = f"EIO=4&transport={transport}"
    return {"werkzeug.socket": ends[0], "PATH_INFO": "/socket.io/", "QUERY_STRING": query}


def test_a_websockets_own_is_shut(ends: Ends) -> None:
    shut(begun_by("websocket", ends))
    assert ends[1].recv(1) == b""


def test_that_of_a_request_long_answered_is_left_to_whoever_has_it_now(ends: Ends) -> None:
    """A proxy gives it to one client after the other."""
    shut(begun_by("polling", ends))
    ends[0].sendall(b"another's")
    assert ends[1].recv(9) == b"another's"
