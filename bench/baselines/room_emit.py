"""A bare python-socketio server that emits one payload to a room at a rate.

`python -m bench.baselines.room_emit PORT RATE`; the payload comes as a line on standard input, and
its first stamp is renewed each time. Clients join by the event `watch`.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import eventlet.wsgi  # noqa: E402
import socketio  # noqa: E402

server = socketio.Server(async_mode="eventlet")


@server.on("watch")
def watch(sid: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Let the client into the room that it names."""
    server.enter_room(sid, asked["run_id"])
    return {}


def emit(payload: str, rate: float) -> None:
    """Emit to the room for ever."""
    begun, number = time.monotonic(), 0
    while True:
        text = re.sub(r'"message": ?"\d+"', f'"message":"{time.monotonic_ns()}"', payload, count=1)
        server.emit("events", json.loads(text), room="room")
        number += 1
        server.sleep(max(0.0, begun + number / rate - time.monotonic()))


def main(port: int, rate: float) -> None:
    """Serve for ever."""
    server.start_background_task(emit, sys.stdin.readline(), rate)
    eventlet.wsgi.server(
        eventlet.listen(("127.0.0.1", port)),
        socketio.WSGIApp(server),
        max_size=10_000,
        log_output=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
