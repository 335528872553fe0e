"""Ends the sessions whose clients answer no ping, by one look at all of them every few seconds.

Engine.IO has a task of its own for that, which looks at one session at a time and sleeps between:
with a thousand clients it wakes the process fifty times a second, and finds who has gone up to
20 s later than it might.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from engineio.exceptions import SocketIsClosedError
from flask_socketio import SocketIO

from webapp.auth.rounds import Rounds

LOOK_EVERY: Final = 5.0
"""Seconds (s) between two looks."""
CHUNK: Final = 500
"""Sessions that are looked at before others get their turn."""

_log = logging.getLogger(__name__)


def feel_pulses(sockets: SocketIO) -> Rounds:
    """Look at the sessions of this server from its first client on, until that is stopped."""
    engine = sockets.server.eio
    rounds = Rounds("sockets-pulses", lambda: _look(engine), LOOK_EVERY)
    connected = engine.handlers["connect"]

    def connect(*arguments: Any) -> Any:
        rounds.start()
        return connected(*arguments)

    engine.on("connect", connect)
    return rounds


def _look(engine: Any) -> None:  # Engine.IO has no types
    for number, (sid, session) in enumerate(list(engine.sockets.items()), start=1):
        try:
            if session.closed:
                engine.sockets.pop(sid, None)
            elif not session.closing:
                session.check_ping_timeout()
        except SocketIsClosedError:
            pass  # it has gone by itself
        except Exception:  # noqa: BLE001  a handler's fault must not keep the others from being seen
            _log.exception("a session could not be ended", extra={"action": "look_failed"})
        if number % CHUNK == 0:
            time.sleep(0)
