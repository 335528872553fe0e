"""What a client sends that is no packet ends its own connection, without a traceback in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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
