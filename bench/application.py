"""The whole application, started for a measurement on ports and folders of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_STOP_WITHIN: Final = 30
"""Seconds (s) that stopping may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Where it answers."""

    url: str
    redis_url: str


@contextmanager
def running(*, slots: int = 1) -> Iterator[Application]:
    """Start it with `slots` compute slots and the measurements' own tasks; stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="inception-bench-") as folder:
        state_dir = Path(folder) / "state"
        process = _start(state_dir, slots)
        try:
            url = _address(process)
            redis_url = (state_dir / "redis.url").read_text().strip()
            yield Application(url=url, redis_url=redis_url)
        finally:
            process.terminate()
            process.wait(_STOP_WITHIN)


def _start(state_dir: Path, slots: int) -> subprocess.Popen[str]:
    settings = {
        "INCEPTION_PORT": str(_free_port()),
        "INCEPTION_STATE_DIR": str(state_dir),
        "INCEPTION_CONCURRENCY": str(slots),
        "INCEPTION_TASKS": "bench.tasks",
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": "",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "webapp.supervisor"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := re.search(r"ready: (http://\S+)", line):
            return found.group(1).rstrip("/")
    raise RuntimeError("The application ended before it was ready.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
