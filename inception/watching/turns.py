"""A lock for each run that needs one just now, and for no other.

Ten thousand runs wait and a few are written: a lock of its own for each of them would be there
for nothing, and among green threads weighs a kilobyte.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    """Who holds it, and who waits for it."""


class Turns:
    """Lets one at a time do something about a run; others about other runs meanwhile."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, run_id: str) -> Iterator[None]:
        """Wait for one's turn with this run, and have it within."""
        with self._lock:
            turn = self._turns.setdefault(run_id, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._turns[run_id]
