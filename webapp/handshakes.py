"""Handshakes of websockets are looked at before those who read them stumble over one.

Engine.IO tells by the address that a websocket is wanted and its server by the headers; what only
one of both takes for one, or has options that the protocol doesn't, ends in an error of theirs.
eventlet speaks the drafts before RFC 6455 as well, in which nothing bounds a message, and Engine.IO
answers with scripts (JSONP) whoever asks for that: browsers let any page load one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from inception.runs.errors import BadRequest
from webapp.connections import is_for_sockets, transport_of
from webapp.errors import error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_VERSIONS: Final = ("8", "13")
"""That eventlet takes; they differ in the name of the Origin, which a browser sends in either."""
_EXTENSIONS: Final = "HTTP_SEC_WEBSOCKET_EXTENSIONS"
_WINDOW: Final = "_max_window_bits"


class SoundHandshakes:
    """WSGI middleware before the sockets."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, or answer it with 400."""
        trouble = find_trouble(environ)
        if trouble is not None:
            return _refuse(BadRequest(trouble), start_response)
        if (offers := environ.get(_EXTENSIONS)) is not None:
            environ[_EXTENSIONS] = sound_offers(offers)
        return self._app(environ, start_response)


def find_trouble(environ: Mapping[str, Any]) -> str | None:
    """What is wrong with a handshake; None for a sound one, and for any other request."""
    if not is_for_sockets(environ):
        return None
    if "j" in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        return "There is no JSONP here, which pages of any other site can read."
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    upgrades = "upgrade" in map(str.strip, connection)
    upgrades = upgrades and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
    wanted = transport_of(environ) == "websocket" or upgrades
    if not wanted:
        return None
    if not upgrades:
        return "A websocket takes the headers `Connection: Upgrade` and `Upgrade: websocket`."
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") not in _VERSIONS:
        return "A websocket takes the header `Sec-WebSocket-Version: 13`."
    if not environ.get("HTTP_SEC_WEBSOCKET_KEY"):
        return "A websocket takes the header `Sec-WebSocket-Key`."
    return None


def sound_offers(offers: str) -> str:
    """A `Sec-WebSocket-Extensions` without the offers whose windows have no number for a size."""
    return ",".join(offer for offer in offers.split(",") if _is_sound(offer))


def _is_sound(offer: str) -> bool:
    _name, *options = offer.split(";")
    for option in options:
        name, given, value = (part.strip() for part in option.partition("="))
        size = value.strip('"')
        if name.lower().endswith(_WINDOW) and given and not (size.isascii() and size.isdigit()):
            return False
    return True


def _refuse(error: BadRequest, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(error_body(error)).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("400 Bad Request", headers)
    return [body]
