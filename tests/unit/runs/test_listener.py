"""The listener against a server that the test plays itself, to time its answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from inception.runs.errors import StoreUnavailable
from inception.runs.listener import Listener
from inception.runs.wire import Replies
from tests.running import eventually

WAIT = 10.0


def confirmation(channel: str, word: str = "subscribe") -> bytes:
    head = f"*3\r\n${len(word)}\r\n{word}\r\n${len(channel)}\r\n{channel}\r\n:1\r\n"
    return head.encode()


class PlayedRedis:
    """Signs the listener in and answers its pings; the test answers its subscriptions."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.commands: Queue[list[bytes]] = Queue()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._client: socket.socket | None = None
        threading.Thread(target=self._play, daemon=True).start()

    def say(self, *replies: bytes) -> None:
        assert self._client is not None
        self._client.sendall(b"".join(replies))

    def next_command(self) -> list[bytes]:
        return self.commands.get(timeout=WAIT)

    def close(self) -> None:
        self._server.close()
        if self._client is not None:
            self._client.close()

    def _play(self) -> None:
        self._client, _address = self._server.accept()
        commands = Replies()
        while data := self._client.recv(4096):
            for command in commands.feed(data):
                assert isinstance(command, list)
                self._answer([word for word in command if isinstance(word, bytes)])

    def _answer(self, command: list[bytes]) -> None:
        assert self._client is not None
        if command[0] == b"CLIENT":
            self._client.sendall(b"+OK\r\n")
        elif command[0] == b"PING":
            self._client.sendall(b"+PONG\r\n")
        else:
            self.commands.put(command)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[PlayedRedis]:
    played = PlayedRedis(tmp_path / "redis.sock")
    yield played
    played.close()


def test_the_answer_to_a_subscription_given_up_does_not_confirm_the_next(
    played: PlayedRedis,
) -> None:
    gaps: Queue[bool] = Queue()
    listener = Listener(played.url, name="test", on_gap=lambda: gaps.put(True))
    listener.start()
    with pytest.raises(StoreUnavailable):
        listener.subscribe("c", lambda _text: None, timeout=0.5)

    confirmed = threading.Event()

    def subscribe_again() -> None:
        listener.subscribe("c", lambda _text: None, timeout=6 * WAIT)
        confirmed.set()

    again = threading.Thread(target=subscribe_again)
    again.start()
    commands = [played.next_command() for _ in range(3)]
    assert commands == [[b"SUBSCRIBE", b"c"], [b"UNSUBSCRIBE", b"c"], [b"SUBSCRIBE", b"c"]]

    nobody_asked = confirmation("other")
    played.say(confirmation("c"), confirmation("c", "unsubscribe"), nobody_asked)
    gaps.get(timeout=WAIT)  # all three are taken by now
    assert not confirmed.wait(0.2)
    played.say(confirmation("c"))
    assert confirmed.wait(WAIT)
    again.join(WAIT)
    listener.stop()


def test_all_who_wait_for_a_channel_are_answered_by_its_one_confirmation(
    played: PlayedRedis,
) -> None:
    listener = Listener(played.url, name="test", on_gap=lambda: None)
    listener.start()
    confirmed = threading.Semaphore(0)

    def subscribe() -> None:
        listener.subscribe("c", lambda _text: None, timeout=6 * WAIT)
        confirmed.release()

    for _ in range(3):
        threading.Thread(target=subscribe, daemon=True).start()
    assert played.next_command() == [b"SUBSCRIBE", b"c"]
    eventually(lambda: len(listener._channels["c"].awaited) == 3, WAIT, "all wait")
    played.say(confirmation("c"))
    for _ in range(3):
        assert confirmed.acquire(timeout=WAIT)
    assert listener._channels["c"].awaited == ()
    listener.stop()
