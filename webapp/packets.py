"""What a client sends that is no packet ends its own connection, without a traceback in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from flask_socketio import SocketIO
from socketio.packet import Packet

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_ATTACHMENTS: Final = 10
"""Binary parts of one event; none of ours has any."""

_log = logging.getLogger(__name__)


class MalformedPackets:
    """WSGI middleware around websockets.

    Engine.IO lets what it can't read pass up to the HTTP server, which would log each as a fault of
    ours; as a lost connection it is what it is.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the request; a websocket that breaks off is closed."""
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            return self._app(environ, start_response)
        try:
            return self._app(environ, start_response)
        except ConnectionError:
            raise
        except Exception as error:  # whatever its parser stumbles over, the stranger sent it
            about = {"action": "malformed_packet"}
            _log.info("A websocket sent no packet: %s", type(error).__name__, extra=about)
            raise ConnectionAbortedError("The websocket sent what is no packet.") from error


class BoundedPacket(Packet):  # type: ignore[misc]  # the library has no types
    """A packet that announces few attachments: all that follows is kept until they have come."""

    def decode(self, encoded_packet: Any) -> int:
        """Read a packet; return how many attachments follow. Raises ValueError for too many."""
        count: int = super().decode(encoded_packet)
        if count > MOST_ATTACHMENTS:
            raise ValueError("too many attachments")
        return count


def end_senders_of_malformed(sockets: SocketIO) -> None:
    """Disconnect who sends a packet that Socket.IO can't read, or not at that place.

    Engine.IO logs what the reading of a message raises and goes on, so its sender would wait for an
    acknowledgement that never comes. Events raise nothing: what is wrong with those is answered.
    """
    engine = sockets.server.eio
    read = engine.handlers["message"]

    def read_or_end(sid: str, data: object) -> None:
        try:
            read(sid, data)
        except Exception as error:  # noqa: BLE001  whatever its parser stumbles over
            about = {"action": "malformed_packet"}
            _log.info("A socket sent no packet: %s", type(error).__name__, extra=about)
            if (sender := engine.sockets.get(sid)) is not None:
                sender.close(wait=False)  # its reader, which this is, must not wait for its writer

    engine.on("message", read_or_end)
