"""Two applications on one Redis, as two hosts would run them: two of everything but Redis."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.acceptance.conftest import CHECKOUT, SUPERVISOR, free_port
from tests.chaos.hammer.ledger import FOLDER_SETTING
from tests.chaos.hammer.shapes import BODIES
from tests.running import Application

TTL = 3.0
"""Seconds (s) until a silent process is dead."""
SLOTS = 4
"""Compute slots of each host."""


class Host:
    """One application: a watcher, a compute worker and a web process, kept by a supervisor."""

    def __init__(self, name: str, folder: Path, ledger: Path, redis_url: str) -> None:
        self.name = name
        environ = {
            "INCEPTION_PORT": str(free_port()),
            "INCEPTION_CONCURRENCY": str(SLOTS),
            "INCEPTION_HEARTBEAT_TTL": str(TTL),
            "INCEPTION_MAX_LOSSES": "1000",
            "INCEPTION_MAX_RESCUES": "1000",
            "INCEPTION_TASKS": BODIES,
            "PYTHONPATH": str(CHECKOUT),
            "REDIS_URL": redis_url,
            FOLDER_SETTING: str(ledger),
        }
        self.application = Application(SUPERVISOR, CHECKOUT, folder, environ)
        try:
            self.url = self.application.wait_until_ready(120).rstrip("/")
        except BaseException:
            self.application.end()
            raise

    @property
    def redis_url(self) -> str:
        """The address of the Redis in use, password included."""
        return (self.application.state_dir / "redis.url").read_text().strip()

    def pid(self, name: str) -> int | None:
        """The main process of that name, or None while there is none."""
        return self.application.pid(name)


class Stack:
    """Both hosts. The first one keeps Redis."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger"
        self.ledger.mkdir(parents=True)
        self.hosts = [Host("A", folder / "A", self.ledger, redis_url="")]
        try:
            url = self.hosts[0].redis_url
            self.hosts.append(Host("B", folder / "B", self.ledger, redis_url=url))
        except BaseException:
            self.end()
            raise

    @property
    def urls(self) -> list[str]:
        """The addresses of the web processes."""
        return [host.url for host in self.hosts]

    def compute_logs(self) -> str:
        """All that the compute workers have logged."""
        folders = [host.application.state_dir / "log" for host in self.hosts]
        files = [file for folder in folders for file in folder.glob("compute.log*")]
        return "".join(file.read_text(errors="replace") for file in files)

    def end(self) -> None:
        """Stop everything, Redis last."""
        for host in reversed(self.hosts):
            host.application.end()


def pool_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    command = ["ps", "-o", "pid=", "--ppid", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return sorted(int(word) for word in listed.split())
