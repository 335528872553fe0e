"""The connection under a request, whatever server carries it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs


def shut(environ: Mapping[str, Any]) -> None:
    """Wake whoever waits to write to a connection that nobody reads.

    Closing it in Engine.IO alone leaves the writer in `send` until its time-out of 45 s, its
    packets with it. `environ` is of the request that began the session: if that was no websocket,
    the connection has been answered on, and may be another's by now, where a proxy shares them.
    """
    if parse_qs(environ.get("QUERY_STRING", "")).get("transport") != ["websocket"]:
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
