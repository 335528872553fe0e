"""The relay of this web process: its threads, and everything that can be watched through it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Final

import redis
from flask_socketio import SocketIO

from inception.runs import keys
from inception.runs.listener import Listener
from inception.runs.store import Store
from webapp.fleet import Fleet
from webapp.relay.bulk_board import BulkBoard
from webapp.relay.clients import Clients
from webapp.relay.hearing import Hearing
from webapp.relay.log_tails import LogTails
from webapp.relay.marks import Bells, Turn
from webapp.relay.meter import RelayMeter
from webapp.relay.pulses import feel_pulses
from webapp.relay.round_trip import RoundTrip
from webapp.relay.run_beginnings import RunBeginnings
from webapp.relay.run_lists import RunLists
from webapp.relay.run_outlines import RunOutlines
from webapp.relay.run_rooms import RunRooms
from webapp.relay.watchable import RETRY_READING, Watchable
from webapp.relay.worker_board import WorkerBoard

MAX_SILENCE: Final = 15.0
"""Seconds (s) without a word on the listener's connection after which it counts as deaf."""

_EMPTIED: Final = '{"kind":"emptied"'

_log = logging.getLogger(__name__)


class Relay:
    """Starts by itself when it is first needed, and ends with the process."""

    def __init__(
        self, url: str, store: Store, client: redis.Redis, fleet: Fleet, sockets: SocketIO
    ) -> None:
        self._flush_wanted = threading.Event()
        self._read_wanted = threading.Event()
        bells = Bells(flush=self._flush_wanted.set, read=self._read_wanted.set)
        self.clients = Clients(sockets, wake=bells.flush)
        self._hearing = Hearing(self.clients, bells)
        listener = Listener(
            url,
            name="relay",
            on_gap=self._gap,
            on_lost=self._hearing.lost,
            on_heard=self._send_heard,
        )
        self._listener = listener
        self.meter = RelayMeter()
        self._round_trip = RoundTrip(listener, client, bells, stages=("flusher", "reader"))
        self.runs = RunRooms(store, listener, self.clients, bells, self.meter)
        self.beginnings = RunBeginnings(store, listener, self.clients, bells, self.meter)
        self.outlines = RunOutlines(store, listener, self.clients, bells, self.meter)
        self.lists = RunLists(store, listener, self.clients, bells)
        self.workers = WorkerBoard(fleet, listener, self.clients, bells)
        self.logs = LogTails(store, listener, self.clients, bells)
        self.bulks = BulkBoard(store, listener, self.clients, bells)
        self._watchables: tuple[Watchable, ...] = (
            self._hearing,
            self.runs,
            self.beginnings,
            self.outlines,
            self.lists,
            self.workers,
            self.logs,
            self.bulks,
        )
        self._rooms: Final = (self.runs, self.beginnings, self.outlines)
        self._emitting = Turn(bells.flush)
        """Of who emits: there is one at a time."""
        self._looks_at = math.inf
        """When the flusher looks again by itself, by the monotonic clock; set while it emits."""
        self._pulses = feel_pulses(sockets)
        self._starting = threading.Lock()
        self._started = False
        self._stopping = False

    @property
    def is_hearing(self) -> bool:
        """True if the listener's connection was proven lately."""
        heard = time.monotonic() - self._listener.last_heard
        return self._listener.connected and heard <= MAX_SILENCE

    def relays(self) -> bool:
        """True if a word, sent now, came the way events come. Raises StoreUnavailable."""
        return self.is_hearing and self._round_trip.prove()

    def start(self) -> None:
        """Start the threads, once."""
        with self._starting:
            if self._started:
                return
            self._started = True
            self._listener.ask_for({keys.ALL_WATCHERS_CHANNEL: self._hear_of_all})
            self._listener.start()
            threading.Thread(target=self._flush, name="relay-flusher", daemon=True).start()
            threading.Thread(target=self._read, name="relay-reader", daemon=True).start()

    def stop(self) -> None:
        """End the threads soon; nothing more is emitted."""
        self._stopping = True
        self._pulses.stop()
        self._flush_wanted.set()
        self._read_wanted.set()
        if self._started:
            self._listener.stop()

    def subscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        """Hear a channel for as long as the relay does. Raises StoreUnavailable."""
        self._listener.subscribe(channel, handler)

    def connect(self, sid: str) -> None:
        """A socket has connected."""
        self.start()
        self.clients.add(sid)
        self._hearing.greet(sid)

    def forget(self, sid: str) -> None:
        """A socket has gone, and with it all it watched."""
        self.clients.remove(sid)
        for watchable in self._watchables:
            watchable.forget(sid)

    def _hear_of_all(self, text: str) -> None:
        """What is heard here of all runs: that there are none any more, as Redis was emptied."""
        if text.startswith(_EMPTIED):
            self._gap()

    def _gap(self) -> None:
        for watchable in self._watchables:
            watchable.gap()

    def _flush(self) -> None:
        wait: float | None = None
        while not self._stopping:
            self._flush_wanted.wait(wait)
            self._flush_wanted.clear()
            waits = [self._guarded(self.clients.settle, time.monotonic())]
            if not self._emitting.take():
                wait = self._soonest(waits)
                continue  # who emits rings when it has done
            try:
                waits += [self._guarded(each.flush, time.monotonic()) for each in self._watchables]
                wait = self._soonest(waits)
                self._looks_at = math.inf if wait is None else time.monotonic() + wait
            finally:
                self._emitting.give_back()
            self._round_trip.turned("flusher")

    def _send_heard(self) -> None:
        """Send to the rooms what was just heard of their runs, in the flusher's place.

        Called by the listener's thread, so it never waits: what has to wait for its turn is left
        to the flusher. To wake that one each time was half of what an update cost a process.
        """
        for rooms in self._rooms:
            if rooms.mail and self._next_turn(rooms) < self._looks_at:
                self._flush_wanted.set()

    def _next_turn(self, rooms: RunRooms) -> float:
        """Send what is due; when more will be, by the monotonic clock.

        If another is at it, the flusher is rung for once that one has done.
        """
        if not self._emitting.take():
            return math.inf
        try:
            now = time.monotonic()
            wait = self._guarded(rooms.flush, now)
        finally:
            self._emitting.give_back()
        return math.inf if wait is None else now + wait

    def _read(self) -> None:
        wait: float | None = None
        while not self._stopping:
            self._read_wanted.wait(wait)
            self._read_wanted.clear()
            wait = self._soonest([self._guarded(each.read) for each in self._watchables])
            self._round_trip.turned("reader")

    def _soonest(self, waits: list[float | None]) -> float | None:
        return min((wait for wait in waits if wait is not None), default=None)

    def _guarded(self, step: Callable[..., float | None], *now: float) -> float | None:
        """Take one step of one watchable; what goes wrong there must not silence the others."""
        try:
            return step(*now)
        except Exception:  # noqa: BLE001  the loop is the only way anything reaches a browser
            _log.exception("the relay failed at a step", extra={"action": "relay_failed"})
            return RETRY_READING
