"""What a supervisor leaves behind, should it be killed, is found by its record and ended.

The guard does that the moment the supervisor dies, and the next supervisor before it starts
anything, for the case that the guard was killed too: two Redis servers must never write one
append-only file. By then a pid alone proves nothing, it may be somebody else's; so the time of
birth is recorded with it.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webapp.supervisor.births import birth_of
from webapp.supervisor.processes import SupervisedProcess, pid_file, signal_group
from webapp.whole_files import replace_file

REDIS = "redis"
REDIS_PATIENCE = 10.0
"""Seconds (s) for Redis to write out its file before it is killed."""

_KILL_PATIENCE = 5.0
_PAUSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A process that was started, as the record says."""

    name: str
    pid: int
    birth: str | None

    def is_running(self) -> bool:
        """Say whether this very process still lives."""
        return self.birth is not None and birth_of(self.pid) == self.birth


class ProcessRecord:
    """The file that says which processes of this state folder run."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._file = state_dir / "processes.json"

    def write(self, processes: Iterable[SupervisedProcess]) -> None:
        """Record the processes that have been started and not collected."""
        births = {p.name: [p.pid, birth_of(p.pid)] for p in processes if p.pid is not None}
        replace_file(self._file, json.dumps(births))

    def end_orphans(self) -> list[Known]:
        """End what an earlier supervisor left and is certainly its own; return what that was."""
        orphans = [known for known in self._read() if known.is_running()]
        self._end(orphans)
        return orphans

    def end_all(self) -> None:
        """End every recorded group. Only for a record that was true a moment ago."""
        self._end(self._read())

    def _end(self, processes: Sequence[Known]) -> None:
        # Workers and the web stand a SIGKILL: that is what the record of each run is for.
        others = [known for known in processes if known.name != REDIS]
        for known in others:
            signal_group(known.pid, signal.SIGKILL)
        for known in others:
            _wait_for_end(known, _KILL_PATIENCE)
        for known in processes:
            if known.name == REDIS:
                _end_redis(known)
        for known in self._read():
            pid_file(self._state_dir, known.name).unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)

    def _read(self) -> list[Known]:
        try:
            record: Mapping[str, tuple[int, str | None]] = json.loads(self._file.read_text())
            return [
                Known(name=name, pid=int(pid), birth=birth) for name, (pid, birth) in record.items()
            ]
        except (OSError, ValueError, TypeError, AttributeError):
            return []  # none yet, or damaged: then nothing can be told apart safely


def _end_redis(known: Known) -> None:
    signal_group(known.pid, signal.SIGTERM)
    _wait_for_end(known, REDIS_PATIENCE)
    signal_group(known.pid, signal.SIGKILL)
    _wait_for_end(known, _KILL_PATIENCE)


def _wait_for_end(known: Known, patience: float) -> None:
    deadline = time.monotonic() + patience
    while known.is_running() and time.monotonic() < deadline:
        time.sleep(_PAUSE)
