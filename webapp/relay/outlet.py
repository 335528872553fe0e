"""A websocket's way out: a frame goes to the kernel at once if it can, without any hand-over.

Engine.IO gives each client a writer, a greenlet that is woken for each packet. For a client that
keeps up that is all its delivery costs: two switches, a time-out set and dropped, a frame built.
So while the writer sleeps with nothing left to write, a frame is given to the socket right where
it is emitted. What the kernel doesn't take is left to the writer, as is everything after it.

Only under eventlet: between looking and sending no other greenlet can run there, and its websocket
has the socket in the open. Elsewhere a packet goes through the queue.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

from engineio.packet import MESSAGE

from webapp.relay.frames import WINDOW_BITS


class EngineSocket(Protocol):
    """What of an Engine.IO socket matters here."""

    upgraded: bool


class Framed:
    """Stands in the queue for bytes of frames; given to a websocket's `send`, they go as they are.

    `encode` gives itself, as that is what the writer hands on.
    """

    packet_type: Final = MESSAGE

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = data
        self.size = len(data)
        """In bytes, also once they are gone."""

    def encode(self, *_args: object, **_options: object) -> Framed:
        """Itself."""
        return self


class Outlet:
    """Sends what the writer and the websocket itself send, and frames that need no writer.

    `deflated` says that its frames may be compressed, each by itself.
    """

    def __init__(self, websocket: Any, owner: EngineSocket, connection: socket.socket) -> None:
        """`connection` is the websocket's own, which doesn't block."""
        self._owner = owner
        self._connection = connection
        self._send_bytes = websocket.socket.sendall
        self._send_message = websocket.send
        self._turn = threading.Lock()
        self._busy = False
        self._rest: Framed | None = None
        self.deflated = _compresses_each_by_itself(websocket.extensions)

    @property
    def is_open(self) -> bool:
        """True once everything goes by the websocket, which a client may begin without."""
        return self._owner.upgraded

    @property
    def is_free(self) -> bool:
        """True if a frame can be begun now."""
        return not self._busy and self._rest is None

    def take(self, frame: bytes) -> Framed | None:
        """Send a frame now, if this is free; returns what is left of it for the writer."""
        try:
            sent = self._connection.send(frame)
        except OSError:
            sent = 0  # it is full, or broken, which the writer finds out
        if sent == len(frame):
            return None
        rest = Framed(memoryview(frame)[sent:])  # no copy for each slow client
        if sent:
            self._rest = rest
        return rest

    def send(self, message: object, **options: object) -> None:
        """Send as the websocket does, after what is left of a frame. Raises OSError."""
        with self._turn:
            self._busy = True
            try:
                rest, self._rest = self._rest, None
                if rest is not None:
                    self._send_bytes(rest.data)
                    rest.data = b""  # if this isn't the writer, it comes to the rest later
                if isinstance(message, Framed):
                    self._send_bytes(message.data)
                else:
                    self._send_message(message, **options)
            finally:
                self._busy = False


def open_outlet(websocket: Any, owner: EngineSocket) -> Outlet | None:
    """The outlet of a connected websocket, which itself sends through it from now on.

    None where there is no way past the writer: nothing changes then.
    """
    connection = getattr(getattr(websocket, "socket", None), "fd", None)
    if connection is None or not hasattr(websocket, "extensions"):
        return None  # not eventlet's, or framed as an early draft of the protocol has it
    if connection.gettimeout() != 0.0 or hasattr(connection, "cipher"):
        return None  # it blocks, or encrypts what is sent
    outlet = Outlet(websocket, owner, connection)
    websocket.send = outlet.send
    return outlet


def _compresses_each_by_itself(extensions: Mapping[str, Mapping[str, Any]]) -> bool:
    options = extensions.get("permessage-deflate")
    if options is None:
        return False
    window = options.get("server_max_window_bits", WINDOW_BITS)
    return bool(options.get("server_no_context_takeover")) and window == WINDOW_BITS
