"""The sockets of this process: what waits for each, and who is behind, for how long.

An event is put into the clients' outboxes right here, encoded once. Socket.IO's own `emit` would
look each client up in three tables, ask the clock and write two lines of log for each: half of what
a delivery costs once the rest is gone. What it would do besides, ending a client whose answer to a
ping is late, is done in `settle`: so emitting ends nobody, and never waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from engineio.exceptions import SocketIsClosedError
from flask_socketio import SocketIO
from socketio.packet import EVENT

from webapp.relay.frames import SharedPacket
from webapp.relay.outbox import Outbox
from webapp.relay.published import AsHeard

NAMESPACE: Final = "/"
MAX_BEHIND: Final = 15.0
"""Seconds (s) a client may stay behind before it is disconnected."""
CHUNK: Final = 200
"""Clients that are sent to before others get their turn."""

_log = logging.getLogger(__name__)


class EngineSocket(Protocol):
    """What of an Engine.IO socket matters here."""

    queue: Outbox
    last_ping: float | None
    """When it was sent a ping that it has not answered, by the clock; None if it owes nothing."""

    def check_ping_timeout(self) -> bool:
        """Close it if its answer to a ping is late. Raises SocketIsClosedError."""


@dataclass(slots=True)
class _Client:
    """One socket; `behind_since` in seconds (s) of the monotonic clock while its outbox is full."""

    sid: str
    socket: EngineSocket
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
        self._unsettled: set[str] = set()
        self._guard = threading.Lock()
        self.fallen_behind = 0
        self.dropped = 0
        """How often a client fell behind, and was cut off for it, since the start."""
        self.settled = 0
        """How often one who was behind has caught up or gone: who keeps something for such a one
        has to look again when this moves."""
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
        engine_socket: EngineSocket = self._engine_socket(sid)
        client = _Client(sid, engine_socket, engine_socket.queue)
        client.outbox.on_drained = partial(self._look_at, sid)
        with self._guard:
            self._clients[sid] = client

    def remove(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            client = self._clients.pop(sid, None)
        if client is None:
            return
        if client.socket.last_ping is not None:
            # Ended for its silence, maybe in the midst of a message that it takes byte by byte.
            client.outbox.hang_up()
        if client.behind_since is not None:
            self.settled += 1
            self._wake()

    def is_behind(self, sid: str) -> bool:
        """True while a client has not taken what was already put into its queue."""
        client = self._clients.get(sid)
        return client is not None and client.behind_since is not None

    def emit(self, event: str, payload: object, sids: Iterable[str], now: float) -> set[str]:
        """Send to those who keep up; returns those who don't and were left out.

        Serialises once, and lets others run after every `CHUNK` clients.
        """
        packet = self._packet(event, payload)
        behind: set[str] = set()
        for number, sid in enumerate(sids, start=1):
            client = self._clients.get(sid)
            if client is None:
                continue
            if client.behind_since is None and client.outbox.is_full:
                client.behind_since = now
                self.fallen_behind += 1
                self._look_at(sid)  # its time counts, even if nothing more is sent
            if client.behind_since is not None:
                behind.add(sid)
                continue
            if client.socket.last_ping is not None:
                self._look_at_late(client)
            client.outbox.put(packet)
            if number % CHUNK == 0:
                self._sockets.sleep(0)
        return behind

    def settle(self, now: float) -> float | None:
        """See who has caught up, and drop who has not for too long.

        Returns the seconds until the next one has to be dropped, or None.
        """
        if not self._unsettled:
            return None
        with self._guard:
            unsettled, self._unsettled = self._unsettled, set()
            clients = [(sid, self._clients[sid]) for sid in unsettled if sid in self._clients]
        waits = [self._settle(sid, client, now) for sid, client in clients]
        return min((wait for wait in waits if wait is not None), default=None)

    def drop(self, sid: str) -> None:
        """Close a socket that doesn't read, without waiting for it."""
        self.dropped += 1
        _log.warning("a client was too slow", extra={"action": "client_dropped", "sid": sid})
        self.close(sid)

    def close(self, sid: str) -> None:
        """Close a socket at once, whether it reads or not; one that has gone already is none."""
        try:
            engine_socket = self._engine_socket(sid)
        except KeyError:
            return
        engine_socket.close(wait=False, abort=True)
        # Else its writer may stay in `send` until its time-out, its packets with it.
        engine_socket.queue.hang_up()

    def _packet(self, event: str, payload: object) -> SharedPacket:
        if isinstance(payload, AsHeard):
            return SharedPacket(f'{EVENT}["{event}",{payload.text}]')
        packet_class = self._sockets.server.packet_class
        text = packet_class(EVENT, [event, payload], NAMESPACE, binary=False).encode()
        return SharedPacket(text)

    def _look_at(self, sid: str) -> None:
        """Have `settle` see to that one."""
        with self._guard:
            self._unsettled.add(sid)
        self._wake()

    def _look_at_late(self, client: _Client) -> None:
        """Have `settle` end one that owes the answer to a ping for too long."""
        pinged_at = client.socket.last_ping
        within = self._sockets.server.eio.ping_timeout
        if pinged_at is not None and time.time() - pinged_at > within:
            self._look_at(client.sid)

    def _settle(self, sid: str, client: _Client, now: float) -> float | None:
        if client.outbox.overflowed:
            self.drop(sid)
            return None
        if client.socket.last_ping is not None and not self._answers(client):
            return None
        if client.behind_since is None:
            return None
        client.outbox.call_when_drained()
        if client.outbox.is_drained:
            client.behind_since = None
            self.settled += 1
            return None
        wait = client.behind_since + MAX_BEHIND - now
        if wait <= 0:
            self.drop(sid)
            return None
        with self._guard:
            self._unsettled.add(sid)
        return wait

    def _answers(self, client: _Client) -> bool:
        """False if it has ended, at the latest now, for owing the answer to a ping too long."""
        try:
            return client.socket.check_ping_timeout()
        except SocketIsClosedError:
            return False

    def _engine_socket(self, sid: str) -> Any:  # Engine.IO has no types
        server = self._sockets.server
        return server.eio.sockets[server.manager.eio_sid_from_sid(sid, NAMESPACE)]


def bound_queues(sockets: SocketIO) -> None:
    """Give every socket that connects from now on an outbox with a bound."""
    engine = sockets.server.eio
    create_queue = engine.create_queue
    engine.create_queue = lambda *args, **kwargs: Outbox(create_queue(*args, **kwargs))
