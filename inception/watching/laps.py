"""How far a parent's own loop is, whose turns start children. Pure.

In `for item in track(items): watch(child.s(item))` the parent says at each turn how many items
are done, and the children of the present turn say how far that one is. So every turn is worth the
same, however many children it starts; and one that is over, but whose children go on, is worth
what they have done.

Children are told apart by the number of their step, which is the same in every replay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class _Turn:
    """One turn, or several between two words of the parent, and the children started in it."""

    first: int
    turns: int = 1
    children: int = 0
    total: float = 0.0

    def worth(self) -> float:
        """How many turns its children have done."""
        return self.turns * self.total / (100 * self.children) if self.children else 0.0


class Laps:
    """One loop over `of` items, begun before step `first` with these `children` known from there.

    They are known when a parent runs again over its journal; `total` is how far they are together.
    """

    def __init__(self, of: int, first: int, children: int = 0, total: float = 0.0) -> None:
        self.of = of
        self.done = 0
        self._without = 0.0
        """Turns that are over and started nothing."""
        self._worth = 0.0
        """What those in `_past`, which did, are worth together."""
        self._past: list[_Turn] = []
        self._now = _Turn(first=first, children=children, total=total)

    def advance(self, done: int, first: int, shown: Callable[[int], float | None]) -> None:
        """So many items are done, and the next step is number `first`.

        `shown` tells how far the child of a step is, None if there is none; it is asked once for
        each step of the loop.
        """
        turns = done - self.done
        if turns <= 0:
            return
        own = [far for step in range(self._now.first, first) if (far := shown(step)) is not None]
        over = _Turn(first=self._now.first, turns=turns, children=len(own), total=sum(own))
        self.done = done
        self._now = _Turn(
            first=first,
            children=max(0, self._now.children - over.children),
            total=max(0.0, self._now.total - over.total),
        )
        if own:
            self._past.append(over)
            self._worth += over.worth()
        else:
            self._without += turns

    def start(self, step: int) -> None:
        """There is a child of this step now."""
        if step >= self._now.first:
            self._now.children += 1

    def gain(self, step: int, gain: float) -> None:
        """The child of this step went so much further; one from before this loop doesn't matter."""
        if step >= self._now.first:
            self._now.total += gain
            return
        index = bisect_right(self._past, step, key=lambda turn: turn.first) - 1
        if index >= 0:
            turn = self._past[index]
            self._worth -= turn.worth()
            turn.total += gain
            self._worth += turn.worth()

    def completion(self) -> float:
        """How far the loop is, 0 to 100."""
        done = self._without + self._worth + self._now.worth()
        return min(100.0, max(0.0, 100 * done / self.of))
