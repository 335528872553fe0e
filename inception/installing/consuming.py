"""What a worker really consumes, asked of the loop that takes its messages.

A worker can beat and take nothing: its consumer was cancelled by a control command, its loop is
stuck, the broker connection isn't back. So each beat has the loop say what it consumes at its next
turn, and tells what it said last; a loop that doesn't turn consumes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

STUCK_AFTER: Final = 10.0
"""Seconds (s) without a turn after which a loop counts as stuck; an idle one turns every 2 s."""

logger = logging.getLogger(__name__)


class Consumption:
    """The queues a worker consumes: those it was `configured` to, until its loop was asked."""

    def __init__(
        self, configured: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._found = tuple(configured)
        self._clock = clock
        self._consumer: Any = None
        self._asked_at: float | None = None
        self._was_stuck = False

    def watch(self, consumer: Any) -> None:
        """From now on ask this consumer of Celery's, which lives as long as the worker."""
        self._consumer = consumer

    def queues(self) -> tuple[str, ...]:
        """What is consumed, as of the last turn of the loop; nothing if that was too long ago."""
        if self._consumer is None:
            return self._found
        if self._asked_at is None:
            self._asked_at = self._clock()
            self._consumer.call_soon(self._answer)
        is_stuck = self._clock() - self._asked_at > STUCK_AFTER
        if is_stuck and not self._was_stuck:
            about = {"action": "consumer_stuck"}
            logger.warning("The worker's loop has not turned for %g s", STUCK_AFTER, extra=about)
        self._was_stuck = is_stuck
        return () if is_stuck else self._found

    def _answer(self) -> None:
        """Called by the loop itself."""
        self._found = tuple(queue.name for queue in self._consumer.task_consumer.queues)
        self._asked_at = None
