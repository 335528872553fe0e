"""Looks after the pool often enough that a dead process is noticed at once.

Celery is told of a process's end by a pipe that the kernel closes a moment before the process
can be waited for; where it looks in between, it sees a living process and looks again 5 s later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from celery import bootsteps

LOOK_EVERY: Final = 0.25
"""Seconds (s) between two looks: one `waitpid` and one `kill` for each process of the pool."""


def pool_care(look: Callable[[], None]) -> type[bootsteps.StartStopStep]:
    """A step of Celery's worker that joins dead pool processes, and then calls `look`."""

    class PoolCare(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
        """Joins dead pool processes four times a second."""

        requires: ClassVar[set[str]] = {"celery.worker.components:Pool"}

        def register_with_event_loop(self, worker: Any, hub: Any) -> None:
            """Called by Celery each time its event loop begins."""

            def care() -> None:
                worker.pool.maintain_pool()
                look()

            hub.call_repeatedly(LOOK_EVERY, care)

    return PoolCare
