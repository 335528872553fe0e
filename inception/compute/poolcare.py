"""Looks after the pool often enough that a dead process is noticed at once.

Celery is told of a process's end by a pipe that the kernel closes a moment before the process
can be waited for; where it looks in between, it sees a living process and looks again 5 s later.

And where two processes die at about the same moment, billiard may find the second one dead before
it has read that this one had accepted its task. It closes the pipe, and gives the task to another
process, which is refused the claim: nobody would be told of that death.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from billiard.common import human_status
from celery import bootsteps

LOOK_EVERY: Final = 0.25
"""Seconds (s) between two looks: one `waitpid` for each process of the pool."""


def pool_care(on_death: Callable[[int, str], None]) -> type[bootsteps.StartStopStep]:
    """A step of Celery's worker that looks after its pool.

    `on_death` is told of each process of the pool that has ended: its pid, and by which signal or
    exit code. It comes after the request was told whose task that process had accepted, and before
    another process takes its place.
    """

    class PoolCare(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
        """Joins dead pool processes four times a second."""

        requires: ClassVar[set[str]] = {"celery.worker.components:Pool"}

        def register_with_event_loop(self, worker: Any, hub: Any) -> None:
            """Called by Celery each time its event loop begins, and before the pool's own."""
            hub.call_soon(_tell_of_deaths, worker.pool._pool, on_death)  # noqa: SLF001 -- billiard's
            hub.call_repeatedly(LOOK_EVERY, worker.pool.maintain_pool)

    return PoolCare


def _tell_of_deaths(pool: Any, on_death: Callable[[int, str], None]) -> None:
    tidy_up = pool.on_process_down  # made anew for each event loop

    def on_process_down(process: Any) -> None:
        tidy_up(process)
        on_death(process.pid, human_status(process.exitcode))

    pool.on_process_down = on_process_down
