"""Who has something to do, and the bells that say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Marked = TypeVar("Marked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bells:
    """Wake the flusher and the reader; ringing never waits."""

    flush: Callable[[], None]
    read: Callable[[], None]


class Marks(Generic[Marked]):
    """A set that any thread may add to and one takes whole; each member at most once.

    One set from beginning to end, of which each step is atomic in itself: so there is no lock to
    be taken on the way of each update.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self.marked: set[Marked] = set()
        """Whoever is marked: to look at, and not to change."""
        self.keep: Callable[[Marked], None] = self.marked.add
        """Mark for the next time, whenever that is."""

    def add(self, member: Marked) -> None:
        """Mark, and wake who takes the marks."""
        self.marked.add(member)
        self._ring()

    def take(self) -> list[Marked]:
        """All that is marked, by the one who takes; what is marked meanwhile may wait."""
        return [self.marked.pop() for _ in range(len(self.marked))]


class Turn:
    """Held by one at a time; nobody waits for it.

    Who finds it taken is rung for once it is given back. A lock would do; under eventlet one is
    taken and released by some forty lines of Python, at each update.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._free: list[None] = [None]
        """Empty while it is held. A list's `pop` and `append` are each atomic in themselves."""
        self._asked = False

    def take(self) -> bool:
        """True if it is the caller's now, who has to give it back."""
        return self._taken() or self._taken_after_asking()

    def give_back(self) -> None:
        """Let others have it."""
        self._free.append(None)
        if self._asked:
            self._asked = False
            self._ring()

    def _taken(self) -> bool:
        try:
            self._free.pop()
        except IndexError:
            return False
        return True

    def _taken_after_asking(self) -> bool:
        """Ask to be rung for, then look again: it may have been given back before we asked."""
        self._asked = True
        return self._taken()
