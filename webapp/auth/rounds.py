"""Looks at something again and again, from when there is something to look at."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Rounds:
    """A thread that calls `look` each `every` seconds (s), from the first `start` to `stop`."""

    def __init__(self, name: str, look: Callable[[], None], every: float) -> None:
        self._name = name
        self._look = look
        self._every = every
        self._guard = threading.Lock()
        self._started = False
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin, unless this has begun."""
        with self._guard:
            if self._started:
                return
            self._started = True
        threading.Thread(target=self._go_on, name=self._name, daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def _go_on(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._look()
            except Exception:  # noqa: BLE001  nobody else looks
                about = {"action": "look_failed", "look": self._name}
                _log.exception("a look failed", extra=about)
