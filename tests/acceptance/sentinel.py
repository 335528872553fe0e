"""A primary, a replica, and a Sentinel that makes the one of the other when it dies."""

from __future__ import annotations

import subprocess
from pathlib import Path

import redis

from tests.acceptance.conftest import free_port
from tests.running import eventually
from webapp.supervisor.redis_server import find_binary

PASSWORD = "secret"
MASTER = "runs"
DOWN_AFTER = 1000
"""Milliseconds (ms) without an answer after which the primary counts as down."""
SENTINEL = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {master} 127.0.0.1 {primary} 1
sentinel auth-pass {master} {password}
sentinel down-after-milliseconds {master} {down_after}
sentinel failover-timeout {master} 5000
"""


class Watch:
    """Three servers of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._binary = str(find_binary())
        self._servers: list[subprocess.Popen[bytes]] = []
        self.ports = (free_port(), free_port())
        self.primary = self._server(self.ports[0])
        self._server(self.ports[1], "--replicaof", "127.0.0.1", str(self.ports[0]))
        self.sentinel_port = self._sentinel()

    @property
    def url(self) -> str:
        """What REDIS_URL is set to."""
        return f"sentinel://:{PASSWORD}@127.0.0.1:{self.sentinel_port}/0?master={MASTER}"

    def wait_until_watched(self) -> None:
        """Return once the Sentinel knows the replica, which is up to date."""
        eventually(self._is_watched, 30, "a primary with a replica and a Sentinel")

    def present_primary(self) -> int:
        """The port of the server that the Sentinel calls the primary."""
        with redis.Redis(port=self.sentinel_port) as client:
            return int(client.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", MASTER)[1])

    def end(self) -> None:
        """Leave nothing behind."""
        for server in self._servers:
            server.kill()
            server.wait(10)

    def _is_watched(self) -> bool:
        try:
            with redis.Redis(port=self.sentinel_port) as client:
                replicas = client.execute_command("SENTINEL REPLICAS", MASTER)
            with redis.Redis(port=self.ports[1], password=PASSWORD) as replica:
                linked = replica.info("replication")["master_link_status"] == "up"
        except (redis.RedisError, KeyError):
            return False
        return bool(linked and len(replicas) == 1)

    def _server(self, port: int, *options: str) -> subprocess.Popen[bytes]:
        folder = self._folder / str(port)
        folder.mkdir(parents=True)
        return self._start(
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--requirepass", PASSWORD, "--masterauth", PASSWORD, "--appendonly", "yes"),
            *("--repl-diskless-sync-delay", "0", *options),
        )

    def _sentinel(self) -> int:
        port = free_port()
        file = self._folder / "sentinel.conf"
        text = SENTINEL.format(
            port=port, folder=self._folder, master=MASTER, primary=self.ports[0],
            password=PASSWORD, down_after=DOWN_AFTER,
        )  # fmt: skip
        file.write_text(text)
        self._start(str(file), "--sentinel")
        return port

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        log = (self._folder / "log").open("ab")
        server = subprocess.Popen([self._binary, *options], stdout=log, stderr=log)
        self._servers.append(server)
        return server
