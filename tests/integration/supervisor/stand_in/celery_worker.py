"""Stands in for the workers: a plain Celery app with one task that takes its time."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from celery import Celery

from webapp.whole_files import replace_file

app = Celery("stand_in", broker=os.environ["REDIS_URL"])


@app.task(name="hold", queue="children")
def hold(pid_file: str) -> None:
    """Write this pool process's pid and go on for longer than any test."""
    replace_file(Path(pid_file), str(os.getpid()))
    threading.Event().wait(300)
