"""What a client sends that is no packet ends its own connection, without a traceback in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from flask_socketio import SocketIO
from socketio.packet import Packet

MOST_ATTACHMENTS: Final = 10
"""Binary parts of one event; none of ours has any."""

_log = logging.getLogger(__name__)


class BoundedPacket(Packet):  # type: ignore[misc]  # the library has no types
    """A packet that announces few attachments: all that follows is kept until they have come."""

    def decode(self, encoded_packet: Any) -> int:
        """Read a packet; return how many attachments follow. Raises ValueError for too many."""
        count: int = super().decode(encoded_packet)
        if count > MOST_ATTACHMENTS:
            raise ValueError("too many attachments")
        return count


def end_senders_of_malformed(sockets: SocketIO) -> None:
    """Disconnect who sends a packet that Socket.IO or Engine.IO can't read, or not at that place.

    Engine.IO logs what the reading of a message raises and goes on, so its sender would wait for an
    acknowledgement that never comes. What its own packets raise it lets pass up to the HTTP server:
    that would log each as a fault of ours, or, under threads, keep the connection open. Events
    raise nothing: what is wrong with those is answered.
    """
    engine = sockets.server.eio
    read = engine.handlers["message"]

    def read_or_end(sid: str, data: object) -> None:
        try:
            read(sid, data)
        except Exception as error:  # noqa: BLE001  whatever its parser stumbles over
            _note(error)
            if (sender := engine.sockets.get(sid)) is not None:
                sender.close(wait=False)  # its reader, which this is, must not wait for its writer

    engine.on("message", read_or_end)
    # A table of what the async mode is made of, shared by all servers; there is no public way in.
    websocket = engine._async["websocket"]  # noqa: SLF001
    ending = _Ending(websocket, largest=engine.max_http_buffer_size)
    engine._async = {**engine._async, "websocket": ending}  # noqa: SLF001


class _Ending:
    """Makes websockets of Engine.IO whose connection ends when their reader stumbles.

    `largest` (bytes) bounds a message where simple-websocket reads it, which would else keep the
    frames of one without end; for eventlet `wsgi.py` does the same.
    """

    def __init__(self, websocket: Callable[..., Any], *, largest: int) -> None:
        self._websocket = websocket
        self._largest = largest

    def __call__(self, read_all: Callable[[Any], Any], *server: Any) -> Any:
        """A WSGI application, as Engine.IO has it from its async mode."""
        application = self._websocket(partial(_read_or_end, read_all), *server)
        if hasattr(application, "server_args"):
            application.server_args["max_message_size"] = self._largest
        return application


def _read_or_end(read_all: Callable[[Any], Any], websocket: Any) -> Any:
    """Read a websocket to its end; `read_all` is a method of the Engine.IO socket it belongs to."""
    try:
        return read_all(websocket)
    except Exception as error:  # noqa: BLE001  whatever its parser stumbles over
        _note(error)
        owner = read_all.__self__  # type: ignore[attr-defined]
        owner.close(wait=False, abort=True)
        if not owner.upgraded:  # else its writer, which this ended, closes it
            websocket.close()
        return []


def _note(error: Exception) -> None:
    about = {"action": "malformed_packet"}
    _log.info("A socket sent no packet: %s", type(error).__name__, extra=about)
