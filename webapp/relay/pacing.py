"""How often something may be sent: an average rate with short bursts. Pure."""

from __future__ import annotations


class Pace:
    """A token bucket: `rate` a second on average, at most `burst` in a row, the first at once.

    Times are seconds (s) of any clock that never goes back.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._counted_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until one more may be sent; 0 if it may be now."""
        self._refill(now)
        return 0.0 if self._tokens >= 1.0 else (1.0 - self._tokens) / self._rate

    def take(self, now: float) -> bool:
        """True if one more may be sent now; it is counted then."""
        self._refill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def spend(self, now: float) -> None:
        """Count one that is sent now."""
        self._refill(now)
        self._tokens -= 1.0

    def _refill(self, now: float) -> None:
        passed = max(0.0, now - self._counted_at)
        # The margin keeps a caller that slept exactly `wait` from sleeping once more for 1e-17 s.
        self._tokens = min(self._burst, self._tokens + passed * self._rate + 1e-9)
        self._counted_at = now
