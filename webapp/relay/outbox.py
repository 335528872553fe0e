"""What waits to be sent to one client, bounded.

python-engineio's queue per client has no bound: one stalled tab was seen to hold 56,000 packets
and 91 MB. Its public `create_queue` lets us put this queue in its place. The relay asks
`is_full` before it emits and keeps from a full one; acknowledgements pass, as each answers a
question of the client's own, until the hard bound, where the client counts as lost.

Where the client's websocket has an outlet, a message for a client that nothing waits for goes out
right here, and only what its connection doesn't take gets into the queue.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from engineio.packet import MESSAGE

from webapp.relay.frames import frame_of
from webapp.relay.outlet import Framed, Outlet

MAX_MESSAGES: Final = 64
"""Messages that may wait; more and the client is behind."""
MAX_BYTES: Final = 4 * 1024 * 1024
"""Bytes that may wait before more is added: one message of any size goes into an empty queue."""
HARD_MESSAGES: Final = 4 * MAX_MESSAGES
HARD_BYTES: Final = 16 * MAX_BYTES


class Packet(Protocol):
    """What of an Engine.IO packet matters here."""

    @property
    def packet_type(self) -> int:
        """Engine.IO's number of its kind."""

    @property
    def data(self) -> object:
        """What it carries."""


class PacketQueue(Protocol):
    """The queue of whichever async mode is in use."""

    def put(self, item: Packet | None) -> None:
        """Add; None says that there is no more to come."""

    def get(self, block: bool = True, timeout: float | None = None) -> Packet | None:
        """Take out the next."""

    def task_done(self) -> None:
        """One that was taken out is dealt with."""

    def join(self) -> None:
        """Wait until all are dealt with."""

    def qsize(self) -> int:
        """How many there are."""


class Outbox:
    """A client's queue with a bound; it stands where Engine.IO expects its own queue.

    `on_drained` is called, by whoever empties it, once after each `call_when_drained`. `outlet` is
    set once there is one, and `connection` once there is a websocket.
    """

    def __init__(self, queue: PacketQueue) -> None:
        self.on_drained: Callable[[], None] = _ignore
        self.outlet: Outlet | None = None
        self.connection: socket.socket | None = None
        self.overflowed = False
        self._queue = queue
        self._packets = 0
        self._bytes = 0
        self._is_awaited = False
        self._counting = threading.Lock()
        self._drain_awaited = False

    @property
    def is_full(self) -> bool:
        """True if the client is behind and nothing more should be sent to it."""
        return self._packets >= MAX_MESSAGES or self._bytes >= MAX_BYTES

    @property
    def is_drained(self) -> bool:
        """True if everything was taken out to be sent."""
        return self._queue.qsize() == 0

    def call_when_drained(self) -> None:
        """Have `on_drained` called the next time this is found empty."""
        self._drain_awaited = True

    def put(self, item: Packet | None) -> None:
        """Send a packet, or add it to what waits.

        Messages alone (Socket.IO's) are ever sent from here: the writer counts a connection without
        control packets as dead. One beyond the hard bound is dropped and marks this overflowed.
        """
        if item is not None and item.packet_type == MESSAGE:
            if self._is_beyond_bound():
                self.overflowed = True
                self.on_drained()
                return
            item = self._send(item)
            if item is None:
                return
        self._count(1, _size(item))
        self._queue.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Packet | None:
        """Take the next packet out; raises the queue's own Empty as it would."""
        self._is_awaited = block
        try:
            item = self._queue.get(block=block, timeout=timeout)
        finally:
            self._is_awaited = False
        self._count(-1, -_size(item))
        if self._drain_awaited and self.is_drained:
            self._drain_awaited = False
            self.on_drained()
        return item

    def task_done(self) -> None:
        """Pass on that a packet was dealt with."""
        self._queue.task_done()

    def join(self) -> None:
        """Wait until every packet was dealt with."""
        self._queue.join()

    def qsize(self) -> int:
        """How many packets wait."""
        return self._queue.qsize()

    def hang_up(self) -> None:
        """End the websocket's connection: whoever waits to write to it, or to read, goes on."""
        if self.connection is not None:
            with suppress(OSError):  # it has gone already
                self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, item: Packet) -> Packet | None:
        """Send a message past the queue if all before it have been; what is left to be put in."""
        outlet = self.outlet
        if outlet is None or not outlet.is_open:
            return item
        frame = frame_of(item, deflated=outlet.deflated)
        if self._packets or not self._is_awaited or not outlet.is_free:
            return Framed(frame)
        return outlet.take(frame)

    def _is_beyond_bound(self) -> bool:
        return self._packets >= HARD_MESSAGES or self._bytes >= HARD_BYTES

    def _count(self, packets: int, size: int) -> None:
        with self._counting:
            self._packets += packets
            self._bytes += size


def _size(item: Packet | None) -> int:
    if isinstance(item, Framed):
        return item.size
    data = item.data if item is not None else None
    return len(data) if isinstance(data, str | bytes) else 0


def _ignore() -> None:
    """Nobody waits for this queue."""
