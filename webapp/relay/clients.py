"""The sockets of this process: what waits for each, and who is behind, for how long."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_socketio import SocketIO

from webapp.relay.outbox import Outbox

NAMESPACE: Final = "/"
MAX_BEHIND: Final = 15.0
"""Seconds (s) a client may stay behind before it is disconnected."""
CHUNK: Final = 200
"""Clients that are sent to before others get their turn."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Client:
    """One socket; `behind_since` in seconds (s) of the monotonic clock while its outbox is full."""

    outbox: Outbox
    behind_since: float | None = None


class Clients:
    """Every connected socket by its Socket.IO session id.

    `wake` has the agent call `settle` soon.
    """

    def __init__(self, sockets: SocketIO, *, wake: Callable[[], None]) -> None:
        self._sockets = sockets
        self._wake = wake
        self._clients: dict[str, _Client] = {}
        self._guard = threading.Lock()
        self.fallen_behind = 0
        self.dropped = 0
        """How often a client fell behind, and was cut off for it, since the start."""
        bound_queues(sockets)

    def __contains__(self, sid: str) -> bool:
        return sid in self._clients

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def behind(self) -> int:
        """How many don't keep up now."""
        with self._guard:
            return sum(client.behind_since is not None for client in self._clients.values())

    def sids(self) -> set[str]:
        """Everybody who is connected now."""
        with self._guard:
            return set(self._clients)

    def add(self, sid: str) -> None:
        """A socket has connected."""
        outbox = self._engine_socket(sid).queue
        outbox.on_drained = self._wake
        with self._guard:
            self._clients[sid] = _Client(outbox)

    def remove(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            self._clients.pop(sid, None)

    def is_behind(self, sid: str) -> bool:
        """True while a client has not taken what was already put into its queue."""
        client = self._clients.get(sid)
        return client is not None and client.behind_since is not None

    def emit(self, event: str, payload: object, sids: Iterable[str], now: float) -> set[str]:
        """Send to those who keep up; returns those who don't and were left out.

        Serialises once for every `CHUNK` clients, and lets others run between two chunks.
        """
        ready, behind = self._by_readiness(sids, now)
        for start in range(0, len(ready), CHUNK):
            if start:
                self._sockets.sleep(0)
            chunk = ready[start : start + CHUNK]
            self._sockets.server.emit(event, payload, to=chunk, namespace=NAMESPACE)
        return behind

    def settle(self, now: float) -> float | None:
        """See who has caught up, and drop who has not for too long.

        Returns the seconds until the next one has to be dropped, or None.
        """
        with self._guard:
            clients = list(self._clients.items())
        waits = [self._settle(sid, client, now) for sid, client in clients]
        return min((wait for wait in waits if wait is not None), default=None)

    def drop(self, sid: str) -> None:
        """Close a socket that doesn't read, without waiting for it."""
        self.dropped += 1
        _log.warning("a client was too slow", extra={"action": "client_dropped", "sid": sid})
        self.close(sid)

    def close(self, sid: str) -> None:
        """Close a socket at once, whether it reads or not; one that has gone already is none."""
        environ = self._sockets.server.get_environ(sid, namespace=NAMESPACE)
        try:
            engine_socket = self._engine_socket(sid)
        except KeyError:
            return
        engine_socket.close(wait=False, abort=True)
        _shut(environ or {})

    def _by_readiness(self, sids: Iterable[str], now: float) -> tuple[list[str], set[str]]:
        ready: list[str] = []
        behind: set[str] = set()
        for sid in sids:
            client = self._clients.get(sid)
            if client is None:
                continue
            if client.behind_since is None and client.outbox.is_full:
                client.behind_since = now
                self.fallen_behind += 1
                self._wake()  # so that `settle` counts its time, even if nothing more is sent
            if client.behind_since is None:
                ready.append(sid)
            else:
                behind.add(sid)
        return ready, behind

    def _settle(self, sid: str, client: _Client, now: float) -> float | None:
        if client.outbox.overflowed:
            self.drop(sid)
            return None
        if client.behind_since is None:
            return None
        client.outbox.call_when_drained()
        if client.outbox.is_drained:
            client.behind_since = None
            return None
        wait = client.behind_since + MAX_BEHIND - now
        if wait <= 0:
            self.drop(sid)
            return None
        return wait

    def _engine_socket(self, sid: str) -> Any:  # Engine.IO has no types
        server = self._sockets.server
        return server.eio.sockets[server.manager.eio_sid_from_sid(sid, NAMESPACE)]


def bound_queues(sockets: SocketIO) -> None:
    """Give every socket that connects from now on an outbox with a bound."""
    engine = sockets.server.eio
    create_queue = engine.create_queue
    engine.create_queue = lambda *args, **kwargs: Outbox(create_queue(*args, **kwargs))


def _shut(environ: Mapping[str, Any]) -> None:
    """Wake whoever waits to write to a connection that nobody reads.

    Closing it in Engine.IO alone leaves the writer in `send` until its time-out of 45 s, its
    packets with it.
    """
    connection = environ.get("werkzeug.socket")
    if connection is None and "eventlet.input" in environ:
        connection = environ["eventlet.input"].get_socket()
    if connection is None:
        return
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it had gone already
