"""Latency by stamps: each update carries the moment it was said (CLOCK_MONOTONIC, in ns).

All processes of a machine share that clock. An update's latency lasts until somebody sees it, or a
newer one: what was skipped has been late until then too. Pure, save the clock and `publish`.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from bench.figures import Samples

_SETTLE = 0.5
"""Seconds (s) at the start of a series that don't count: connections are made then."""


def now() -> int:
    """The present moment."""
    return time.monotonic_ns()


@dataclass(slots=True)
class Sightings:
    """Which stamps were seen, each at its moment; in the order in which they were seen."""

    stamps: list[int] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)

    def see(self, text: str) -> None:
        """Something shows the stamp `text`; what is no stamp, or not newer, is passed over."""
        moment = now()
        if text.isdigit() and (not self.stamps or int(text) > self.stamps[-1]):
            self.stamps.append(int(text))
            self.moments.append(moment)

    def latencies(self, said: Sequence[int]) -> Samples:
        """Milliseconds (ms) until each of the stamps that were said was seen, or a newer one."""
        samples = Samples()
        begin = said[0] + int(_SETTLE * 1e9) if said else 0
        for stamp in said:
            at = bisect_left(self.stamps, stamp)
            if stamp >= begin and at < len(self.stamps):
                samples.add((self.moments[at] - stamp) / 1e6)
        return samples


@dataclass(slots=True)
class Sayer:
    """What an updating task says, kept for whoever compares it with what was seen."""

    key: str
    said: list[int] = field(default_factory=list)

    def stamp(self) -> str:
        """A new stamp."""
        self.said.append(now())
        return str(self.said[-1])

    def keep(self) -> None:
        """Leave what was said in Redis under the key."""
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.rpush(self.key, *self.said)


def said_under(client: Any, key: str) -> list[int]:
    """The stamps that a task left under `key`."""
    return [int(stamp) for stamp in client.lrange(key, 0, -1)]
