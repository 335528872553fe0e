"""The threads of a watcher process that talk to Redis on behalf of runs.

The hub's reader and the timers must never block, so whatever needs a round trip is a job for
the crew. The queue holds at most one writing job a run and one settling job a node.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

from inception.runs.errors import RunNotFound, StaleToken

log = logging.getLogger(__name__)

CREW_SIZE: Final = 16
"""Jobs at once; well below the 50 connections of the pool."""

Job = Callable[[], None]


class Crew:
    """A fixed number of threads that work through jobs in order of arrival."""

    def __init__(self, size: int = CREW_SIZE) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"inception-crew-{number}", daemon=True)
            for number in range(size)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each thread end after the jobs that are queued now; doesn't wait for them."""
        for _thread in self._threads:
            self._jobs.put(None)

    def submit(self, job: Job) -> None:
        """Queue `job`; it runs on one of the threads, where it may block."""
        self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except (StaleToken, RunNotFound) as fenced:
                log.info("A job came too late: %s", fenced, extra={"action": "job_fenced"})
            except Exception:
                # A job's own error is told in the log; the thread goes on for the other runs.
                log.exception("A job of the watcher failed", extra={"action": "job_failed"})
