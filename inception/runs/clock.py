"""Redis' clock, as a process knows it between two answers.

Recorded times are Redis' own. A host whose wall clock is off, or set while it runs, must not hold
its own against them: a deadline would pass at once, or an hour late.
"""

from __future__ import annotations

import time


class ServerClock:
    """Goes on from the last answer by this process's monotonic clock."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """Seconds (s) from the monotonic clock's zero to the server's epoch."""

    def hear(self, now_ms: int) -> None:
        """The server's clock read `now_ms`, in ms since the epoch, a moment ago."""
        self._ahead = now_ms / 1000 - time.monotonic()

    def now(self) -> float:
        """Seconds (s) since the epoch; this host's word for it until the server was heard."""
        if self._ahead is None:
            return time.time()
        return time.monotonic() + self._ahead

    def now_ms(self) -> int:
        """The same in ms, as records have it."""
        return int(self.now() * 1000)
