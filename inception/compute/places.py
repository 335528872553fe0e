"""Where a compute process says what it works on: a slot of its pool, or its own memory."""

from __future__ import annotations

import threading
from typing import ClassVar

from inception.compute.slots import MAX_SLOTS, Held, Order, Slots


class PoolSlot:
    """The slot of one process of the prefork pool, whose number in the pool is `index`."""

    can_stop: ClassVar[bool] = True

    def __init__(self, slots: Slots, index: int) -> None:
        if index >= MAX_SLOTS:
            raise ValueError(f"Pool process {index}: at most {MAX_SLOTS} can be followed.")
        self._slots = slots
        self._index = index

    def begin(self, held: Held) -> None:
        """Say that this process works on `held` from now on."""
        self._slots.begin(self._index, held)

    def ask(self, held: Held) -> None:
        """Say that it asks for the claim again: no earlier order is for this delivery."""
        self._slots.begin(self._index, held)

    def end(self, held: Held) -> None:  # noqa: ARG002 -- a slot holds one at a time
        """Say that it works on nothing; an order for `held` is too late from now on."""
        self._slots.end(self._index)

    def order(self) -> Order | None:
        """The last order given to this process."""
        return self._slots.order(self._index)


class OwnMemory:
    """Work of a pool without processes (threads, solo, eventlet), which nothing can stop."""

    can_stop: ClassVar[bool] = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working: list[Held] = []

    def begin(self, held: Held) -> None:
        """Say that a thread of this process works on `held` from now on."""
        with self._lock:
            self._working.append(held)

    def ask(self, held: Held) -> None:
        """Nobody can order anything here."""

    def end(self, held: Held) -> None:
        """Say that it works on it no more."""
        with self._lock:
            self._working.remove(held)

    def working(self) -> list[Held]:
        """What this process works on."""
        with self._lock:
            return list(self._working)
