"""The connections of a pool that nobody uses: last in, first out, and a line of those who wait.

As much of `queue.LifoQueue` as redis-py's pool calls for. That one asks two conditions for each
command, which costs more than the rest of getting a connection.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from queue import Empty, Full
from typing import Generic, TypeVar

from inception.runs.wakeup import Wakeup

Item = TypeVar("Item")


class _Waiter(Generic[Item]):
    """One who waits, and what he was handed: nothing as long as the list is empty."""

    __slots__ = ("handed", "wakeup")

    def __init__(self) -> None:
        self.handed: list[Item] = []
        self.wakeup = Wakeup()


class Stack(Generic[Item]):
    """At most `most` items. Who finds none is handed the next, in order of arrival."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: list[Item] = []
        self._waiting: deque[_Waiter[Item]] = deque()
        """Where somebody waits, there is no item."""
        self._lock = threading.Lock()

    def get(self, block: bool = True, timeout: float | None = None) -> Item:
        """Take the last item, waited for up to `timeout` seconds (s) if there is none.

        Raises queue.Empty if there is none by then, or at once unless `block`.
        """
        with self._lock:
            if self._items:
                return self._items.pop()
            if not block:
                raise Empty
            waiter = _Waiter[Item]()
            self._waiting.append(waiter)
        return self._wait(waiter, timeout)

    def _wait(self, waiter: _Waiter[Item], timeout: float | None) -> Item:
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not waiter.handed:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                waiter.wakeup.wait(left)
        except BaseException:
            self._leave(waiter)
            raise
        with self._lock:
            if waiter.handed:
                return waiter.handed.pop()
            self._waiting.remove(waiter)
        raise Empty

    def _leave(self, waiter: _Waiter[Item]) -> None:
        """Give up waiting; what was handed over by then goes to the next."""
        with self._lock:
            if not waiter.handed:
                self._waiting.remove(waiter)
                return
            item = waiter.handed.pop()
        self.put_nowait(item)

    def put_nowait(self, item: Item) -> None:
        """Hand the item to who waits longest, or keep it. Raises queue.Full if there are `most`."""
        with self._lock:
            if not self._waiting:
                if len(self._items) >= self._most:
                    raise Full
                self._items.append(item)
                return
            waiter = self._waiting.popleft()
            waiter.handed.append(item)
        waiter.wakeup.ring()
