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
        self._marked: set[Marked] = set()

    def __bool__(self) -> bool:
        return bool(self._marked)

    def add(self, member: Marked) -> None:
        """Mark, and wake who takes the marks."""
        self._marked.add(member)
        self._ring()

    def keep(self, member: Marked) -> None:
        """Mark for the next time, whenever that is."""
        self._marked.add(member)

    def take(self) -> list[Marked]:
        """All that is marked, by the one who takes; what is marked meanwhile may wait."""
        return [self._marked.pop() for _ in range(len(self._marked))]
