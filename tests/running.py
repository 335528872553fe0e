"""A whole application started as a user does, and what tests ask of its processes."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from webapp.supervisor.births import birth_of

PAUSE = 0.01
NAMES = ("redis", "watcher", "compute", "web")


def eventually(condition: Callable[[], bool], within: float, what: str) -> None:
    """Return as soon as the condition holds; fail after `within` seconds (s)."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within:g} s")
        time.sleep(PAUSE)


class Application:
    """`make run`, or the supervisor itself: its lines, its pid files, its processes."""

    def __init__(
        self, command: Sequence[str], directory: Path, state_dir: Path, environ: Mapping[str, str]
    ) -> None:
        self.state_dir = state_dir
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **environ, "INCEPTION_STATE_DIR": str(state_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._groups: set[int] = set()

    def wait_for(self, pattern: str, within: float = 30.0) -> re.Match[str]:
        """Return the match of the first line not yet looked at that holds the pattern."""
        deadline = time.monotonic() + within
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                said = "\n".join(self.said)
                raise AssertionError(f"no line with {pattern!r} in {within:g} s:\n{said}") from None
            if found := re.search(pattern, line):
                return found

    def wait_until_ready(self, within: float = 60.0) -> str:
        """Return the dashboard's address as soon as it is printed."""
        return self.wait_for(r"ready: (http://\S+)", within).group(1)

    def pid(self, name: str) -> int | None:
        """Return the pid in that process's file; None while there is no file."""
        try:
            pid = int((self.state_dir / f"{name}.pid").read_text())
        except FileNotFoundError:
            return None
        self._groups.add(pid)
        return pid

    def pids(self) -> dict[str, int | None]:
        """Return the pids of all processes by name."""
        return {name: self.pid(name) for name in NAMES}

    def replaced(self, name: str, old: int) -> bool:
        """Say whether another process than `old` has that name now."""
        return self.pid(name) not in (None, old)

    def living(self) -> list[int]:
        """Return the pids of all living processes of every group that was ever seen."""
        self.pids()
        listed = subprocess.run(
            ["ps", "-eo", "pid=,pgid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = (tuple(map(int, line.split())) for line in listed.splitlines())
        return [pid for pid, group in pairs if group in self._groups and birth_of(pid) is not None]

    def ask_to_stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the command alone, wait for its end, return its status."""
        self.process.send_signal(signum)
        return self.process.wait(30)

    def end(self) -> None:
        """End whatever a test left running."""
        if self.process.poll() is None:
            self.ask_to_stop()
        self._reader.join(5)

    def _read(self) -> None:
        if self.process.stdout is None:
            raise RuntimeError("the application was started without a pipe")
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            self._lines.put(line.rstrip())
