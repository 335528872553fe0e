"""What bodies write down outside Redis: one append-only file a process, one line an entry.

The judge believes these lines and nobody else: not the record that it is to check, and not a
worker's log. A line is written by one system call, so a kill leaves it whole or leaves it out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

FOLDER_SETTING = "HAMMER_LEDGER"
"""The environment variable that tells workers where to write."""


class Verb(StrEnum):
    """What became of a body."""

    BEGIN = "begin"
    TICK = "tick"
    """It still runs."""
    END = "end"
    """Its last line, whether it returns or raises."""
    STOPPED = "stopped"
    """It was unwound by something that is no `Exception`: an order to stop."""
    KEPT = "kept"
    """Redis has taken its end as the node's."""
    REFUSED = "refused"
    """Redis has not: the attempt had been given up, or ended, before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry. `at` is in seconds (s) since the epoch, by the clock that Redis has too.

    `pid` is the pool process, `worker` its parent process; `state` is that of a recorded end.
    """

    at: float
    pid: int
    worker: int
    verb: Verb
    run_id: str
    path: str
    attempt: int
    retries: int = 0
    state: str = ""

    @property
    def delivery(self) -> tuple[int, int]:
        """Which attempt, and which of Celery's own tries within it."""
        return (self.attempt, self.retries)


class Ledger:
    """The lines of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self._file = -1

    def write(
        self, verb: Verb, run_id: str, path: str, attempt: int, retries: int, state: str = ""
    ) -> None:
        """Append a line."""
        line = Line(
            at=time.time(), pid=os.getpid(), worker=os.getppid(), verb=verb, run_id=run_id,
            path=path, attempt=attempt, retries=retries, state=state,
        )  # fmt: skip
        os.write(self._opened(), json.dumps(asdict(line)).encode() + b"\n")

    def _opened(self) -> int:
        """This process's own file: pool processes are forked, and must not share one."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            name = self._folder / f"{self._pid}-{time.time_ns()}.jsonl"
            self._file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self._file


class Entry:
    """A body's place in the ledger."""

    def __init__(self, ledger: Ledger, run_id: str, path: str, attempt: int, retries: int) -> None:
        self._ledger = ledger
        self._words = (run_id, path, attempt, retries)

    def note(self, verb: Verb) -> None:
        """Append a line about this body."""
        self._ledger.write(verb, *self._words)

    @contextmanager
    def body(self) -> Iterator[None]:
        """Note the begin and the end of what runs within."""
        self.note(Verb.BEGIN)
        try:
            yield
        except Exception:
            self.note(Verb.END)
            raise
        except BaseException:
            self.note(Verb.STOPPED)
            raise
        self.note(Verb.END)


def ledger_of_environment() -> Ledger:
    """The ledger of a worker process."""
    return Ledger(Path(os.environ[FOLDER_SETTING]))


def read_lines(folder: Path) -> list[Line]:
    """All that was written, in order of time."""
    texts = (text for file in folder.glob("*.jsonl") for text in file.read_text().splitlines())
    lines = [_line(json.loads(text)) for text in texts]
    return sorted(lines, key=lambda line: line.at)


def _line(fields: dict[str, object]) -> Line:
    return Line(**{**fields, "verb": Verb(str(fields["verb"]))})  # type: ignore[arg-type]
