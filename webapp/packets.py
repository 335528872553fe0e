"""What stands between Engine.IO and its websockets.

What a client sends that is no packet ends its own connection, without a traceback in the log. Each
websocket gets an outlet, compresses each message by itself so that a frame can be shared, and sends
small frames at once.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias

from flask_socketio import SocketIO
from socketio.packet import Packet

from webapp.relay.frames import without_takeover
from webapp.relay.outbox import Outbox
from webapp.relay.outlet import open_outlet

Environ: TypeAlias = dict[str, Any]

MOST_ATTACHMENTS: Final = 10
"""Binary parts of one event; none of ours has any."""

TAKEN_WITHIN: Final = 45.0
"""Seconds (s) that a connection may be silent, or take nothing of a message, before it is ended: a
ping's interval and the time for its answer. Engine.IO sets it under eventlet alone; elsewhere a
client that stops reading would keep its writer until TCP gives up, which for one that is merely
stopped is never."""

_EXTENSIONS: Final = "HTTP_SEC_WEBSOCKET_EXTENSIONS"

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
        return partial(_ask_for_shareable, application)


def _ask_for_shareable(application: Callable[..., Any], environ: Environ, start: Any) -> Any:
    """Upgrade a connection, with each message compressed by itself if at all."""
    offers = environ.get(_EXTENSIONS)
    if offers:
        environ[_EXTENSIONS] = without_takeover(offers)
    return application(environ, start)


def _read_or_end(read_all: Callable[[Any], Any], websocket: Any) -> Any:
    """Read a websocket to its end; `read_all` is a method of the Engine.IO socket it belongs to."""
    owner = read_all.__self__  # type: ignore[attr-defined]
    _open(websocket, owner)
    try:
        return read_all(websocket)
    except Exception as error:  # noqa: BLE001  whatever its parser stumbles over
        _note(error)
        owner.close(wait=False, abort=True)
        if not owner.upgraded:  # else its writer, which this ended, closes it
            websocket.close()
        return []


def _open(websocket: Any, owner: Any) -> None:
    """Let what is sent leave at once, whole, and in time."""
    inner = getattr(websocket, "ws", None)  # simple-websocket's; eventlet's websocket is its own
    connection = websocket.socket if inner is None else inner.sock
    with suppress(OSError):  # it has gone already
        # Else a frame may wait for the receipt of the one before, 40 ms where that is put off.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(TAKEN_WITHIN)
    if inner is not None:
        inner.sock = _Whole(connection)
    if isinstance(owner.queue, Outbox):
        owner.queue.connection = connection
        if inner is None:
            owner.queue.outlet = open_outlet(websocket, owner)


class _Whole:
    """A connection whose `send` takes all it is given, one after the other, or ends.

    simple-websocket doesn't look at how much was taken: of a large message gevent's takes a part.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._turn = threading.Lock()

    def send(self, data: bytes) -> int:
        """Send all of it. Raises OSError, and then nothing can be sent any more."""
        with self._turn:
            try:
                self._connection.sendall(data)
            except OSError:
                with suppress(OSError):  # else the closing frame would stand in the midst of this
                    self._connection.shutdown(socket.SHUT_RDWR)
                raise
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _note(error: Exception) -> None:
    about = {"action": "malformed_packet"}
    _log.info("A socket sent no packet: %s", type(error).__name__, extra=about)
