"""What the agent asks of each thing that can be watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

RETRY_READING = 1.0
"""Seconds (s) after which something that could not be read is asked for again."""


class Watchable(Protocol):
    """Rooms, lists, the workers' board, log tails: each keeps its own members."""

    def flush(self, now: float) -> float | None:
        """Emit what is due, without waiting; the seconds until more is, or None."""

    def read(self) -> float | None:
        """Read from the store what `flush` needs; the seconds after which to try again, or None."""

    def gap(self) -> None:
        """The listener may have missed something; called by its thread, so never waits."""

    def forget(self, sid: str) -> None:
        """A socket has gone."""


class Subscriptions(Protocol):
    """What is needed of the listener."""

    def subscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        """Return once the subscription is confirmed; raises StoreUnavailable."""

    def unsubscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        """Hear no more; never waits."""
