"""Counts tries (to sign in) in Redis, and remembers from where one succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from inception.runs.scripts import Scripts, refusals_as_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Counts at its key up to `most` tries within `window` seconds (s) from the first one on."""

    key: str
    most: int
    window: int


class Tries(Scripts):
    """What is known is a sorted set of places, the one where it succeeded longest ago first."""

    def count_try(
        self,
        known: str,
        place: str,
        *,
        known_for: int,
        of_known: Sequence[Counter],
        of_others: Sequence[Counter],
    ) -> int | None:
        """Count one try, by the counters for a place that is known or else by the others.

        Stops at the first counter that is full, so a try that is refused fills none after it.
        `known_for` in seconds (s). Returns for how many seconds (s) that one stays full, None if
        there is none. Raises StoreUnavailable.
        """
        counters = (*of_known, *of_others)
        words: list[str | int] = [place, known_for * 1000, len(of_known)]
        for counter in counters:
            words += (counter.most, counter.window)
        answer = self._run("count_try", [known, *(counter.key for counter in counters)], words)
        return int(answer[1]) if answer[0] == "full" else None

    def remember_place(
        self, known: str, place: str, *, known_for: int, most: int, forget: str
    ) -> None:
        """Note that one succeeded there, among `most` places, and empty a counter.

        Two round trips. Raises StoreUnavailable.
        """
        with refusals_as_errors():
            seconds, microseconds = cast("tuple[int, int]", self._client.time())
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.zadd(known, {place: seconds * 1000 + microseconds / 1000})
            pipe.zremrangebyrank(known, 0, -most - 1)
            pipe.expire(known, known_for)
            pipe.delete(forget)
            pipe.execute()
