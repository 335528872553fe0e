"""The processes at work, for the sockets that look at them."""

from __future__ import annotations

import threading
from typing import Final

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from webapp.fleet import Fleet, FleetAnswer
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells
from webapp.relay.pacing import Pace
from webapp.relay.watchable import RETRY_READING, Subscriptions

UPDATES_PER_SECOND: Final = 1.0


class WorkerBoard:
    """Reads the workers again when a beat is heard and somebody looks; at most once a second."""

    def __init__(
        self, fleet: Fleet, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        self._fleet = fleet
        self._listener = listener
        self._clients = clients
        self._bells = bells
        self._subscribing = threading.Lock()
        self._subscribed = False
        self._sids: set[str] = set()
        self._pace = Pace(UPDATES_PER_SECOND, 1)
        self._moved = False
        self._fresh: FleetAnswer | None = None

    def watch(self, sid: str) -> FleetAnswer:
        """Answer with the workers and follow them. Raises StoreUnavailable."""
        with self._subscribing:
            if not self._subscribed:
                self._listener.subscribe(keys.BEATS_CHANNEL, self._hear)
                self._subscribed = True
            self._sids.add(sid)
        if sid not in self._clients:
            self.unwatch(sid)
        return self._fleet.read()

    def unwatch(self, sid: str) -> None:
        """A client looks no more."""
        with self._subscribing:
            self._sids.discard(sid)
            if self._subscribed and not self._sids:
                self._listener.unsubscribe(keys.BEATS_CHANNEL, self._hear)
                self._subscribed = False

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        if sid in self._sids:
            self.unwatch(sid)

    def gap(self) -> None:
        """The listener may have missed a beat."""
        self._hear("")

    def flush(self, now: float) -> float | None:
        """Emit the workers as they were read; the seconds until they may be read again, or None."""
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            # Whoever is behind is left out: the next beat brings all of it again.
            self._clients.emit("workers", fresh, list(self._sids), now)
        if not (self._moved and self._sids):
            return None
        wait = self._pace.wait(now)
        if wait <= 0:
            self._pace.spend(now)
            self._bells.read()
            return None
        return wait

    def read(self) -> float | None:
        """Read the workers; the seconds after which to try again, or None."""
        if not (self._moved and self._sids):
            return None
        self._moved = False
        try:
            self._fresh = self._fleet.read()
        except StoreUnavailable:
            self._moved = True
            return RETRY_READING
        self._bells.flush()
        return None

    def _hear(self, _beat: str) -> None:
        self._moved = True
        self._bells.flush()
