"""What one socket follows by a doorbell: the channel rings, the thing is read, the news is sent.

What is published on the channel is not passed on, so that nothing can be missed or sent twice:
who rang is read from where it was last, as often as its pace allows.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from inception.runs.errors import StoreUnavailable
from inception.runs.store import Store
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells, Marks
from webapp.relay.pacing import Pace
from webapp.relay.watchable import RETRY_READING, Subscriptions

UPDATES_PER_SECOND: Final = 4.0
_BURST: Final = 2

News = TypeVar("News")


@dataclass(slots=True, eq=False)
class Follower(Generic[News]):
    """A socket's place in what it follows; `news` was read and has still to be sent.

    Until it is `answered`, the one who answers reads for it, and nobody else.
    """

    sid: str
    answered: bool = False
    news: News | None = None
    pace: Pace = field(default_factory=lambda: Pace(UPDATES_PER_SECOND, _BURST))


OneFollower = TypeVar("OneFollower", bound=Follower[Any])


class Following(ABC, Generic[OneFollower]):
    """Those who rang and those to be read. Each event carries what `payload` makes of the news."""

    event: str

    def __init__(
        self, store: Store, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        self._store = store
        self._listener = listener
        self._clients = clients
        self._guard = threading.Lock()
        self._rung: Marks[OneFollower] = Marks(bells.flush)
        self._unread: Marks[OneFollower] = Marks(bells.read)

    def mark(self, follower: OneFollower) -> None:
        """There may be something new for that one."""
        self._rung.add(follower)

    def answer(self, follower: OneFollower) -> None:
        """Its client has what was read up to now: what came since is read and sent."""
        follower.answered = True
        self.mark(follower)

    def flush(self, now: float) -> float | None:
        """Emit what was read; the seconds until more may be, or None."""
        waits = [self._flush(follower, now) for follower in self._rung.take()]
        return min((wait for wait in waits if wait is not None), default=None)

    def read(self) -> float | None:
        """Read for those who rang; the seconds after which to try again, or None."""
        retries = [self._read(follower) for follower in self._unread.take()]
        return RETRY_READING if any(retries) else None

    @abstractmethod
    def is_followed(self, follower: OneFollower) -> bool:
        """False once its socket follows that no more."""

    @abstractmethod
    def read_on(self, follower: OneFollower) -> bool:
        """Read what is new into `news`; False if nothing is. Raises StoreUnavailable."""

    @abstractmethod
    def payload(self, follower: OneFollower) -> object:
        """What is sent of its news."""

    def sent(self, follower: OneFollower) -> None:
        """Its news was sent; it is still there to look at."""

    def _flush(self, follower: OneFollower, now: float) -> float | None:
        if follower.news is not None and not self._send(follower, now):
            self._rung.keep(follower)  # for when its client has drained
            return None
        # It may have rung again while this news was read: only reading once more can tell.
        wait = follower.pace.wait(now)
        if wait > 0:
            self._rung.keep(follower)
            return wait
        follower.pace.spend(now)
        self._unread.add(follower)
        return None

    def _send(self, follower: OneFollower, now: float) -> bool:
        """False if its client is behind."""
        if self._clients.emit(self.event, self.payload(follower), [follower.sid], now):
            return False
        self.sent(follower)
        follower.news = None
        return True

    def _read(self, follower: OneFollower) -> bool:
        """True if that has to be tried again."""
        if not follower.answered or not self.is_followed(follower):
            return False
        try:
            has_news = self.read_on(follower)
        except StoreUnavailable:
            self._unread.keep(follower)
            return True
        if has_news:
            self._rung.add(follower)
        return False
