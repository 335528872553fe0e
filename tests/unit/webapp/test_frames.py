"""What goes over the wire, read back by a websocket library that had no part in it."""

from __future__ import annotations

import json
import os

import pytest
from engineio.packet import MESSAGE, Packet
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol

from webapp.relay import frames
from webapp.relay.frames import SharedPacket, frame_of, message_frame, without_takeover

FORGETTING = "permessage-deflate; server_no_context_takeover"


def read(data: bytes, *, deflated: bool) -> list[str | bytes]:
    """The messages in what a server sent."""
    extensions = []
    if deflated:
        extension = PerMessageDeflate()
        extension.finalize(FORGETTING)
        extensions = [extension]
    client = FrameProtocol(client=True, extensions=extensions)
    client.receive_bytes(data)
    messages: list[str | bytes] = []
    parts: list[str] = []
    for frame in client.received_frames():
        parts.append(frame.payload if isinstance(frame.payload, str) else "")
        if frame.message_finished:
            text = isinstance(frame.payload, str)
            messages.append("".join(parts) if text else bytes(frame.payload))
            parts = []
    return messages


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
@pytest.mark.parametrize("deflated", [False, True])
def test_a_message_of_any_size_is_read_back(size: int, deflated: bool) -> None:
    text = os.urandom(size).hex()[:size]
    assert read(message_frame(text, deflated=deflated), deflated=deflated) == [text]


def test_text_of_any_script_and_bytes_are_read_back() -> None:
    assert read(message_frame("ключ ∑ 🔑", deflated=False), deflated=False) == ["ключ ∑ 🔑"]
    assert read(message_frame(b"\x00\xff", deflated=False), deflated=False) == [b"\x00\xff"]


def test_compressed_frames_need_none_of_those_before_them() -> None:
    texts = [json.dumps({"number": number, "text": "as before " * 100}) for number in range(3)]
    sent = [message_frame(text, deflated=True) for text in texts]
    assert all(len(frame) < len(text) / 4 for frame, text in zip(sent, texts, strict=True))
    for frame, text in zip(sent, texts, strict=True):
        assert read(frame, deflated=True) == [text]
    assert read(sent[2] + sent[0], deflated=True) == [texts[2], texts[0]]


def test_a_short_message_is_not_compressed() -> None:
    text = "x" * (frames.LEAST_DEFLATED - 1)
    assert message_frame(text, deflated=True) == message_frame(text, deflated=False)


def test_a_shared_packet_is_framed_once_for_each_kind_of_client() -> None:
    packet = SharedPacket('2["events",{}]' + " " * 500)
    assert read(packet.frame(deflated=False), deflated=False) == [packet.encode()]
    assert frame_of(packet, deflated=False) is frame_of(packet, deflated=False)
    assert frame_of(packet, deflated=True) is frame_of(packet, deflated=True)
    assert frame_of(packet, deflated=True) != frame_of(packet, deflated=False)


def test_a_packet_of_engine_io_is_framed_as_its_writer_would() -> None:
    packet = Packet(MESSAGE, '3["answer"]')
    assert read(frame_of(packet, deflated=False), deflated=False) == ['43["answer"]']


@pytest.mark.parametrize(
    ("offers", "wanted"),
    [
        ("permessage-deflate", FORGETTING),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits; server_no_context_takeover",
        ),
        (FORGETTING, FORGETTING),
        ("x-other; option=1", "x-other; option=1"),
        (
            "x-other, Permessage-Deflate; client_no_context_takeover",
            "x-other, Permessage-Deflate; client_no_context_takeover; server_no_context_takeover",
        ),
        ("", ""),
    ],
)
def test_an_offer_to_compress_asks_for_messages_that_stand_alone(offers: str, wanted: str) -> None:
    assert without_takeover(offers) == wanted
