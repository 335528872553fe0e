"""Stands between a program and Redis, and can stop passing on what Redis says to one connection."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit, urlunsplit


class StallingProxy:
    """Forwards connections; `stall` holds back every answer on those that sent `word`."""

    def __init__(self, redis_url: str, word: bytes) -> None:
        parts = urlsplit(redis_url)
        self._target = (parts.hostname, parts.port)
        self._word = word
        self._flowing = threading.Event()
        self._flowing.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        user, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """From now on nothing comes through on the marked connections."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let it through again."""
        self._flowing.set()

    def close(self) -> None:
        """Take no more connections."""
        self.flow()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # closed
            far = socket.create_connection(self._target)
            marked = threading.Event()
            for source, sink, flag in ((near, far, None), (far, near, marked)):
                words = (source, sink, marked, flag)
                threading.Thread(target=self._pump, args=words, daemon=True).start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        marked: threading.Event,
        held_by: threading.Event | None,
    ) -> None:
        """Pass on; what Redis says waits while the connection is marked and nothing flows."""
        try:
            while chunk := source.recv(65536):
                if held_by is None and self._word in chunk:
                    marked.set()
                if held_by is not None and held_by.is_set():
                    self._flowing.wait()
                sink.sendall(chunk)
        except OSError:
            pass  # one side has gone: so does the other
        finally:
            for each in (source, sink):
                each.close()
