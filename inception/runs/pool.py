"""A pool of connections that takes little of its own to hand one out."""

from __future__ import annotations

import re
import socket
from queue import Empty
from typing import Any, Final

import redis

from inception.runs.stack import Stack

_RUN_ID: Final = re.compile(r"\brun_id:(\w+)")


class Pool(redis.BlockingConnectionPool):
    """redis-py's blocking pool, with a shorter way to a connection.

    Each command asks for one. Where a process sleeps between two commands, what redis-py does
    there takes longer than to write the command down.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(queue_class=Stack, **options)  # type: ignore[no-untyped-call]

    def get_connection(self) -> Any:  # type: ignore[override]
        """A connection that stands, waited for up to `timeout` seconds (s).

        Raises redis.ConnectionError if none is free by then, or none can be made.
        """
        self._checkpid()
        try:
            connection = self.pool.get(timeout=self.timeout)
        except Empty:
            raise redis.ConnectionError("No connection available.") from None
        if connection is None:
            connection = self.make_connection()  # type: ignore[no-untyped-call]
        try:
            connection.connect()
            if _is_used_up(connection):
                connection.disconnect()
                connection.connect()
        except BaseException:
            self.release(connection)  # type: ignore[no-untyped-call]
            raise
        return connection


def server_of(connection: Any) -> str:
    """The run id of the server that a connection leads to: another one after each of its starts.

    Asked for once, since a connection doesn't outlive the server at its other end.
    """
    connection.check_health()  # which may make it anew
    known = getattr(connection, "inception_server", None)
    if known is None or known[0] is not connection._sock:  # noqa: SLF001 -- as below
        connection.send_command("INFO", "server")
        told = _RUN_ID.search(connection.read_response())
        if told is None:
            raise redis.ConnectionError("Redis does not tell its run id (INFO server).")
        known = connection.inception_server = (connection._sock, told[1])  # noqa: SLF001
    return str(known[1])


def _is_used_up(connection: Any) -> bool:
    """True for a connection that Redis has closed, or said something on that nobody asked for."""
    within = getattr(connection._sock, "fd", None)  # noqa: SLF001 -- it has no public name
    if within is None or hasattr(within, "cipher"):
        return _has_something_to_read(connection)
    # What a green socket of eventlet's stands on never waits, so one look is enough.
    try:
        within.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _has_something_to_read(connection: Any) -> bool:
    try:
        return bool(connection.can_read())
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        return True
