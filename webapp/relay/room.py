"""The members of one run's room, and what each of them is to be sent next. Pure, save the lock.

A member is *joining* from the acknowledgement of its `watch` until the flusher has seen that what
it lacks is sent; then *live*; and *behind* while its queue is full, or while what it lacks can
only be had as a snapshot.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from inception.runs.model import Batch, Snapshot
from webapp.relay.pacing import Pace
from webapp.relay.published import as_heard, read_published
from webapp.relay.run_feed import Need, RunFeed

BATCHES_PER_SECOND: Final = 20.0
BURST: Final = 4
MAX_INBOX: Final = 1_000
"""Published batches that may wait to be looked at; beyond, the stream is asked instead."""


class Position(NamedTuple):
    """Up to where a client knows a run."""

    epoch: str
    seq: int


class Mail(NamedTuple):
    """One event for some sockets.

    `live` is true for what just happened, false for what brings somebody up to it.
    """

    event: str
    payload: object
    sids: frozenset[str]
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What has to be read for a room: events since `position`, or a snapshot where that is None.

    `gaps` is what the feed's count was when it was asked for.
    """

    position: Position | None
    gaps: int


class Room:
    """One run's feed and members.

    `guard` is held, briefly, around every method but `hear`, `gap` and `pass_on`. `holders` counts
    the `watch` calls that are under way: a room with any, or with members, stays.
    """

    def __init__(
        self,
        run_id: str,
        *,
        on_heard: Callable[[Room], None],
        on_gap: Callable[[Room], None],
    ) -> None:
        self.run_id = run_id
        self._on_heard = on_heard
        self._on_gap = on_gap
        self.guard = threading.Lock()
        self.subscribing = threading.Lock()
        self.subscribed = False
        self.holders = 0
        self.gone = False
        self._feed = RunFeed(run_id)
        self._pace = Pace(BATCHES_PER_SECOND, BURST)
        self._inbox: deque[str] = deque()
        self._missed = False
        self._is_even = False
        """True if, when it was last looked at, everybody was live and had all there was. Until the
        next look only who emits moves the feed, and it needs no guard for that."""
        self._live: set[str] = set()
        self._joining: dict[str, Position] = {}
        self._behind: set[str] = set()
        self._snapshot: tuple[Snapshot, int] | None = None

    @property
    def members(self) -> frozenset[str]:
        """Everybody in the room."""
        return frozenset(self._live | self._joining.keys() | self._behind)

    @property
    def live(self) -> frozenset[str]:
        """Who has all that was sent, as of now."""
        return frozenset(self._live)

    @property
    def has_behind(self) -> bool:
        """True while a member waits for a snapshot."""
        return bool(self._behind)

    def hear(self, text: str) -> None:
        """Put aside what was published; never waits."""
        if len(self._inbox) < MAX_INBOX:
            self._inbox.append(text)
        else:
            self._missed = True
        self._on_heard(self)

    def gap(self) -> None:
        """Something may have been missed; never waits."""
        self._missed = True
        self._on_gap(self)

    def join(self, sid: str, position: Position) -> None:
        """A client has been answered with what the run was at `position`."""
        if not self._feed.positioned:
            self._feed.reset(position.epoch, position.seq, self._feed.gaps)
        self._joining[sid] = position

    def leave(self, sid: str) -> None:
        """A client watches no more, or is about to ask anew."""
        self._live.discard(sid)
        self._behind.discard(sid)
        self._joining.pop(sid, None)

    def fall_behind(self, sids: Iterable[str]) -> None:
        """Those members could not be sent something: they need a snapshot once they can be."""
        self._is_even = False
        for sid in self.members.intersection(sids):
            self.leave(sid)
            self._behind.add(sid)

    def pass_on(self, now: float) -> Batch | None:
        """The batch that was heard, if all there is to do is to send it to who is `live`.

        The short way of `due`, for what nearly every update is: its code lies cold when an update
        comes, so what it costs is how much there is of it. None, and nothing done, if it is not so.
        """
        if not self._is_even or len(self._inbox) != 1:
            return None
        if self._joining or self._missed or self._snapshot is not None:
            return None
        batch, feed = as_heard(self._inbox[0]), self._feed
        if batch is None or batch["from"] != feed.heard or batch["epoch"] != feed.epoch:
            return None
        if not self._pace.take(now):
            return None
        self._inbox.popleft()
        feed.pass_on(batch)
        return batch

    def due(self, now: float, is_behind: Callable[[str], bool]) -> list[Mail]:
        """What is to be sent now, in this order; `is_behind` tells whose queue is full."""
        self._is_even = False
        mails = self._due(now, is_behind)
        self._is_even = self._feed.is_even and not (self._behind or self.gone)
        return mails

    def _due(self, now: float, is_behind: Callable[[str], bool]) -> list[Mail]:
        self._read_inbox()
        if self.gone:
            return [Mail("gone", {"run_id": self.run_id}, self.members)]
        mails: list[Mail] = []
        if self._snapshot is not None:
            mails += self._deliver_snapshot(self._snapshot, is_behind)
        if self._joining:
            mails += self._admit()
        if self._feed.has_news and self._pace.take(now):
            mails.append(Mail("events", self._feed.take(), frozenset(self._live), live=True))
        return mails

    def wait(self, now: float) -> float | None:
        """Seconds until a batch may be sent that waits for its turn; None if none does."""
        return self._pace.wait(now) if self._feed.has_news else None

    def request(self, is_behind: Callable[[str], bool]) -> Request | None:
        """What has to be read before this room can go on, if anything."""
        if self.gone or self._snapshot is not None or not self._feed.positioned:
            return None
        feed = self._feed
        returns = self._behind and any(not is_behind(sid) for sid in self._behind)
        if feed.need is Need.SNAPSHOT or returns:
            return Request(position=None, gaps=feed.gaps)
        if feed.need is Need.EVENTS:
            return Request(position=Position(feed.epoch, feed.heard), gaps=feed.gaps)
        return None

    def fill(self, batch: Batch, gaps: int) -> None:
        """Take what the stream says since the position that was asked for."""
        self._feed.fill(batch, gaps)

    def refresh(self, snapshot: Snapshot, gaps: int) -> None:
        """Take a snapshot that was asked for."""
        self._snapshot = (snapshot, gaps)

    def events_are_gone(self) -> None:
        """The stream doesn't reach back far enough: only a snapshot helps."""
        self._feed.need = Need.SNAPSHOT

    def _read_inbox(self) -> None:
        if self._missed:
            self._missed = False
            self._feed.gap()
        while self._inbox:
            published = read_published(self._inbox.popleft())
            self.gone = self.gone or published.gone
            if published.batch is not None:
                self._feed.accept(published.batch)

    def _deliver_snapshot(
        self, read: tuple[Snapshot, int], is_behind: Callable[[str], bool]
    ) -> list[Mail]:
        snapshot, gaps = read
        self._snapshot = None
        position = Position(snapshot["epoch"], snapshot["seq"])
        sids = {sid for sid in self._behind if not is_behind(sid)}
        if self._feed.need is Need.SNAPSHOT:
            self._feed.reset(*position, gaps)
            sids |= self._live | self._joining.keys()
        for sid in sids:
            self.leave(sid)
            self._joining[sid] = position
        return [Mail("snapshot", snapshot, frozenset(sids))] if sids else []

    def _admit(self) -> list[Mail]:
        """Bring those who join up to what the others were sent, and count them as live."""
        mails = []
        joining, self._joining = self._joining, {}
        for sid, position in joining.items():
            if position.epoch != self._feed.epoch:
                self._feed.need = Need.SNAPSHOT
                self._joining[sid] = position
            elif position.seq >= self._feed.sent:
                self._live.add(sid)
            elif (batch := self._feed.since(position.seq)) is not None:
                mails.append(Mail("events", batch, frozenset({sid})))
                self._live.add(sid)
            else:
                self._behind.add(sid)
        return mails
