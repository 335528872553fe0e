"""The threads of a watcher process that talk to Redis on behalf of runs.

The hub's reader and the timers must never block, so whatever needs a round trip is a job for
the crew. The queue holds at most one writing job a run and one settling job a node.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from inception.runs.errors import RunNotFound, StaleToken
from inception.runs.wakeup import Wakeup

log = logging.getLogger(__name__)

CREW_SIZE: Final = 16
"""Jobs at once; well below the 50 connections of the pool."""

Job = Callable[[], None]


class _Hand:
    """A thread of the crew that has nothing to do, and the job it is woken for."""

    __slots__ = ("job", "wakeup")

    def __init__(self) -> None:
        self.job: Job | None = None
        self.wakeup = Wakeup()


class Crew:
    """A fixed number of threads that work through jobs in order of arrival.

    A job is handed to the thread that was the last to become idle, and wakes it alone: what that
    one needs is still in the processor's caches, and a queue's conditions cost more than the rest.
    """

    def __init__(self, size: int = CREW_SIZE) -> None:
        self._waiting: deque[Job] = deque()
        self._idle: list[_Hand] = []
        """Where somebody is idle, nothing waits."""
        self._stopping = False
        self._lock = threading.Lock()
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
        with self._lock:
            self._stopping = True
            idle, self._idle = self._idle, []
        for hand in idle:
            hand.wakeup.ring()

    def submit(self, job: Job) -> None:
        """Queue `job`; it runs on one of the threads, where it may block."""
        with self._lock:
            if not self._idle:
                self._waiting.append(job)
                return
            hand = self._idle.pop()
            hand.job = job
        hand.wakeup.ring()

    def _run(self) -> None:
        hand = _Hand()
        while (job := self._next(hand)) is not None:
            try:
                job()
            except (StaleToken, RunNotFound) as fenced:
                log.info("A job came too late: %s", fenced, extra={"action": "job_fenced"})
            except Exception:
                # A job's own error is told in the log; the thread goes on for the other runs.
                log.exception("A job of the watcher failed", extra={"action": "job_failed"})

    def _next(self, hand: _Hand) -> Job | None:
        """The next job, waited for if there is none; None once the crew is stopped."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._stopping:
                return None
            self._idle.append(hand)
        hand.wakeup.wait()
        job, hand.job = hand.job, None
        return job
