"""Waits for what comes on a connection, without asking for it anew each time.

A green socket of eventlet's tries to read, which fails while nothing is there, then has the hub
watch its descriptor, and has that undone once something came: three calls of the system, an
exception and a hundred lines of Python at each receipt, which a process that slept runs with empty
caches. Here the hub watches the descriptor from the first wait to the end, and the waiting is one
switch to it.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import Any


class Arrivals:
    """What one green thread, always the same, receives from one plain connection of its own."""

    def __init__(self, hub: Any, connection: socket.socket) -> None:
        """`connection` is the socket that the green one stands on, which never blocks."""
        self._hub = hub
        self._connection = connection
        self._watch: Any = None
        self._is_waiting = False

    def recv(self, size: int) -> bytes:
        """What came, at most so many bytes, once there is something; empty at the end.

        Whoever else can go on does so first. Raises OSError.
        """
        while True:
            self._wait()
            with suppress(BlockingIOError):
                return self._connection.recv(size)

    def end(self) -> None:
        """Have it watched no more; called before it is closed, as its number may be used again."""
        watch, self._watch = self._watch, None
        if watch is not None:
            self._hub.remove(watch)

    def _wait(self) -> None:
        if self._watch is None:
            read, number = self._hub.READ, self._connection.fileno()
            self._watch = self._hub.add(read, number, self._come, self._come, None)
        self._is_waiting = True
        try:
            self._hub.switch()
        finally:
            self._is_waiting = False

    def _come(self, _what: object) -> None:
        """Called by the hub, at each of its turns, while there is something to receive."""
        if self._is_waiting:
            self._is_waiting = False
            self._watch.greenlet.switch()
        else:
            self.end()  # it is still at what came before, and has it watched again when it waits


def arrivals_of(connection: socket.socket) -> Arrivals | None:
    """None for what isn't a plain green socket of eventlet's without a time-out.

    Nothing here imports eventlet: where a process is patched by it, it is there.
    """
    hubs, inner = sys.modules.get("eventlet.hubs"), getattr(connection, "fd", None)
    if hubs is None or inner is None or hasattr(connection, "cipher"):
        return None
    if connection.gettimeout() is not None:
        return None
    return Arrivals(hubs.get_hub(), inner)
