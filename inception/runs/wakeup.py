"""What one thread waits for until another rings: an Event for a single waiter.

A `threading.Event` is a condition and a lock, and among green threads each of the two keeps a
queue of its waiters, of 0.7 KiB: too much for each of ten thousand parents that wait. This is one
lock, which who waits takes and who rings gives back.
"""

from __future__ import annotations

import threading
from contextlib import suppress


class Wakeup:
    """Wakes the one thread that waits for it; a ring before its wait isn't lost, two are one."""

    __slots__ = ("_asleep",)

    def __init__(self) -> None:
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def ring(self) -> None:
        """Wake whoever waits, or comes to wait; any thread may, and never waits itself."""
        with suppress(RuntimeError):  # it has rung, and nobody has heard yet
            self._asleep.release()

    def wait(self, seconds: float | None = None) -> None:
        """Return once it has rung since the last wait, or after so many seconds (s)."""
        self._asleep.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
