"""An event as it goes over the wire, encoded once for everybody that it is sent to. Pure.

Socket.IO encodes an event once for a room, but below it each client's writer makes a websocket
frame of its own, and compresses it anew where its browser offered that. Here the bytes of the
frame are made once for each of the two kinds of client.

Compressed frames can be shared because no message refers to an earlier one of its connection:
`without_takeover` asks for that on the client's behalf, as RFC 7692 lets a server decide.
"""

from __future__ import annotations

import zlib
from typing import Final

from engineio.packet import MESSAGE, Packet

LEAST_DEFLATED: Final = 256
"""Bytes below which compressing a message gains next to nothing."""
WINDOW_BITS: Final = 15
"""The size of the window that compressed frames need: 2 to this power, in bytes."""

_WHOLE: Final = 0x80
_DEFLATED: Final = 0x40
_TEXT: Final = 1
_BINARY: Final = 2
_DEFLATE: Final = "permessage-deflate"
_FORGETTING: Final = "server_no_context_takeover"


class SharedPacket(Packet):  # type: ignore[misc]  # the library has no types
    """An Engine.IO message for many clients; `text` is a Socket.IO packet."""

    def __init__(self, text: str) -> None:
        super().__init__(MESSAGE, text)
        self._frames: dict[bool, bytes] = {}

    def frame(self, *, deflated: bool) -> bytes:
        """The websocket frame of it, made when it is first asked for."""
        frame = self._frames.get(deflated)
        if frame is None:
            frame = self._frames[deflated] = message_frame(self.encode(), deflated=deflated)
        return frame


def frame_of(packet: Packet, *, deflated: bool) -> bytes:
    """The websocket frame of any packet."""
    if isinstance(packet, SharedPacket):
        return packet.frame(deflated=deflated)
    return message_frame(packet.encode(), deflated=deflated)


def message_frame(message: str | bytes, *, deflated: bool) -> bytes:
    """A whole message from a server (RFC 6455, 5.2), compressed if that helps and it may be."""
    if isinstance(message, str):
        payload, first = message.encode(), _WHOLE | _TEXT
    else:
        payload, first = message, _WHOLE | _BINARY
    if deflated and len(payload) >= LEAST_DEFLATED:
        payload, first = _deflate(payload), first | _DEFLATED
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


def without_takeover(offers: str) -> str:
    """A client's `Sec-WebSocket-Extensions`, wanting each message compressed by itself.

    The server may answer so even where the client did not ask (RFC 7692, 7.1.1.1).
    """
    return ",".join(_without_takeover(offer) for offer in offers.split(","))


def _without_takeover(offer: str) -> str:
    name, *options = (part.strip() for part in offer.split(";"))
    if name.lower() != _DEFLATE or _FORGETTING in (option.lower() for option in options):
        return offer
    return f"{offer}; {_FORGETTING}"


def _deflate(payload: bytes) -> bytes:
    """As RFC 7692 (7.2.1) has it: the empty block at the end of a flush is left out."""
    compressor = zlib.compressobj(wbits=-WINDOW_BITS)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
