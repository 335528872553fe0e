"""The beater: says that this process lives, and hears what concerns it.

One beat a process, not one a run: ten thousand waiting runs cost Redis nothing. The beater has
a connection of its own, so that a broker connection in trouble makes nobody look dead, and the
other way round.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from typing import Final

from inception.runs.connection import connect
from inception.runs.errors import StoreUnavailable
from inception.runs.records import Beat, BeatAnswer
from inception.runs.store import Store

logger = logging.getLogger(__name__)

BEATS_PER_TTL: Final = 5
LONGEST_PERIOD: Final = 5.0
"""Seconds (s) between two beats at most: who was not heard for 15 s counts as not ready, however
long a time-to-live is."""
RETRY_AFTER: Final = 1.0
"""Seconds (s) after a failed beat until the next."""
_STOP_WAIT: Final = 8.0
"""Seconds (s) that stopping waits for a beat under way: its own time-outs end it before."""


def process_name(name: str) -> str:
    """The name of this start of this process: `<host>:<name>:<random>`.

    Two starts never share a name, so whatever the earlier one left behind is seen as its own.
    """
    return f"{socket.gethostname()}:{name}:{secrets.token_hex(4)}"


class Beater:
    """Beats from a thread of its own.

    Every TTL/5, and at least every 5 s; each second while Redis doesn't answer.

    `make_beat` is given the counter and returns the beat; `on_answer` and `on_failure` (Redis
    could not be reached: nothing is known of the others since the last answer) are called from
    the beater's thread and must not block. `ttl` is in seconds (s).
    """

    def __init__(
        self,
        url: str,
        *,
        make_beat: Callable[[int], Beat],
        on_answer: Callable[[BeatAnswer], None],
        ttl: float,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        self._store = Store(connect(url, purpose="beats", size=1))
        self._make_beat = make_beat
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._period = min(ttl / BEATS_PER_TTL, LONGEST_PERIOD)
        self._counter = 0
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="inception-beats", daemon=True)

    def start(self) -> None:
        """Begin to beat, at once."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """True from start to stop."""
        return self._thread.is_alive()

    def beat_soon(self) -> None:
        """Beat now rather than when the period is over, since something changed."""
        self._wake.set()

    def stop(self) -> None:
        """Beat no more; returns when the thread has ended or after 8 s."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_WAIT)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            pause = self._period if self._beat() else min(RETRY_AFTER, self._period)
            self._wake.wait(pause)

    def _beat(self) -> bool:
        self._counter += 1
        try:
            answer = self._store.beat(self._make_beat(self._counter))
            self._on_answer(answer)
        except StoreUnavailable as error:
            self._failed(error)
            return False
        except Exception:  # A process without a beat counts as dead: the thread must go on.
            logger.exception("A beat failed", extra={"action": "beat_failed", "pid": os.getpid()})
            return False
        return True

    def _failed(self, error: StoreUnavailable) -> None:
        logger.warning("Redis heard no beat: %s", error, extra={"action": "beat_failed"})
        if self._on_failure is not None:
            self._on_failure()
