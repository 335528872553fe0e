"""The application's processes, started for a measurement on ports and in folders of their own.

Not by `make run`'s supervisor: a measurement wants some parts only, or several of one, and must
know the process that it measures.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import redis

from bench.processes import children_of, cpu_seconds, free_port
from inception.runs import keys
from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.settings import Settings
from inception.runs.store import Store
from webapp.supervisor import redis_server

RedisClient: TypeAlias = Any
"""redis-py's answers are typed for its blocking and its awaiting client at once."""

ROOT: Final = Path(__file__).resolve().parent.parent
_READY_WITHIN: Final = 60.0
_STOP_WITHIN: Final = 5.0
"""Seconds (s) that starting, and stopping one process, may take."""


@dataclass(slots=True, kw_only=True)
class Application:
    """Its Redis, and the processes that were started beside it, in order."""

    folder: Path
    redis_url: str
    redis_pid: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    talking: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def client(self) -> RedisClient:
        """A client for looking around."""
        return redis.Redis.from_url(self.redis_url, decode_responses=True)

    @property
    def store(self) -> Store:
        """The record of runs."""
        return Store(connect(self.redis_url, purpose="bench"))

    @property
    def control(self) -> Control:
        """What starts and revokes runs."""
        return Control(self.store, create_client(Settings(redis_url=self.redis_url)))

    def cpu_seconds(self) -> float:
        """Seconds (s) of CPU that all have used: Redis, the workers' processes, and this one."""
        mains = [process.pid for process in self.processes if process.poll() is None]
        pids = [self.redis_pid, os.getpid(), *mains]
        return sum(map(cpu_seconds, [*pids, *(pid for main in mains for pid in children_of(main))]))

    def watcher(self) -> subprocess.Popen[bytes]:
        """Start a watcher, and return once it beats."""
        return self.worker("watcher", "parents", "eventlet", 50)

    def compute(self, slots: int) -> subprocess.Popen[bytes]:
        """Start a compute worker, and return once it beats."""
        return self.worker("compute", "children", "prefork", slots)

    def worker(self, name: str, queue: str, pool: str, slots: int) -> subprocess.Popen[bytes]:
        """Start a Celery worker of ours, and return once it beats."""
        known = self.client.hlen(keys.BEATS)
        process = self.start(
            *(sys.executable, "-m", "celery", "-A", "celery_worker", "worker", "-Q", queue),
            *("-P", pool, "-c", str(slots), "-n", f"{name}{len(self.processes)}@%h"),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        )
        wait_for(lambda: self.client.hlen(keys.BEATS) > known, f"{name} did not beat")
        return process

    def web(self) -> tuple[str, subprocess.Popen[bytes]]:
        """Start a web process; return its address once it answers."""
        port = free_port()
        process = self.start(sys.executable, "wsgi.py", INCEPTION_PORT=str(port))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{url}/healthz"), "the web did not answer")
        return url, process

    def start(self, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a process of the checkout; it ends with the application."""
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(settings), stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def start_talking(self, *command: str) -> subprocess.Popen[str]:
        """Start a process of the checkout that is spoken with by its standard streams."""
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.talking.append(process)
        return process

    def stop(self, processes: Sequence[subprocess.Popen[Any]]) -> None:
        """Stop these, all at once; one that doesn't leave is killed."""
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "REDIS_URL": self.redis_url,
            "INCEPTION_STATE_DIR": str(self.folder / "state"),
            "INCEPTION_TASKS": "bench.tasks",
            "INCEPTION_USERS": "",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            **settings,
        }


@contextmanager
def running(*, slots: int = 0, watchers: int = 0) -> Iterator[Application]:
    """Start a Redis, a compute worker of `slots` and so many watchers; stop all at the end."""
    with tempfile.TemporaryDirectory(prefix="inception-bench-") as name:
        folder = Path(name)
        server = redis_server.prepare(folder / "redis")
        with (folder / "redis.log").open("wb") as log:
            database = subprocess.Popen(server.command, stdout=log, stderr=log)
        server.wait_until_ready(lambda: database.poll() is None)
        app = Application(folder=folder, redis_url=server.url, redis_pid=database.pid)
        try:
            if slots:
                app.compute(slots)
            for _ in range(watchers):
                app.watcher()
            yield app
        finally:
            app.stop([process for process in app.talking if process.poll() is None])
            app.stop([process for process in app.processes if process.poll() is None])
            app.stop([database])


def wait_for(holds: Callable[[], object], otherwise: str, within: float = _READY_WITHIN) -> None:
    """Look 50 times a second until `holds()` is true; raise TimeoutError(otherwise) if it isn't."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{otherwise} within {within:g} s")
        time.sleep(0.02)


def answers(url: str) -> bool:
    """True if a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
