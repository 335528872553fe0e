"""Tells the sockets when the relay hears nothing more, and when it does again.

A socket that stands says nothing of what is behind it: while the relay's own connection to Redis is
gone a page would call itself live and show what is long past. So every socket is told, and one that
connects meanwhile is told at once. Nothing that happens then is lost: with the word that the relay
hears again a client asks from the number it has, as after a lost connection of its own.
"""

from __future__ import annotations

import threading

from typing_extensions import TypedDict

from webapp.relay.clients import Clients
from webapp.relay.marks import Bells


class RelayNews(TypedDict):
    """What the event `relay` carries: false while nothing new can reach this server's clients."""

    hears: bool


class Hearing:
    """Whether this process hears Redis, as far as its sockets know."""

    def __init__(self, clients: Clients, bells: Bells) -> None:
        self._clients = clients
        self._bells = bells
        self._guard = threading.Lock()
        self._hears = True
        self._untold: set[str] = set()

    def lost(self) -> None:
        """Nothing is heard any more; never waits."""
        self._turn(hears=False)

    def gap(self) -> None:
        """It is heard again; never waits."""
        self._turn(hears=True)

    def greet(self, sid: str) -> None:
        """A socket has connected: it takes for granted that we hear."""
        with self._guard:
            if self._hears:
                return
            self._untold.add(sid)
        self._bells.flush()

    def flush(self, now: float) -> None:
        """Tell who does not know yet; who does not drain is told once it does."""
        if not self._untold:
            return
        with self._guard:
            untold, self._untold = self._untold, set()
            news = RelayNews(hears=self._hears)
        behind = self._clients.emit("relay", news, untold, now) if untold else set()
        with self._guard:
            self._untold |= behind

    def read(self) -> None:
        """There is nothing to read."""

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            self._untold.discard(sid)

    def _turn(self, *, hears: bool) -> None:
        with self._guard:
            if self._hears is hears:
                return
            self._hears = hears
            self._untold = self._clients.sids()
        self._bells.flush()
