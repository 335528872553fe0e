"""How a process's log is written: plain text, or a JSON object a line.

A line of JSON has `time` (ISO 8601, UTC), `level`, `logger`, `message`, whatever the entry was
given as `extra` (`action`, `run_id`, `path`, ...), the Celery task that was running (`task_id`,
`task_name`), and `exc_info` with the traceback of an exception.
"""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from celery import current_task
from celery.utils.log import LoggingProxy
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from inception.runs.settings import LogFormat

TEXT_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
PRINTED: Final = "inception.printed"
"""The logger of what was printed: a library's complaint, an interpreter's last words."""

_VALUES: Final = ("args", "kwargs", "return_value")
"""What Celery tells of each task beside its name, and what may hold secrets."""


_MARKS: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""Control characters as they are written in a plain line: one could forge a line, or a terminal."""


class PlainLines(logging.Formatter):
    """Writes an entry as one line of text, a traceback below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """The line, whatever a stranger sent that is told in it."""
        return super().formatMessage(record).translate(_MARKS)


class JsonLines(JsonFormatter):
    """Writes an entry as one line of JSON."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            reserved_attrs=[*RESERVED_ATTRS, "data"],
            json_ensure_ascii=False,
        )

    def format(self, record: logging.LogRecord) -> str:
        """One line. Celery's entries about tasks tell no arguments and no values."""
        return super().format(_without_values(record))

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add the task that logs, where one runs."""
        super().add_fields(log_data, record, message_dict)
        if current_task:
            log_data.setdefault("task_id", current_task.request.id)
            log_data.setdefault("task_name", current_task.name)


def _without_values(record: logging.LogRecord) -> logging.LogRecord:
    told = vars(record).get("data")
    if not isinstance(told, dict) or not isinstance(record.args, Mapping):
        return record
    discreet = copy.copy(record)
    discreet.args = {**record.args, **dict.fromkeys(_VALUES, "(left out)")}
    vars(discreet).update(data=None, task_id=told.get("id"), task_name=told.get("name"))
    return discreet


def formatter(log: LogFormat, text: str = TEXT_FORMAT) -> logging.Formatter:
    """The formatter for a format; `text` is the line of the plain one."""
    return JsonLines() if log is LogFormat.JSON else logging.Formatter(text)


def write_json(handlers: Iterable[logging.Handler]) -> None:
    """Have handlers that are there write JSON."""
    for handler in handlers:
        handler.setFormatter(JsonLines())


def write_log(log: LogFormat, stream: TextIO | None = None) -> None:
    """Log from INFO on to a stream (stderr); as JSON, also what is printed and warned of."""
    handler = logging.StreamHandler(stream or sys.__stderr__)
    handler.setFormatter(JsonLines() if log is LogFormat.JSON else PlainLines(TEXT_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    if log is LogFormat.JSON:
        logging.captureWarnings(capture=True)
        _log_what_is_printed()


def _log_what_is_printed() -> None:
    """A greenlet that dies prints its traceback, which would be no JSON; Celery does the same."""
    printed = logging.getLogger(PRINTED)
    printed.addFilter(_as_printed)
    sys.stdout = LoggingProxy(printed, logging.WARNING)
    sys.stderr = LoggingProxy(printed, logging.WARNING)


def _as_printed(record: logging.LogRecord) -> bool:
    vars(record).update({"action": "printed"})
    return True
