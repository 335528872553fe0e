"""What waits to be sent to one client, bounded.

python-engineio's queue per client has no bound: one stalled tab was seen to hold 56,000 packets
and 91 MB. Its public `create_queue` lets us put this queue in its place. The relay asks
`is_full` before it emits and keeps from a full one; acknowledgements pass, as each answers a
question of the client's own, until the hard bound, where the client counts as lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

MAX_MESSAGES: Final = 64
"""Messages that may wait; more and the client is behind."""
MAX_BYTES: Final = 4 * 1024 * 1024
"""Bytes that may wait before more is added: one message of any size goes into an empty queue."""
HARD_MESSAGES: Final = 4 * MAX_MESSAGES
HARD_BYTES: Final = 16 * MAX_BYTES

_MESSAGE: Final = 4
"""Engine.IO's packet type that carries Socket.IO; all others are control and always pass."""


class Packet(Protocol):
    """What of an Engine.IO packet matters here."""

    packet_type: int
    data: object


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

    `on_drained` is called, by whoever empties it, once after each `call_when_drained`.
    """

    def __init__(self, queue: PacketQueue) -> None:
        self.on_drained: Callable[[], None] = _ignore
        self.overflowed = False
        self._queue = queue
        self._bytes = 0
        self._counting = threading.Lock()
        self._drain_awaited = False

    @property
    def is_full(self) -> bool:
        """True if the client is behind and nothing more should be sent to it."""
        return self._queue.qsize() >= MAX_MESSAGES or self._bytes >= MAX_BYTES

    @property
    def is_drained(self) -> bool:
        """True if everything was taken out to be sent."""
        return self._queue.qsize() == 0

    def call_when_drained(self) -> None:
        """Have `on_drained` called the next time this is found empty."""
        self._drain_awaited = True

    def put(self, item: Packet | None) -> None:
        """Add a packet; a message beyond the hard bound is dropped and marks this overflowed."""
        if item is not None and item.packet_type == _MESSAGE and self._is_beyond_bound():
            self.overflowed = True
            self.on_drained()
            return
        self._count(_size(item))
        self._queue.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Packet | None:
        """Take the next packet out; raises the queue's own Empty as it would."""
        item = self._queue.get(block=block, timeout=timeout)
        self._count(-_size(item))
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

    def _is_beyond_bound(self) -> bool:
        return self._queue.qsize() >= HARD_MESSAGES or self._bytes >= HARD_BYTES

    def _count(self, size: int) -> None:
        with self._counting:
            self._bytes += size


def _size(item: Packet | None) -> int:
    data = item.data if item is not None else None
    return len(data) if isinstance(data, str | bytes) else 0


def _ignore() -> None:
    """Nobody waits for this queue."""
