"""Start, watch and stop runs from another program.

    from inception_client import connect

    with connect("http://127.0.0.1:8000") as client:
        run = client.start("tasks.examples.counting.count_twice", limit=3)
        for event in run:
            print(event.path, event.state, event.meta["message"])
        print(run.value)

It needs python-socketio and requests, and nothing of the server. A lost connection is made again,
and what was said meanwhile is read: an iteration has no hole and no change twice. For asyncio the
same is in `inception_client.aio`, which needs aiohttp besides.
"""

from __future__ import annotations

from inception_client.client import Client, connect
from inception_client.errors import (
    ClientError,
    NotEnded,
    Refused,
    RunFailed,
    RunGone,
    Unreachable,
    WrongServer,
)
from inception_client.run import Run
from inception_client.view import Event

__all__ = [
    "Client",
    "ClientError",
    "Event",
    "NotEnded",
    "Refused",
    "Run",
    "RunFailed",
    "RunGone",
    "Unreachable",
    "WrongServer",
    "connect",
]
