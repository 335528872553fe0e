"""Counts the round trips that Redis is asked for, by MONITOR on a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.application import RedisClient

_SETTLE = 0.3
"""Seconds (s) for the last commands to show."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A command as MONITOR shows it, and the connection it came by."""

    command: str
    connection: str

    @property
    def verb(self) -> str:
        """The command's own name."""
        return self.command.split(" ", 1)[0].upper()


@contextmanager
def monitored(client: RedisClient) -> Iterator[list[Seen]]:
    """Fill a list with the commands that clients send meanwhile, scripts' own left out."""
    seen: list[Seen] = []
    stopping, ready = threading.Event(), threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            ready.set()
            for said in monitor.listen():
                if stopping.is_set():
                    return
                if said["client_type"] != "lua":
                    address = f"{said['client_address']}:{said['client_port']}"
                    seen.append(Seen(said["command"], address))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield seen
    finally:
        time.sleep(_SETTLE)
        stopping.set()
        client.ping()
        thread.join()


def round_trips(seen: Iterable[Seen]) -> int:
    """Round trips: a transaction counts once, since it is sent at once; waiting pops don't."""
    within: set[str] = set()
    count = 0
    for each in seen:
        if each.verb == "MULTI":
            within.add(each.connection)
        elif each.verb == "EXEC":
            within.discard(each.connection)
            count += 1
        elif each.connection not in within and each.verb != "BRPOP":
            count += 1
    return count
