"""A tiny process beside the supervisor that ends the others when the supervisor is killed.

It waits for the end of a pipe whose other end the supervisor holds: that is the supervisor's
end, however it came. Then it ends what is still recorded as running, Redis last. It is in a
session of its own, so what kills the supervisor's group spares it, and it keeps the state
folder's lock until it is done, so the next supervisor starts on cleared ground.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from webapp.supervisor.orphans import ProcessRecord

_LEAVE_TIMEOUT = 30.0
"""Seconds (s); ending a hung Redis takes 15."""


class Guard:
    """The supervisor's side of the pipe."""

    def __init__(self, state_dir: Path, root: Path, lock: int) -> None:
        self._state_dir = state_dir
        self._root = root
        self._lock = lock
        self._process = self._start()

    def revive(self) -> bool:
        """Start another guard process if this one was killed; say whether it was."""
        if self._process.poll() is None:
            return False
        self._process = self._start()
        return True

    def leave(self) -> None:
        """Let the guard end whatever is still recorded, and wait for it to go."""
        self._process.communicate(timeout=_LEAVE_TIMEOUT)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "webapp.supervisor.guard", str(self._state_dir)],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(self._lock,),
        )


def main(state_dir: Path) -> None:
    """Outlive the supervisor, whatever is sent to both, and clear up after it."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.stdin.buffer.read()
    ProcessRecord(state_dir).end_all()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
