"""Compute workers of the tests' own, and the children that they run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.worker_process import WorkerProcess

TASKS = "tests.acceptance.compute_tasks"
SLOTS = 2


@contextmanager
def computing(url: str, log: Path, *options: str) -> Iterator[WorkerProcess]:
    """A compute worker of so many slots that is ready, until the end of the block."""
    worker = WorkerProcess(
        url, log, "-Q", "children", "-P", "prefork", "-c", str(SLOTS), "-n", f"{log.stem}@%h",
        *options, environ={"INCEPTION_TASKS": TASKS, "INCEPTION_HEARTBEAT_TTL": "2"},
    )  # fmt: skip
    try:
        worker.wait_until_ready()
        yield worker
    finally:
        worker.end()


def name(task: str) -> str:
    """The whole name of a task of theirs."""
    return f"{TASKS}.{task}"


def pid_lives(pid: int) -> bool:
    """True while there is a process of that pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
