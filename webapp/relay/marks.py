"""Who has something to do, and the bells that say so."""

from __future__ import annotations

import threading
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
    """A set that any thread may add to and one takes whole; each member at most once."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._guard = threading.Lock()
        self._marked: set[Marked] = set()

    def __bool__(self) -> bool:
        return bool(self._marked)

    def add(self, member: Marked) -> None:
        """Mark, and wake who takes the marks."""
        self.keep(member)
        self._ring()

    def keep(self, member: Marked) -> None:
        """Mark for the next time, whenever that is."""
        with self._guard:
            self._marked.add(member)

    def take(self) -> list[Marked]:
        """All that is marked; nothing is afterwards."""
        with self._guard:
            marked, self._marked = self._marked, set()
        return list(marked)
