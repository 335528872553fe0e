"""How far bulk actions are, for the sockets that follow one.

The channel is only a doorbell: when it rings the action is read, so that what is sent is whole.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from inception.runs import keys
from inception.runs.bulks import Bulk
from inception.runs.errors import BulkNotFound, StoreUnavailable
from inception.runs.store import Store
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells, Marks
from webapp.relay.pacing import Pace
from webapp.relay.watchable import RETRY_READING, Subscriptions

UPDATES_PER_SECOND: Final = 4.0


@dataclass(slots=True, eq=False)
class _Follower:
    """One socket, and the bulk action it follows; `news` is what it has still to be sent."""

    owner: BulkBoard
    sid: str
    bulk_id: str
    news: Bulk | None = None
    pace: Pace = field(default_factory=lambda: Pace(UPDATES_PER_SECOND, 2))

    def hear(self, _counted: str) -> None:
        """One more run was acted on."""
        self.owner.mark(self)


class BulkBoard:
    """Each socket follows one bulk action at a time."""

    def __init__(
        self, store: Store, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        self._store = store
        self._listener = listener
        self._clients = clients
        self._guard = threading.Lock()
        self._followers: dict[str, _Follower] = {}
        self._rung: Marks[_Follower] = Marks(bells.flush)
        self._unread: Marks[_Follower] = Marks(bells.read)

    def mark(self, follower: _Follower) -> None:
        """There may be something new for that one."""
        self._rung.add(follower)

    def watch(self, sid: str, bulk_id: str) -> Bulk:
        """Answer with how far it is, and follow it; replaces what this socket followed before.

        Raises BulkNotFound, StoreUnavailable.
        """
        self.unwatch(sid)
        follower = _Follower(self, sid, bulk_id)
        with self._guard:
            self._followers[sid] = follower
        try:
            self._listener.subscribe(keys.bulk(bulk_id), follower.hear)
            bulk = self._store.read_bulk(bulk_id)
        except BaseException:
            self.unwatch(sid)
            raise
        if sid not in self._clients:
            self.unwatch(sid)
        return bulk

    def unwatch(self, sid: str) -> None:
        """A client follows none any more."""
        with self._guard:
            follower = self._followers.pop(sid, None)
        if follower is not None:
            self._listener.unsubscribe(keys.bulk(follower.bulk_id), follower.hear)

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        self.unwatch(sid)

    def gap(self) -> None:
        """The listener may have missed a step of any."""
        for follower in list(self._followers.values()):
            self.mark(follower)

    def flush(self, now: float) -> float | None:
        """Emit what was read; the seconds until more may be, or None."""
        waits = [self._flush(follower, now) for follower in self._rung.take()]
        return min((wait for wait in waits if wait is not None), default=None)

    def read(self) -> float | None:
        """Read those that moved; when to try again (s), or None."""
        retries = [self._read(follower) for follower in self._unread.take()]
        return RETRY_READING if any(retries) else None

    def _flush(self, follower: _Follower, now: float) -> float | None:
        if follower.news is not None:
            self._tell(follower, follower.news, now)
            return None
        wait = follower.pace.wait(now)
        if wait > 0:
            self._rung.keep(follower)
            return wait
        follower.pace.spend(now)
        self._unread.add(follower)
        return None

    def _tell(self, follower: _Follower, news: Bulk, now: float) -> None:
        """Send it; to a client that is behind with the next step, or once it has drained."""
        if self._clients.emit("bulk", news, [follower.sid], now):
            self._rung.keep(follower)
            return
        follower.news = None
        if news["finalized_at"] is not None:
            self.unwatch(follower.sid)

    def _read(self, follower: _Follower) -> bool:
        """Read one; True if that has to be tried again."""
        if self._followers.get(follower.sid) is not follower:
            return False
        try:
            follower.news = self._store.read_bulk(follower.bulk_id)
        except StoreUnavailable:
            self._unread.keep(follower)
            return True
        except BulkNotFound:
            self.unwatch(follower.sid)
            return False
        self._rung.add(follower)
        return False
