"""The log of an attempt as clients are given it."""

from __future__ import annotations

from typing_extensions import TypedDict

from inception.runs.model import ROOT
from inception.runs.records import Log, LogLine
from inception.runs.store import Store


class Line(TypedDict):
    """One record; `at` in ms since the epoch by Redis' clock."""

    at: int | None
    stream: str
    level: str | None
    text: str


class LogAnswer(TypedDict):
    """Lines of one attempt; ask with `after` = `next` for those that follow.

    `dropped` counts the lines that are no longer kept, 256 KiB being kept of an attempt.
    """

    attempt: int
    lines: list[Line]
    next: str | None
    dropped: int


def present_attempt(store: Store, run_id: str, path: str) -> int:
    """The attempt that a node is at. Raises RunNotFound, NodeNotFound, StoreUnavailable."""
    if path == ROOT:
        store.read_run(run_id)
        return 1
    return store.read_node(run_id, path)["attempt"]


def read_log(store: Store, run_id: str, path: str, attempt: int, after: str | None) -> LogAnswer:
    """What that attempt printed and logged after a place in it. Raises StoreUnavailable."""
    return _answer(attempt, store.read_log(run_id, path, attempt, after), after)


def _answer(attempt: int, log: Log, after: str | None) -> LogAnswer:
    return {
        "attempt": attempt,
        "lines": [_line(line) for line in log.lines],
        "next": log.next if log.next is not None else after,
        "dropped": log.dropped,
    }


def _line(line: LogLine) -> Line:
    return {"at": line.at_ms, "stream": line.stream, "level": line.level, "text": line.text}
