"""The rooms of all runs that a socket of this process watches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Set
from typing import Final, cast

from typing_extensions import TypedDict

from inception.runs import keys
from inception.runs.errors import EventsGone, RunNotFound, StoreUnavailable
from inception.runs.model import Batch, Snapshot
from inception.runs.store import Store
from webapp.errors import TooManyRequests
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells, Marks
from webapp.relay.meter import RelayMeter
from webapp.relay.room import Mail, Position, Request, Room
from webapp.relay.watchable import RETRY_READING, Subscriptions

MAX_WATCHED: Final = 10_000
"""Runs that one socket may watch at a time."""


class WatchAnswer(TypedDict, total=False):
    """The acknowledgement of `watch`: a snapshot or a batch; `now` is Redis' clock, in ms."""

    snapshot: Snapshot
    batch: Batch
    now: int


class RunRooms:
    """Subscribes to a run while anybody here watches it."""

    def __init__(
        self,
        store: Store,
        listener: Subscriptions,
        clients: Clients,
        bells: Bells,
        meter: RelayMeter,
    ) -> None:
        self._store = store
        self._listener = listener
        self._clients = clients
        self._meter = meter
        self._guard = threading.Lock()
        self._rooms: dict[str, Room] = {}
        self._watched: dict[str, set[str]] = {}
        self._dirty: Marks[Room] = Marks(bells.flush)
        self.mail: Set[Room] = self._dirty.marked
        """Rooms of which something was heard, or is left from before: `flush` is to be called."""
        self._unread: Marks[Room] = Marks(bells.read)
        self._lagging: set[Room] = set()
        """Rooms with a member who is behind: the flusher's alone."""
        self._settled = 0

    def watch(self, sid: str, run_id: str, known: Position | None) -> WatchAnswer:
        """Answer a client and let it join, so that what it hears next continues the answer.

        The subscription is confirmed before anything is read. Raises RunNotFound,
        StoreUnavailable, TooManyRequests.
        """
        room = self._hold(sid, run_id)
        joined = False
        try:
            self._subscribe(room)
            with room.guard:
                room.leave(sid)
            answer, position = self._answer(run_id, known)
            with room.guard:
                room.join(sid, position)
            joined = sid in self._clients  # else it went while we read, and its `forget` has passed
        finally:
            self._release(room)
            if not joined:
                self.unwatch(sid, run_id)
        self._touch(room)
        return answer

    def unwatch(self, sid: str, run_id: str) -> None:
        """A client watches that run no more."""
        with self._guard:
            self._watched.get(sid, set()).discard(run_id)
            room = self._rooms.get(run_id)
        if room is not None:
            with room.guard:
                room.leave(sid)
            self._close_if_empty(room)

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            watched = list(self._watched.get(sid, ()))
        for run_id in watched:
            self.unwatch(sid, run_id)
        with self._guard:
            self._watched.pop(sid, None)

    def gap(self) -> None:
        """The listener may have missed something of every run."""
        for room in list(self._rooms.values()):
            room.gap()

    def flush(self, now: float) -> float | None:
        """Emit what is due; the seconds until more is, or None. Never waits, and ends no client."""
        due = self._dirty.take()
        if self._settled != self._clients.settled:
            due = [*{*due, *self._take_lagging()}]
        soonest: float | None = None
        for room in due:
            wait = self._flush(room, now)
            if wait is not None and (soonest is None or wait < soonest):
                soonest = wait
        return soonest

    def read(self) -> float | None:
        """Read what rooms lack; the seconds after which to try again, or None."""
        waits = [self._read(room) for room in self._unread.take()]
        return min((wait for wait in waits if wait is not None), default=None)

    def _hold(self, sid: str, run_id: str) -> Room:
        with self._guard:
            watched = self._watched.setdefault(sid, set())
            if len(watched) >= MAX_WATCHED and run_id not in watched:
                raise TooManyRequests(f"One socket may watch {MAX_WATCHED:,} runs; unwatch some.")
            watched.add(run_id)
            room = self._rooms.get(run_id)
            if room is None:
                # What is heard rings no bell: whoever hears has `flush` called once it has all.
                room = self._rooms[run_id] = Room(
                    run_id, on_heard=self._dirty.keep, on_gap=self._touch
                )
            room.holders += 1
            return room

    def _release(self, room: Room) -> None:
        with self._guard:
            room.holders -= 1
        self._close_if_empty(room)

    def _subscribe(self, room: Room) -> None:
        with room.subscribing:
            if not room.subscribed:
                self._listener.subscribe(keys.events(room.run_id), room.hear)
                room.subscribed = True

    def _close_if_empty(self, room: Room) -> None:
        with self._guard, room.guard:
            if room.holders or room.members or self._rooms.get(room.run_id) is not room:
                return
            del self._rooms[room.run_id]
        self._listener.unsubscribe(keys.events(room.run_id), room.hear)

    def _answer(self, run_id: str, known: Position | None) -> tuple[WatchAnswer, Position]:
        if known is not None:
            try:
                batch = self._store.events_since(run_id, known.epoch, known.seq)
            except EventsGone:
                pass  # a snapshot it is
            else:
                return {"batch": self._shown(batch)}, Position(batch["epoch"], batch["to"])
        snapshot = self._snapshot(run_id)
        return {"snapshot": snapshot}, Position(snapshot["epoch"], snapshot["seq"])

    def _snapshot(self, run_id: str) -> Snapshot:
        return self._store.snapshot(run_id)

    def _shown(self, batch: Batch) -> Batch:
        return batch

    def _touch(self, room: Room) -> None:
        self._dirty.add(room)

    def _flush(self, room: Room, now: float) -> float | None:
        """Send what is due to a room; the seconds until more is, or None."""
        batch = room.pass_on(now)
        if batch is None:
            return self._flush_at_length(room, now)
        if self._send_batch(room, batch, room.live, now, live=True):
            self._lagging.add(room)
        return None

    def _flush_at_length(self, room: Room, now: float) -> float | None:
        is_behind = self._clients.is_behind
        with room.guard:
            mails = room.due(now, is_behind)
            wait, request, lags = room.wait(now), room.request(is_behind), room.has_behind
        for mail in mails:
            lags = self._send(room, mail, now) or lags
        if wait is not None:
            self._dirty.keep(room)
        if lags:
            self._lagging.add(room)
        if request is not None:
            self._unread.add(room)
        return wait

    def _take_lagging(self) -> set[Room]:
        """The rooms that somebody lags in, when somebody has caught up or gone, not at each turn.

        With ten runs on one stalled client every update of one had all ten looked at.
        """
        self._settled = self._clients.settled
        lagging, self._lagging = self._lagging, set()
        return lagging

    def _send(self, room: Room, mail: Mail, now: float) -> bool:
        """Send to those who keep up; True if some don't, for whom the room has to wait."""
        if mail.event == "events":
            return self._send_batch(room, cast(Batch, mail.payload), mail.sids, now, live=mail.live)
        behind = self._clients.emit(mail.event, mail.payload, mail.sids, now)
        if mail.event == "gone":
            self._end(room, mail.sids - behind)
        elif behind:
            self._leave_behind(room, behind)
        return bool(behind)

    def _send_batch(
        self, room: Room, batch: Batch, sids: frozenset[str], now: float, *, live: bool
    ) -> bool:
        """Send a batch to those who keep up; True if some don't."""
        shown = self._shown(batch)
        behind = self._clients.emit("events", shown, sids, now)
        self._meter.sent(shown, len(sids) - len(behind), live=live)
        if behind:
            self._leave_behind(room, behind)
        return bool(behind)

    def _leave_behind(self, room: Room, sids: set[str]) -> None:
        with room.guard:
            room.fall_behind(sids)

    def _end(self, room: Room, told: Iterable[str]) -> None:
        """Close the room to those who know that there is no run any more; others have still to."""
        for sid in told:
            self.unwatch(sid, room.run_id)

    def _read(self, room: Room) -> float | None:
        with room.guard:
            request = room.request(self._clients.is_behind)
        if request is None:
            return None
        try:
            self._read_for(room, request)
        except StoreUnavailable:
            self._unread.keep(room)
            return RETRY_READING
        self._touch(room)
        return None

    def _read_for(self, room: Room, request: Request) -> None:
        try:
            if request.position is not None:
                batch = self._store.events_since(room.run_id, *request.position)
                with room.guard:
                    room.fill(batch, request.gaps)
            else:
                snapshot = self._snapshot(room.run_id)
                with room.guard:
                    room.refresh(snapshot, request.gaps)
        except EventsGone:
            with room.guard:
                room.events_are_gone()
        except RunNotFound:
            room.gone = True
