"""A worker's log as JSON lines, by Celery's own signals: `--loglevel` and `--logfile` hold."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, TextIO

from celery import signals
from celery.apps import worker

from inception.runs.loglines import JsonLines, write_json

_write = os.write  # as it was before eventlet; its own may not be called where signals are heard


def log_json() -> None:
    """Have all workers of this process write JSON, and leave out Celery's banner."""
    signals.celeryd_init.connect(_leave_out_banner, weak=False, dispatch_uid=__name__)
    for made in (signals.after_setup_logger, signals.after_setup_task_logger):
        made.connect(_format, weak=False, dispatch_uid=__name__)
    # What a worker says when a signal asks it to end goes past the log, since that may be locked.
    worker.safe_say = _say


def _leave_out_banner(instance: Any = None, **_signal: object) -> None:
    instance.quiet = True
    logging.captureWarnings(capture=True)


def _format(logger: logging.Logger, **_signal: object) -> None:
    write_json(logger.handlers)


def _say(text: str, stream: TextIO | None = sys.__stderr__) -> None:
    told = {"name": worker.__name__, "levelname": "WARNING", "msg": text.strip()}
    line = JsonLines().format(logging.makeLogRecord(told))
    if stream is not None:
        _write(stream.fileno(), f"{line}\n".encode())
