"""When a process that died is started again. Pure: the clock is handed in."""

from __future__ import annotations

from collections import deque

PROMPT_DEATHS = 10
"""Deaths within WINDOW that are answered at once."""

WINDOW = 60.0
"""Seconds (s)."""

LONGEST_DELAY = 30.0
"""Seconds (s); also keeps the deaths within one WINDOW far below what _deaths can hold."""


class RestartPacing:
    """Restarts at once, and slows down only after ten deaths in a minute."""

    def __init__(self) -> None:
        self._deaths: deque[float] = deque(maxlen=100)

    def delay_after_death(self, now: float) -> float:
        """Record a death at now; return the seconds (s) to wait before the next start."""
        while self._deaths and now - self._deaths[0] > WINDOW:
            self._deaths.popleft()
        self._deaths.append(now)
        excess = len(self._deaths) - PROMPT_DEATHS
        return 0.0 if excess <= 0 else min(LONGEST_DELAY, 2.0 ** (excess - 1))
