"""What the figures were taken on: the machine, and the versions of what took part."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from webapp.supervisor.redis_server import RedisServerError, find_binary

_PACKAGES: Final = (
    "celery", "kombu", "redis", "eventlet", "python-socketio", "python-engineio", "tqdm",
    "celery-progress", "dbos",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Name the machine and the versions, as words for a table."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Redis": _redis(),
        **{name: found for name in _PACKAGES if (found := _version(name))},
    }


def load() -> float:
    """The mean number of processes that wanted to run in the last minute."""
    return os.getloadavg()[0]


def _field(file: str, name: str) -> str:
    path = Path(file)
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _memory() -> str:
    kib = _field("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(kib) / 2**20:.0f} GiB" if kib else "?"


def _redis() -> str:
    try:
        shown = subprocess.run(
            [find_binary(), "--version"], capture_output=True, text=True, check=False
        )
    except (RedisServerError, OSError):
        return "?"
    return " ".join(shown.stdout.split()[:3])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
