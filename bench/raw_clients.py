"""Many websocket clients in one process: `python -m bench.raw_clients URL COUNT SECONDS RUN...`.

They speak Engine.IO just as far as a watching client has to, and look at no more of a frame than
its stamp: a thousand clients of a real library would take more of the machine than the server.
Each watches all the runs that are named, or the newest runs where `list` is. Prints "ready" once
all watch, and at the end one line of JSON: frames and bytes received, and the latencies (ms) of a
sample of the frames. They stay connected until there is another line on standard input.
"""

from __future__ import annotations

import base64
import json
import os
import re
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from bench.stamps import now

LIST: Final = "list"
"""In a run's place: the first page of all."""
_STAMP: Final = re.compile(rb'"message":"(\d{10,})"')
_CONNECTING_AT_ONCE: Final = 20
_RECEIVE: Final = 1 << 18
_SAMPLED: Final = 5
"""Of so many clients the latency of one is noted."""


class Client:
    """One connection: what came and is not yet whole, and where its handshake is."""

    def __init__(self, url: str, runs: Sequence[str], *, sampled: bool) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80), 30)
        self._runs = runs
        self._sampled = sampled
        self._buffer = b""
        self._upgraded = False
        self.watching = 0
        self.frames = 0
        self.bytes = 0
        self.latencies: list[float] = []
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def receive(self) -> bool:
        """Take what came; False once the connection has ended."""
        try:
            data = self.socket.recv(_RECEIVE)
        except OSError:
            return False
        if not data:
            return False
        self.bytes += len(data)
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return True
        self._read_frames()
        return True

    def send(self, text: str) -> None:
        """Send a text frame, masked as a client's must be (by zeros)."""
        data = text.encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
        self.socket.sendall(b"\x81" + size + b"\0\0\0\0" + data)

    def _upgrade(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head[:200].decode("latin-1"))
        self._buffer, self._upgraded = rest, True
        return True

    def _read_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, begin = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                size, begin = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, begin = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
            if len(buffer) < begin + size:
                break
            self._take(buffer[begin : begin + size])
            at = begin + size
        self._buffer = buffer[at:]

    def _take(self, frame: bytes) -> None:
        if frame.startswith((b'42["events"', b'42["runs"')):
            self.frames += 1
            if self._sampled and (found := _STAMP.search(frame)):
                self.latencies.append((now() - int(found[1])) / 1e6)
        elif frame.startswith(b"2"):
            self.send("3")
        elif frame.startswith(b"0"):
            self.send("40")
        elif frame.startswith(b"40"):
            for number, run_id in enumerate(self._runs):
                asked = ["watch_runs", {}] if run_id == LIST else ["watch", {"run_id": run_id}]
                self.send(f"42{number}" + json.dumps(asked))
        elif frame.startswith(b"43"):
            self.watching += 1


def main(url: str, count: int, seconds: float, runs: Sequence[str]) -> int:
    """Connect all, say so, and receive for so long after a line on standard input."""
    selector = selectors.DefaultSelector()
    clients: list[Client] = []
    while len(clients) < count or any(client.watching < len(runs) for client in clients):
        pending = sum(client.watching < len(runs) for client in clients[-_CONNECTING_AT_ONCE:])
        if len(clients) < count and pending < _CONNECTING_AT_ONCE:
            clients.append(_join(selector, url, runs, sampled=len(clients) % _SAMPLED == 0))
        _receive(selector, 0.0 if len(clients) < count else 0.5)
    print("ready", flush=True)
    sys.stdin.readline()
    for client in clients:
        client.frames = client.bytes = 0
        client.latencies.clear()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _receive(selector, 0.1)
    print(json.dumps(_said(clients)), flush=True)
    sys.stdin.readline()
    return 0


def _join(
    selector: selectors.BaseSelector, url: str, runs: Sequence[str], *, sampled: bool
) -> Client:
    client = Client(url, runs, sampled=sampled)
    selector.register(client.socket, selectors.EVENT_READ, client)
    return client


def _receive(selector: selectors.BaseSelector, wait: float) -> None:
    for key, _events in selector.select(wait):
        client: Client = key.data
        if not client.receive():
            selector.unregister(client.socket)


def _said(clients: Sequence[Client]) -> dict[str, object]:
    latencies = [value for client in clients for value in client.latencies]
    return {
        "frames": sum(client.frames for client in clients),
        "bytes": sum(client.bytes for client in clients),
        "latencies": latencies[:: max(1, len(latencies) // 20_000)],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
