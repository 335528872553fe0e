"""What a parent waits by: the ends of the children that it watches, as they are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inception.runs.wakeup import Wakeup
    from inception.watching.live import LiveRun
    from inception.watching.live_node import LiveNode


class Dropped(BaseException):
    """Ends a parent's thread when the run isn't held here any more; nothing is recorded."""


class Arrivals:
    """Nodes in the order in which their ends are recorded.

    `wake` is what the parent sleeps by; `check` raises if it must not go on.
    """

    def __init__(self, live: LiveRun, wake: Wakeup, check: Callable[[], None]) -> None:
        self._live = live
        self._wake = wake
        self._check = check
        self._arrived: list[LiveNode] = []
        self._taken = 0
        self.open = 0

    def expect(self, nodes: Iterable[LiveNode]) -> None:
        """Count these among those to come."""
        with self._live.lock:
            for node in nodes:
                self.open += 1
                if node.recorded:
                    self._arrived.append(node)
                else:
                    node.waiters.append(self._arrive)

    def next(self, *, checked: bool = True) -> LiveNode:
        """Wait for the next one; raises what `check` does, unless not `checked`."""
        while True:
            if checked:
                self._check()
            elif self._live.dropped:
                raise Dropped
            if self._taken < len(self._arrived):
                self.open -= 1
                self._taken += 1
                return self._arrived[self._taken - 1]
            self._wake.wait()

    def _arrive(self, node: LiveNode) -> None:
        self._arrived.append(node)
        self._wake.ring()
