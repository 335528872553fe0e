"""The channels of a listener: who hears each, and the commands that ask Redis for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias, TypeVar

from inception.runs.wakeup import Wakeup
from inception.runs.wire import pack

Handler: TypeAlias = Callable[[str], None]
Item = TypeVar("Item")

_CHANNELS_A_COMMAND: Final = 500


class Channel:
    """Who hears one channel, and whether Redis has confirmed it."""

    __slots__ = ("awaited", "confirmed", "handlers", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.handlers: tuple[Handler, ...] = ()
        self.confirmed = False
        self.awaited: tuple[Wakeup, ...] = ()
        """Whom to wake once it is confirmed or given up; most find it confirmed, and need none."""

    def wake(self) -> None:
        """Let those who wait look what has become of it."""
        for waiter in self.awaited:
            waiter.ring()


def without(several: Sequence[Item], one: Item) -> tuple[Item, ...]:
    """`several` without one occurrence of `one`."""
    rest = list(several)
    rest.remove(one)
    return tuple(rest)


def commands_for(waiting: Sequence[tuple[str, str]]) -> list[bytes]:
    """Commands for (verb, channel) pairs, in their order, many channels to a command."""
    return [
        pack(verb, *batch)
        for verb, pairs in groupby(waiting, key=itemgetter(0))
        for batch in _batches([name for _verb, name in pairs])
    ]


def _batches(names: list[str]) -> Iterable[list[str]]:
    size = _CHANNELS_A_COMMAND
    return (names[first : first + size] for first in range(0, len(names), size))
