"""A real Celery worker of a test's own: `celery -A celery_worker worker`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOOK = 0.05


class WorkerProcess:
    """A worker's main process, whose output goes to a file."""

    def __init__(
        self, url: str | None, log: Path, *options: str, app: str = "celery_worker",
        directory: Path = ROOT, environ: Mapping[str, str] | None = None,
        through: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`through` are words before the command, which end in `exec`."""
        self.log_file = log
        celery = (sys.executable, "-m", "celery", "-A", app, "worker")
        command = [*through, *celery, *_quiet(), *options]
        kept = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
        address = {} if url is None else {"REDIS_URL": url}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=directory,
                env={**kept, **address, "PYTHONUNBUFFERED": "1", **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text("utf-8", "replace")

    def wait_until_says(self, text: str, within: float = 30.0) -> None:
        """Return once the log holds `text`."""
        deadline = time.monotonic() + within
        while text not in self.said:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not say {text!r}:\n{self.said}")
            time.sleep(_LOOK)

    def wait_until_ready(self) -> None:
        """Return once it consumes."""
        self.wait_until_says(" ready.")

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to the main process alone."""
        self.process.send_signal(signum)

    def wait(self, within: float = 20.0) -> int:
        """Return the exit code."""
        return self.process.wait(within)

    def end(self) -> None:
        """Kill whatever is left of it: the whole session that was started for it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def _quiet() -> Sequence[str]:
    return ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
