"""Who is dead: decided by standing counters and one clock, this process's own. Pure.

A process is dead for us when its counter has stood still for one time-to-live of our monotonic
clock, during which every beat of our own succeeded. No clock is compared with another, and an
outage or pause of Redis makes nobody dead: after a failed beat all clocks start anew, and so
they do after a late one. Late is what Redis answers once it goes on, or what we ask after we
stood still ourselves, perhaps along with everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inception.runs.records import BeatRecord

_LATE: Final = 0.5
"""The part of a time-to-live between two answers from which on the later one tells nothing."""


@dataclass(slots=True)
class _Seen:
    counter: int
    since: float


class Liveness:
    """Watches the counters of all processes; times in seconds (s)."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._seen: dict[str, _Seen] = {}
        self._answered_at: float | None = None

    def failed(self) -> None:
        """A beat of our own failed: nothing is known of anybody since."""
        self._seen.clear()

    def hear(self, beats: Mapping[str, BeatRecord], now: float) -> None:
        """Note the counters as of `now` on the monotonic clock."""
        if self._answered_at is not None and now - self._answered_at > _LATE * self._ttl:
            self.failed()
        self._answered_at = now
        for gone in self._seen.keys() - beats.keys():
            del self._seen[gone]
        for process, beat in beats.items():
            seen = self._seen.get(process)
            if seen is None or seen.counter != beat.counter:
                self._seen[process] = _Seen(beat.counter, now)

    def dead(self, now: float) -> set[str]:
        """The processes that have stood still for a time-to-live."""
        return {name for name, seen in self._seen.items() if now - seen.since >= self._ttl}
