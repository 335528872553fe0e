"""Deletes ended runs that are older, or more, than the settings keep."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from inception.runs.errors import RunNotEnded, RunNotFound

if TYPE_CHECKING:
    from inception.runs.settings import Settings
    from inception.runs.store import Store

log = logging.getLogger(__name__)

EVERY_MS: Final = 60_000
"""Milliseconds (ms) between two looks of one process."""
MOST_A_LOOK: Final = 200
"""Runs that one look deletes; what is left beyond that is seen at the next."""
_DAY_MS: Final = 24 * 3600 * 1000


class Retention:
    """Looks after each of a watcher's beats whether it is time; every watcher does it."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._looked_at = 0

    def tick(self, now_ms: int) -> int:
        """Delete what has expired by `now_ms` (Redis' clock); return how many runs that were.

        Raises StoreUnavailable.
        """
        if now_ms - self._looked_at < EVERY_MS:
            return 0
        self._looked_at = now_ms
        expired = self._store.expired_runs(
            older_than_ms=now_ms - self._settings.retention_days * _DAY_MS,
            keep=self._settings.retention_runs,
            limit=MOST_A_LOOK,
        )
        deleted = sum(1 for run_id in expired if self._delete(run_id))
        if deleted:
            log.info("Deleted %d expired runs", deleted, extra={"action": "retention"})
        return deleted

    def _delete(self, run_id: str) -> bool:
        """False if another watcher was first, or somebody retried the run."""
        try:
            self._store.delete_run(run_id)
        except (RunNotFound, RunNotEnded):
            return False
        return True
