"""A real Redis server of the tests' own, which they may kill, stop and start again."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import redis

from webapp.supervisor import redis_server

STOP_TIMEOUT = 10.0
"""Seconds (s) for a server to write its file and leave."""


class PrivateRedis:
    """A server on a free loopback port, with a password and an append-only file in directory."""

    def __init__(self, directory: Path) -> None:
        self._server = redis_server.prepare(directory)
        self._directory = directory
        self._log = directory / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, password included; the same after a restart."""
        return self._server.url

    @property
    def pid(self) -> int:
        """The running server's process id."""
        return self._running().pid

    def start(self) -> None:
        """Start the server and return once it answers, its file loaded."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._server.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._process = process
        self._server.wait_until_ready(lambda: process.poll() is None)

    def stop(self) -> None:
        """End the server in order, its file written."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would: SIGKILL."""
        self._end(signal.SIGKILL)

    def end_if_running(self) -> None:
        """End the server whatever a test did to it."""
        if self._process is not None:
            self.kill()

    def freeze(self) -> None:
        """Stop the server's clock (SIGSTOP): connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def append_only_file(self) -> Path:
        """The file that grows with each write; a test may cut off its tail while it is down."""
        (file,) = self._directory.glob("appendonlydir/*.incr.aof")
        return file

    def empty(self) -> None:
        """Remove all that is stored, scripts too, and start the server if a test left it ended."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
            client.script_flush()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this Redis server is not running; call start() first")
        return self._process

    def _end(self, signum: signal.Signals) -> None:
        process = self._running()
        process.send_signal(signum)
        process.send_signal(signal.SIGCONT)  # a frozen server hears SIGTERM only when it goes on
        process.wait(STOP_TIMEOUT)
        self._process = None
