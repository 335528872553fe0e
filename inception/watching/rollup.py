"""How far a run is, rolled up from its leaves. Pure.

A parent is as far as the mean of its children, where children that are announced (its declared
`steps`, or the list it gave to `watch_all`) but not started yet count as nothing; or, once it says
itself how many turns of how many it has done, as far as these are (see `laps`). It never goes back
within one try: when more children appear than were known, it stands still until they have caught
up. Only success is 100.

After a take-over a parent shows what is recorded, and a child moves it only once it has asked for
that step again: only then is it known how it counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inception.runs.model import ROOT
from inception.runs.paths import child_path, parent_path
from inception.watching.laps import Laps

_ALMOST: Final = 99.99
"""What everything short of success is held below."""


@dataclass(slots=True)
class _Tally:
    """One node: what it shows, and what its children add up to."""

    expected: int = 0
    children: int = 0
    total: float = 0.0
    shown: float = 0.0
    laps: Laps | None = None
    asked: float = math.inf
    """How many steps a parent that runs again over its journal has asked for; else no matter."""

    def mean(self) -> float:
        if self.laps is not None:
            return self.laps.completion()
        return self.total / max(self.expected, self.children, 1)

    def take(self, step: int, gain: float) -> None:
        self.total += gain
        if self.laps is not None:
            self.laps.gain(step, gain)


class RollUp:
    """Completions of a tree; each change costs one step for each level above it."""

    def __init__(self, expected: int = 0) -> None:
        self._tallies: dict[str, _Tally] = {ROOT: _Tally(expected=expected)}

    def add(self, path: str, expected: int = 0) -> None:
        """Make the node at `path` known, with as many announced steps as `expected`."""
        if path in self._tallies:
            return
        self._tallies[path] = _Tally(expected=expected)
        above = self._tallies[parent_path(path)]
        above.children += 1
        if above.laps is not None:
            above.laps.start(_step(path))

    def restore(self, path: str, completion: float) -> None:
        """Take up what is recorded of the node at `path`; those above it are recorded too."""
        self._tallies[path].shown = completion
        if path != ROOT:
            above = self._tallies[parent_path(path)]
            above.total += completion
            above.asked = 0

    def expect(self, path: str, steps: int) -> None:
        """The parent at `path` will have asked for so many steps, at least."""
        tally = self._tallies[path]
        tally.expected = max(tally.expected, steps)

    def asked(self, path: str, steps: int) -> None:
        """The parent at `path` has asked for so many steps by now."""
        tally = self._tallies[path]
        tally.asked = steps if steps < tally.children else math.inf

    def report(self, path: str, *, done: int, of: int, steps: int) -> None:
        """The parent at `path` has done so many turns `of` so many, and asked for `steps` steps."""
        tally = self._tallies[path]
        if tally.laps is None or of != tally.laps.of or done < tally.laps.done:
            known = [self._shown(path, step) or 0.0 for step in range(steps, tally.children)]
            tally.laps = Laps(of, steps, len(known), sum(known))
        tally.laps.advance(done, steps, lambda step: self._shown(path, step))

    def estimate(self, path: str) -> float:
        """How far the parent at `path` is by its children and its own words."""
        tally = self._tallies[path]
        return tally.shown if tally.asked < tally.children else tally.mean()

    def completion(self, path: str) -> float:
        """What the node at `path` shows: 0 to 100."""
        return round(self._tallies[path].shown, 2)

    def has_children(self, path: str) -> bool:
        """True if the node at `path` has started a child."""
        return self._tallies[path].children > 0

    def restart(self, path: str) -> None:
        """Begin the node at `path` anew, for another attempt; those above stand still."""
        tally = self._tallies[path]
        if path != ROOT:
            self._tallies[parent_path(path)].take(_step(path), -tally.shown)
        tally.shown = 0.0

    def forget_below(self, path: str) -> None:
        """Drop what is known below `path`, which begins anew."""
        for below in [other for other in self._tallies if other.startswith(path + ".")]:
            del self._tallies[below]
        tally = self._tallies[path]
        tally.children, tally.total, tally.laps, tally.asked = 0, 0.0, None, math.inf

    def set(self, path: str, completion: float, *, succeeded: bool = False) -> list[str]:
        """Say how far the node at `path` is; return the paths above it that moved, upwards."""
        return list(self._raise(path, 100.0 if succeeded else min(completion, _ALMOST)))

    def _raise(self, path: str, completion: float) -> Iterator[str]:
        gain = completion - self._tallies[path].shown
        while gain > 0:
            self._tallies[path].shown += gain
            if path == ROOT:
                return
            step, path = _step(path), parent_path(path)
            above = self._tallies[path]
            above.take(step, gain)
            gain = min(above.mean(), _ALMOST) - above.shown if step < above.asked else 0.0
            if gain > 0:
                yield path

    def _shown(self, path: str, step: int) -> float | None:
        tally = self._tallies.get(child_path(path, step))
        return None if tally is None else tally.shown


def _step(path: str) -> int:
    return int(path.rpartition(".")[2])
