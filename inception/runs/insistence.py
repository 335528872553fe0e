"""Asking again while Redis is away, since what a child came to must not be lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from inception.runs.errors import StoreUnavailable

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PATIENCE: Final = 24 * 3600.0
"""Seconds (s) after which an end that Redis never took is given up."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


def insist(call: Callable[[], Answer], *, what: str, patience: float = PATIENCE) -> Answer:
    """Return what `call` answers, asking again while Redis is away.

    An earlier try may have been done although its answer was lost, so `call` must be one that
    may be done twice. Pauses grow from 0.05 s to 5 s. Raises StoreUnavailable after `patience`
    seconds (s).
    """
    deadline, pause, log = time.monotonic() + patience, _FIRST_PAUSE, logger.warning
    while True:
        try:
            return call()
        except StoreUnavailable as away:
            if time.monotonic() + pause > deadline:
                raise
            log("Redis does not take %s; asking on: %s", what, away, extra={"action": "insist"})
        time.sleep(pause)
        pause, log = min(2 * pause, _LONGEST_PAUSE), logger.debug
