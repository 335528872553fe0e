"""Warns of a parent that blocks its watcher process, with the stack that blocks it.

In a green process all parents share one thread: one that computes, or waits in a C extension,
holds up all others and the hub. A pulse winds an alarm up again and again; if the pulse isn't
let run, the alarm goes off inside whatever is running. In a process with real threads the pulse
always runs, and nothing is ever warned of.
"""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final

from inception.authoring.frame import current_frame

log = logging.getLogger(__name__)

LIMIT: Final = 0.2
"""Seconds (s) that a parent may hold the process."""
_PULSE: Final = 0.05
"""Seconds (s) between two windings."""
_STACK_DEPTH: Final = 20


class BlockingAlarm:
    """The pulse and its alarm; `is_needed` says whether anything runs that could block."""

    def __init__(self, is_needed: Callable[[], bool]) -> None:
        self._is_needed = is_needed
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="inception-pulse", daemon=True)

    def start(self) -> None:
        """Take the alarm signal and start the pulse. Only a process's main thread may."""
        try:
            signal.signal(signal.SIGALRM, self._went_off)
        except ValueError:
            # Asked elsewhere than in the main thread, as threads that Python knows: greenlets
            # of the main thread may, whatever `threading` calls them.
            log.info("Blocking parents aren't noticed here", extra={"action": "no_alarm"})
            return
        self._thread.start()

    def stop(self) -> None:
        """Stop the pulse; the alarm goes off no more."""
        self._stopping = True
        self._wake.set()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def wake(self) -> None:
        """A parent begins: the pulse runs until none is left."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            while self._is_needed() and not self._stopping:
                signal.setitimer(signal.ITIMER_REAL, LIMIT + _PULSE)
                threading.Event().wait(_PULSE)
            signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def _went_off(_number: int, stack: FrameType | None) -> None:
        frame = current_frame.get()
        if frame is None:  # not in a parent: a machine that is overloaded, or Celery's own work
            return
        lines = "".join(traceback.format_stack(stack, _STACK_DEPTH))
        log.warning(
            "The parent at %r of run %s blocks its watcher process for over %d ms, and all other "
            "parents of it: let a child do what takes time.\n%s",
            frame.path or "-",
            frame.run_id,
            LIMIT * 1000,
            lines,
            extra={"action": "watcher_blocked", "run_id": frame.run_id, "path": frame.path},
        )
