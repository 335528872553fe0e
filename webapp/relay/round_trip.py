"""Proves that the relay relays: one word goes out to Redis and comes back the way events do.

A connection that stands and threads that live say little: the connection may be stalled, a thread
stuck. So a word is published when somebody asks (never otherwise), and is awaited from the relay's
own subscription and then from each of its threads.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from typing import Final

import redis

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.listener import Listener
from inception.runs.scripts import refusals_as_errors
from webapp.relay.marks import Bells

WITHIN: Final = 2.0
"""Seconds (s) in which a word has to be back; an idle relay takes milliseconds."""
HOLDS_FOR: Final = 1.0
"""Seconds (s) for which an answer serves everybody who asks: many askers cost one word."""


class RoundTrip:
    """One word at a time. `stages` are the threads that each have to turn once it was heard."""

    def __init__(
        self, listener: Listener, client: redis.Redis, bells: Bells, stages: Sequence[str]
    ) -> None:
        self._listener = listener
        self._client = client
        self._bells = bells
        self._channel = keys.proofs(secrets.token_hex(8))
        self._turned = {stage: threading.Event() for stage in stages}
        self._heard = threading.Event()
        self._word = ""
        self._subscribed = False
        self._asking = threading.Lock()
        self._proven = False
        self._asked_at = -HOLDS_FOR

    def prove(self) -> bool:
        """True if a word came all the way back within 2 s, now or up to 1 s ago.

        Raises StoreUnavailable.
        """
        with self._asking:
            if time.monotonic() - self._asked_at > HOLDS_FOR:
                self._proven = self._ask()
                self._asked_at = time.monotonic()
            return self._proven

    def turned(self, stage: str) -> None:
        """That thread has done what there was to do; never waits."""
        if self._heard.is_set():
            self._turned[stage].set()

    def _ask(self) -> bool:
        deadline = time.monotonic() + WITHIN
        if not self._subscribe():
            return False
        for each in (self._heard, *self._turned.values()):
            each.clear()
        self._word = secrets.token_hex(8)
        with refusals_as_errors():
            self._client.publish(self._channel, self._word)
        return all(
            each.wait(max(0.0, deadline - time.monotonic()))
            for each in (self._heard, *self._turned.values())
        )

    def _subscribe(self) -> bool:
        """Once; the listener keeps it over lost connections."""
        try:
            if not self._subscribed:
                self._listener.subscribe(self._channel, self._hear, timeout=WITHIN)
                self._subscribed = True
        except StoreUnavailable:
            return False
        return True

    def _hear(self, word: str) -> None:
        if word == self._word:
            self._heard.set()
            self._bells.flush()
            self._bells.read()
