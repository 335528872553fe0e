"""Lines whose answer was lost are said again, and kept once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from inception.compute import output as output_module
from inception.compute.output import Output
from inception.compute.slots import Held
from inception.runs.connection import connect
from inception.runs.records import LogLine
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, hold

HELD = Held(run_id=RUN, path="0", attempt=1)
WITHIN = 10.0
"""Seconds (s)."""


class Cable:
    """A way to Redis on which the answer to a script can be cut off."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = f"redis://:{self._there.password}@127.0.0.1:{port}/0"
        self.to_be_cut = threading.Event()
        self.cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection((self._there.hostname, self._there.port))
                threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        """One question and its answer after the other, as clients of scripts ask."""
        with here, there, suppress(OSError):
            while question := here.recv(1 << 20):
                there.sendall(question)
                answer = there.recv(1 << 20)
                if b"EVALSHA" in question and self.to_be_cut.is_set():
                    self.to_be_cut.clear()
                    self.cut.set()
                    return
                here.sendall(answer)


@pytest.fixture
def cable(redis_url: str) -> Iterator[Cable]:
    cable = Cable(redis_url)
    yield cable
    cable.close()


def texts(store: Store) -> list[str]:
    return [line.text for line in store.read_log(RUN, "0", 1, None).lines]


def test_lines_whose_answer_was_lost_are_kept_once(
    redis_url: str, cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come again together with what was said meanwhile, in their order."""
    monkeypatch.setattr(output_module, "_PAUSE_AWAY", 0.2)
    store, cut_off = (Store(connect(url, purpose="test")) for url in (redis_url, cable.url))
    hold(store)

    def append(held: Held, lines: Sequence[LogLine]) -> None:
        cut_off.append_log(held.run_id, held.path, held.attempt, lines, "writer")

    output = Output(append)
    with output.of(HELD):
        print("one")
        assert output.flush(WITHIN)
        cable.to_be_cut.set()
        print("two")
        print("three")
        assert cable.cut.wait(WITHIN)
        print("four")
        assert output.flush(WITHIN)
    assert texts(store) == ["one", "two", "three", "four"]


def test_each_writer_counts_for_itself(store: Store) -> None:
    """An attempt may go on in another process, which numbers its lines from 1 on as well."""
    hold(store)
    for writer in ("one", "one", "other"):
        for number in (1, 2):
            line = LogLine(text=f"{writer} {number}", stream="stdout", number=number)
            store.append_log(RUN, "0", 1, [line], writer)
    assert texts(store) == ["one 1", "one 2", "other 1", "other 2"]


def test_lines_without_a_number_are_kept_each_time(store: Store) -> None:
    hold(store)
    for _ in range(2):
        store.append_log(RUN, "0", 1, [LogLine(text="same", stream="stdout")])
    assert texts(store) == ["same", "same"]


@pytest.fixture
def store(redis_url: str) -> Store:
    return Store(connect(redis_url, purpose="test"))
