"""Records ends on behalf of pool processes that died, off Celery's event loop."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import Final

from inception.runs.errors import InceptionError
from inception.runs.insistence import insist
from inception.runs.records import ClaimEnd, ClaimRecord
from inception.runs.store import Store

logger = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
"""Ends that wait for Redis; beyond, beats tell the watchers that those claims are gone."""
_CLOSE_WAIT: Final = 5.0
"""Seconds (s) that closing waits for what is still to be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posthumous:
    """An end on behalf of pool process `pid` of `worker`, which held the claim if anybody did.

    `claimed` says that it ends nothing unless somebody did: its message may still be delivered.
    """

    end: ClaimEnd
    worker: str
    pid: int | None
    claimed: bool = False


class Recorder:
    """A thread that records ends in the order given, asking on while Redis is away."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ends: queue.Queue[Posthumous | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="inception-recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def record(self, end: Posthumous) -> None:
        """Record `end` soon, unless another end is there already. Never waits."""
        try:
            self._ends.put_nowait(end)
        except queue.Full:
            logger.error("Too many ends wait for Redis", extra={"action": "end_not_recorded"})

    def close(self) -> None:
        """Return once all is recorded, or after 5 s."""
        try:
            self._ends.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_CLOSE_WAIT)

    def _run(self) -> None:
        while (end := self._ends.get()) is not None:
            self._put(end)

    def _put(self, posthumous: Posthumous) -> None:
        end = posthumous.end
        words = {"action": "end_recorded", "run_id": end.run_id, "path": end.path}
        try:
            kept = insist(lambda: self._end(posthumous), what="a child's end")
        except InceptionError:
            logger.exception("An end was not recorded", extra=words)
            return
        if kept:
            logger.warning("%s: %s", end.state, end.meta["error"], extra=words)

    def _end(self, posthumous: Posthumous) -> bool:
        """Record it; False where the dead process had only a copy of another's message."""
        end = posthumous.end
        claim = self._store.read_claims(end.run_id, [end.path]).get(end.path)
        if posthumous.claimed if claim is None else not _holds(posthumous, claim):
            return False
        return self._store.end_claim(end)


def _holds(posthumous: Posthumous, claim: ClaimRecord) -> bool:
    holder = (claim.attempt, claim.worker, claim.pid)
    return holder == (posthumous.end.attempt, posthumous.worker, posthumous.pid)
