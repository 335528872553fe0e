"""Redis' wire protocol, without a Redis."""

from __future__ import annotations

import pytest

from inception.runs import wire
from inception.runs.wire import Replies, WireError, pack

STREAM = (
    b"+PONG\r\n"
    b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
    b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$6\r\na\r\nb\r\n\r\n"
    b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"
    b"$-1\r\n"
)
REPLIES = [
    b"PONG",
    [b"subscribe", b"c", 1],
    [b"message", b"c", b"a\r\nb\r\n"],
    [b"pong", b""],
    None,
]


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_replies_are_the_same_however_they_are_cut(size: int) -> None:
    replies = Replies()
    pieces = (STREAM[first : first + size] for first in range(0, len(STREAM), size))
    assert [reply for piece in pieces for reply in replies.feed(piece)] == REPLIES


def test_a_large_reply_in_many_pieces_is_one_reply() -> None:
    replies, data = Replies(), b"x" * 1_000_000
    stream = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1000000\r\n" + data + b"\r\n+PONG\r\n"
    pieces = (stream[first : first + 4096] for first in range(0, len(stream), 4096))
    complete = [reply for piece in pieces for reply in replies.feed(piece)]
    assert complete == [[b"message", b"c", data], b"PONG"]


def test_an_error_is_raised_with_redis_own_words() -> None:
    with pytest.raises(WireError, match="NOAUTH"):
        Replies().feed(b"-NOAUTH Authentication required.\r\n")


def test_a_broken_stream_is_not_read_on() -> None:
    with pytest.raises(WireError):
        Replies().feed(b"?what\r\n")


def test_a_reply_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_REPLY_BYTES", 1_000)
    replies = Replies()
    replies.feed(b"+OK\r\n$99999999999\r\n")
    with pytest.raises(WireError, match="more than"):
        for _ in range(3):
            replies.feed(b"x" * 500)


def test_a_command_carries_bytes_not_characters() -> None:
    assert pack("PUBLISH", "ä") == b"*2\r\n$7\r\nPUBLISH\r\n$2\r\n\xc3\xa4\r\n"
