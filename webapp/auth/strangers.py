"""How many connections one address may have on which nobody is known yet.

With users everybody signs in, but to do so a stranger must be let in, and a connection that is open
is a place that nobody else has. So each address has a few places for strangers. What holds one:

- a connection, where the server counts those (`wsgi.py` under eventlet, without a proxy before it);
  else each request while it is answered, websockets included
- a session of Engine.IO from its handshake on, until its Socket.IO client was let in; one that
  isn't within 30 s is ended

The moment the gate knows who asks, the place is given back: of those who signed in as many may come
from one address as want to. Without users nobody is a stranger. `webapp.auth.lobby` gives places
to requests and sessions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from webapp.auth.addresses import site_of
from webapp.errors import TooManyRequests

PLACE: Final = "inception.place"
"""What a request's environment names the place by that it holds."""
_TELL_EVERY: Final = 60.0
"""Seconds (s) between two lines of the log that somebody was refused."""

_log = logging.getLogger(__name__)


class Place:
    """One place of a stranger; given back once, whoever says so first."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back = give_back
        self._guard = threading.Lock()
        self._held = True

    @property
    def held(self) -> bool:
        """True while nobody is known on it."""
        return self._held

    def leave(self) -> None:
        """Give it back: whoever holds it has gone, or is known."""
        with self._guard:
            held, self._held = self._held, False
        if held:
            self._give_back()


class Strangers:
    """The places of all addresses; `most` for each, 0 for any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()
        self._guard = threading.Lock()
        self._told_at = -_TELL_EVERY
        self.refused = 0
        """How often there was no place, since the start."""

    def __len__(self) -> int:
        """How many places are held."""
        with self._guard:
            return sum(self._held.values())

    def enter(self, address: str) -> Place:
        """Take a place. Raises TooManyRequests if that address has none left."""
        site = site_of(address)
        with self._guard:
            full = self._most and self._held[site] >= self._most
            if not full:
                self._held[site] += 1
        if full:
            self._refuse(address)
        return Place(lambda: self._give_back(site))

    def _give_back(self, site: str) -> None:
        with self._guard:
            self._held[site] -= 1
            if not self._held[site]:
                del self._held[site]

    def _refuse(self, address: str) -> None:
        with self._guard:
            self.refused += 1
            now = time.monotonic()
            tell = now - self._told_at >= _TELL_EVERY
            if tell:
                self._told_at = now
        if tell:
            about = {"action": "strangers_refused", "address": address[:80]}
            text = "%s has %d connections that nobody signed in on, and wants more"
            _log.warning(text, address[:80], self._most, extra=about)
        raise TooManyRequests(
            f"{self._most} connections of your address are open on which nobody has signed in; "
            "close some, or sign in on them."
        )
