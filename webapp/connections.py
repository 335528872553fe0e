"""The connection under a request, whatever server carries it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

_SOCKETS: Final = "/socket.io"


def is_for_sockets(environ: Mapping[str, Any]) -> bool:
    """True for a request that Engine.IO answers."""
    path: str = environ.get("PATH_INFO", "")
    return path.startswith(_SOCKETS)


def transport_of(environ: Mapping[str, Any]) -> str | None:
    """How a session is carried, as Engine.IO takes it from a request; None for any other request.

    By no header: to Engine.IO a request that wants to be upgraded may be polling all the same.
    """
    if not is_for_sockets(environ):
        return None
    asked: dict[str, list[str]] = parse_qs(environ.get("QUERY_STRING", ""))
    return asked.get("transport", ["polling"])[0]


def shut(environ: Mapping[str, Any]) -> None:
    """Wake whoever waits to write to a connection that nobody reads.

    Closing it in Engine.IO alone leaves the writer in `send` until its time-out of 45 s, its
    packets with it. `environ` is of the request that began the session: if that was no websocket,
    the connection has been answered on, and may be another's by now, where a proxy shares them.
    """
    if transport_of(environ) != "websocket":
        return
    connection = environ.get("werkzeug.socket")
    if connection is None and "eventlet.input" in environ:
        connection = environ["eventlet.input"].get_socket()
    if connection is None:
        return
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it had gone already
