"""Tells everybody which parents there are: the catalogue.

Each worker that starts writes it, and each watcher once Redis has been emptied.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from celery import Celery

from inception.authoring.schema import describe
from inception.installing.watchers import kind_of
from inception.runs.errors import StoreUnavailable
from inception.runs.model import Parent
from inception.runs.store import Store

logger = logging.getLogger(__name__)

_PAUSE: Final = 1.0
"""Seconds (s) between two tries while Redis is away."""
_TRIES: Final = 3600


class Announcer:
    """Writes the catalogue: which parents there are, for those who know no task's code."""

    def __init__(self, app: Celery, store: Store) -> None:
        self._store = store
        self._parents = describe_parents(app)

    def announce(self) -> None:
        """Write it soon, trying once a second while Redis is away, for an hour. Never waits."""
        threading.Thread(target=self._run, name="inception-catalogue", daemon=True).start()

    def _run(self) -> None:
        for _try in range(_TRIES):
            try:
                self._store.write_catalogue(self._parents)
                return
            except StoreUnavailable as away:
                about = {"action": "catalogue_waits"}
                logger.warning("The catalogue waits for Redis: %s", away, extra=about)
            time.sleep(_PAUSE)


def describe_parents(app: Celery) -> list[Parent]:
    """The catalogue's entries of all parents that `app` has registered."""
    tasks = [app.tasks[name] for name in sorted(app.tasks)]
    return [describe(task) for task in tasks if kind_of(task) == "parent"]
