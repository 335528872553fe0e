"""How far a run is, rolled up from its leaves. Pure.

A parent is as far as the mean of its children, where children that are announced (its declared
`steps`) but not started yet count as nothing. It never goes back within one try: when more
children appear than were known, it stands still until they have caught up. Only success is 100.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inception.runs.model import ROOT
from inception.runs.paths import parent_path

_ALMOST: Final = 99.99
"""What everything short of success is held below."""


@dataclass(slots=True)
class _Tally:
    """One node: what it shows, and what its children add up to."""

    expected: int = 0
    children: int = 0
    total: float = 0.0
    shown: float = 0.0

    def mean(self) -> float:
        return self.total / max(self.expected, self.children, 1)


class RollUp:
    """Completions of a tree; each change costs one step for each level above it."""

    def __init__(self, expected: int = 0) -> None:
        self._tallies: dict[str, _Tally] = {ROOT: _Tally(expected=expected)}

    def add(self, path: str, expected: int = 0) -> None:
        """Make the node at `path` known, with as many announced steps as `expected`."""
        if path in self._tallies:
            return
        self._tallies[path] = _Tally(expected=expected)
        self._tallies[parent_path(path)].children += 1

    def expect(self, path: str, expected: int) -> None:
        """Announce that the parent at `path` will have `expected` children."""
        self._tallies[path].expected = expected

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
            self._tallies[parent_path(path)].total -= tally.shown
        tally.shown = 0.0

    def forget_below(self, path: str) -> None:
        """Drop what is known below `path`, which begins anew."""
        for below in [other for other in self._tallies if other.startswith(path + ".")]:
            del self._tallies[below]
        self._tallies[path].children, self._tallies[path].total = 0, 0.0

    def set(self, path: str, completion: float, *, succeeded: bool = False) -> list[str]:
        """Say how far the node at `path` is; return the paths above it that moved, upwards."""
        return list(self._raise(path, 100.0 if succeeded else min(completion, _ALMOST)))

    def _raise(self, path: str, completion: float) -> Iterator[str]:
        gain = completion - self._tallies[path].shown
        while gain > 0:
            self._tallies[path].shown += gain
            if path == ROOT:
                return
            path = parent_path(path)
            above = self._tallies[path]
            above.total += gain
            gain = min(above.mean(), _ALMOST) - above.shown
            if gain > 0:
                yield path
