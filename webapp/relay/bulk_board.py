"""How far bulk actions are, for the sockets that follow one."""

from __future__ import annotations

from dataclasses import dataclass

from inception.runs import keys
from inception.runs.bulks import Bulk
from inception.runs.errors import BulkNotFound
from inception.runs.store import Store
from webapp.relay.clients import Clients
from webapp.relay.following import Follower, Following
from webapp.relay.marks import Bells
from webapp.relay.watchable import Subscriptions


@dataclass(slots=True, eq=False, kw_only=True)
class _BulkFollower(Follower[Bulk]):
    """One socket, the bulk action it follows, and what it was last told of it."""

    owner: BulkBoard
    bulk_id: str
    told: Bulk | None = None

    def hear(self, _counted: str) -> None:
        """One more run was acted on."""
        self.owner.mark(self)


class BulkBoard(Following[_BulkFollower]):
    """Each socket follows one bulk action at a time."""

    event = "bulk"

    def __init__(
        self, store: Store, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        super().__init__(store, listener, clients, bells)
        self._followers: dict[str, _BulkFollower] = {}

    def watch(self, sid: str, bulk_id: str) -> Bulk:
        """Answer with how far it is, and follow it; replaces what this socket followed before.

        Raises BulkNotFound, StoreUnavailable.
        """
        self.unwatch(sid)
        follower = _BulkFollower(owner=self, sid=sid, bulk_id=bulk_id)
        with self._guard:
            self._followers[sid] = follower
        try:
            self._listener.subscribe(keys.bulk(bulk_id), follower.hear)
            bulk = follower.told = self._store.read_bulk(bulk_id)
        except BaseException:
            self.unwatch(sid)
            raise
        if sid not in self._clients:
            self.unwatch(sid)
        self.answer(follower)
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

    def is_followed(self, follower: _BulkFollower) -> bool:
        """False once its socket follows another, or none."""
        return self._followers.get(follower.sid) is follower

    def read_on(self, follower: _BulkFollower) -> bool:
        """Read how far it is; False if that was told, or the action isn't kept any more."""
        try:
            bulk = self._store.read_bulk(follower.bulk_id)
        except BulkNotFound:
            self.unwatch(follower.sid)
            return False
        if bulk == follower.told:
            return False
        follower.news = follower.told = bulk
        return True

    def payload(self, follower: _BulkFollower) -> Bulk | None:
        """The action as it was read."""
        return follower.news

    def sent(self, follower: _BulkFollower) -> None:
        """After the last word there is nothing to follow."""
        if follower.news is not None and follower.news["finalized_at"] is not None:
            self.unwatch(follower.sid)
