"""What a connection tells those who follow a run, and the bounded box in which it waits. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, TypeAlias

from inception_client.errors import ClientError
from inception_client.records import BatchRecord, SnapshotRecord, WatchAnswer

MOST_EVENTS: Final = 2_000
"""Changes that may wait for whoever iterates. Beyond, what comes is dropped and asked for again."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands; the server remembers nothing of the one before."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, and is being made anew."""

    why: str


@dataclass(frozen=True, slots=True)
class Broken:
    """No connection will be made any more."""

    error: ClientError


@dataclass(frozen=True, slots=True)
class Answered:
    """The acknowledgement of a `watch`, by the number of the question."""

    question: int
    answer: WatchAnswer


@dataclass(frozen=True, slots=True)
class Came:
    """The server sent a batch."""

    batch: BatchRecord


@dataclass(frozen=True, slots=True)
class Replaced:
    """The server sent a snapshot instead of all before."""

    snapshot: SnapshotRecord


@dataclass(frozen=True, slots=True)
class Gone:
    """The run was deleted."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The box was full: something is missing."""


Message: TypeAlias = Connected | Lost | Broken | Answered | Came | Replaced | Gone | Dropped


class Mailbox:
    """Keeps messages in order, of at most `most` changes in all. Not safe for threads."""

    def __init__(self, most: int = MOST_EVENTS) -> None:
        self._most = most
        self._messages: deque[Message] = deque()
        self._weight = 0
        self._full = False

    def put(self, message: Message) -> None:
        """Keep a message. What tells of the connection takes the place of all before it."""
        if isinstance(message, (Connected, Lost, Broken)):
            self._clear()
        elif self._full:
            return
        if self._weight >= self._most:
            self._full, message = True, Dropped()
        self._weight += weight_of(message)
        self._messages.append(message)

    def take(self) -> Message | None:
        """The oldest message; None if there is none."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        self._weight -= weight_of(message)
        if isinstance(message, Dropped):
            self._full = False
        return message

    def _clear(self) -> None:
        self._messages.clear()
        self._weight, self._full = 0, False


def weight_of(message: Message) -> int:
    """How many changes a message carries; at least one."""
    if isinstance(message, Came):
        return 1 + len(message.batch["events"])
    if isinstance(message, Replaced):
        return 1 + len(message.snapshot["nodes"])
    return 1
