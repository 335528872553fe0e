"""The one way in which the writes of a run leave: in order, one at a time, each numbered.

Redis may answer late or not at all, and then nobody knows whether a write was done. The number
makes asking again safe (a repeated one is a no-op), and one flight at a time keeps the order.
Waiting for the flight before is also the back-pressure on whoever writes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from inception.runs.errors import StaleToken, StoreUnavailable
from inception.runs.records import Lease

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
"""Seconds (s) between two tries while Redis is away. They go on until it is back or the run is
dropped: giving up would lose a recorded end, and nobody else may write meanwhile."""
_making: Final = threading.Lock()
"""Held while a lane makes what its writes wait for, which only an absence of Redis needs."""


class Lane:
    """Numbers and orders the writes under one lease."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._flight = threading.Lock()
        self._op = 0
        self.closed = False
        """True once nothing may be written any more."""
        self._closing: threading.Event | None = None
        """Ends the pauses of those who wait to write; made with the first of them."""

    def close(self) -> None:
        """Let nothing more leave, and let those who wait to write go with StaleToken."""
        self.closed = True
        with _making:  # one that is made after this finds the lane closed
            closing = self._closing
        if closing is not None:
            closing.set()

    def commit(self, write: Callable[[Lease, int], Answer]) -> Answer:
        """Do `write(lease, op)` once it is its turn, again while Redis is away.

        Returns its answer. Raises StaleToken if the run belongs to another owner by now or the
        lane was closed, and what `write` raises besides StoreUnavailable.
        """
        with self.turn() as op:
            return self.insist(lambda: write(self.lease, op))

    @contextmanager
    def turn(self) -> Iterator[int]:
        """Wait for one's turn to write, and have it within; gives the operation's number."""
        with self._flight:
            self._op += 1
            yield self._op

    def insist(self, ask: Callable[[], Answer]) -> Answer:
        """Do `ask()` again while Redis is away; for what is safe to repeat. Raises as `commit`."""
        pause = _FIRST_PAUSE
        while not self.closed:
            try:
                return ask()
            except StoreUnavailable as error:
                self._tell(error)
            self._rest(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise StaleToken(f"Run {self.lease.run_id} isn't held here any more.")

    def _rest(self, seconds: float) -> None:
        """Wait for so many seconds (s), or until the lane is closed."""
        with _making:
            closing = self._closing = self._closing or threading.Event()
        if not self.closed:
            closing.wait(seconds)

    def _tell(self, error: StoreUnavailable) -> None:
        about = {"action": "write_waits", "run_id": self.lease.run_id}
        log.warning("A write waits for Redis: %s", error, extra=about)
