"""Deadlines of one process: a single thread that calls each action at its time.

Actions run on that thread and must not block; what needs Redis hands itself to the crew.
Clocks are monotonic. The heap holds at most a few entries for each live node, and is rebuilt
once more than half of it is cancelled.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from inception.runs.wakeup import Wakeup

log = logging.getLogger(__name__)

_REBUILD_ABOVE: Final = 1024


class Timer:
    """One deadline; `cancel` makes it never fire (calling it twice is fine)."""

    __slots__ = ("_timers", "action", "when")

    def __init__(self, timers: Timers, when: float, action: Callable[[], None]) -> None:
        self._timers = timers
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Forget the deadline."""
        if self.action is not None:
            self.action = None
            self._timers.note_cancelled()


class Timers:
    """Calls actions at their time on one thread of its own."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._lock = threading.Lock()
        self._changed = Wakeup()
        """Rung where the thread waits for a later time than it should."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="inception-timers", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; deadlines that haven't come are dropped."""
        self._stopping = True
        self._changed.ring()

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call `action` in `delay` seconds (s), or never if it is cancelled before."""
        timer = Timer(self, time.monotonic() + max(0.0, delay), action)
        with self._lock:
            heapq.heappush(self._heap, (timer.when, next(self._numbers), timer))
            is_next = self._heap[0][2] is timer
        if is_next:
            self._changed.ring()
        return timer

    def note_cancelled(self) -> None:
        """Count a cancelled entry, and drop them all once they are the larger part."""
        with self._lock:
            self._cancelled += 1
            if self._cancelled > max(_REBUILD_ABOVE, len(self._heap) // 2):
                self._heap = [entry for entry in self._heap if entry[2].action is not None]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def _run(self) -> None:
        while True:
            due = self._next_due()
            if due is None:
                return
            action, due.action = due.action, None
            if action is not None:
                self._call(action)

    def _next_due(self) -> Timer | None:
        while not self._stopping:
            with self._lock:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
            self._changed.wait(wait)
        return None

    @staticmethod
    def _call(action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            # One bad deadline must not end all others of the process.
            log.exception("A deadline's action failed", extra={"action": "timer_failed"})
