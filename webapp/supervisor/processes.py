"""One supervised process: its group, its pid file, its log, and how it is asked to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webapp.supervisor.logfiles import open_log
from webapp.whole_files import PUBLIC, replace_file


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """One signal to the main process, and the seconds (s) it then has before the next step."""

    signal: signal.Signals
    patience: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """What to run. Processes of a lower stop_phase have all ended before the next is asked."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    stop_phase: int
    stop_steps: tuple[StopStep, ...]


class SupervisedProcess:
    """A process that is started in a session, and so a process group, of its own.

    Ctrl-C in the terminal reaches the supervisor alone, which stops the others in order; and
    whatever a process leaves behind can be ended through its group.
    """

    def __init__(self, spec: ProcessSpec, state_dir: Path) -> None:
        self.spec = spec
        self.log_file = state_dir / "log" / f"{spec.name}.log"
        self._pid_file = pid_file(state_dir, spec.name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The word for it in messages and file names."""
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """The main process's id, which is its group's too; None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> int:
        """Start it and return its pid."""
        with open_log(self.log_file) as log:
            process = subprocess.Popen(
                self.spec.command,
                cwd=self.spec.directory,
                env=dict(self.spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._process = process
        replace_file(self._pid_file, f"{process.pid}\n", mode=PUBLIC)
        return process.pid

    def is_running(self) -> bool:
        """Say whether the main process lives."""
        return self._process is not None and self._process.poll() is None

    def collect(self) -> int:
        """Clear up after the main process ended: its group, its pid file; return its status."""
        if self._process is None or self._process.returncode is None:
            raise RuntimeError(f"{self.name} has not ended; there is nothing to collect")
        process, self._process = self._process, None
        # Pool processes of a killed worker would go on with children that count as lost.
        signal_group(process.pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)
        return process.returncode

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to the main process; SIGKILL goes to the whole group."""
        if self._process is None:
            return
        if signum is signal.SIGKILL:
            signal_group(self._process.pid, signum)
        else:
            self._process.send_signal(signum)


def pid_file(state_dir: Path, name: str) -> Path:
    """Where the pid of the live main process of that name is written."""
    return state_dir / f"{name}.pid"


def signal_group(group: int, signum: signal.Signals) -> None:
    """Signal every process of a group that may have ended already."""
    # macOS answers EPERM, not ESRCH, for a group that holds only zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)
