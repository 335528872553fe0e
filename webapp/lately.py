"""What a source that takes its time said lately: a thread asks it, and nobody waits for long."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Said = TypeVar("Said")


class Lately(Generic[Said]):
    """Asks at most once every `kept` seconds (s), however many want to know and how often.

    Whoever asks waits at most `patience` seconds (s) for an answer, counted from when the source
    was asked. `then` is called in the same thread with each answer, and may take its time.
    """

    def __init__(
        self,
        ask: Callable[[], Said | None],
        *,
        name: str,
        kept: float,
        patience: float,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """`ask` returns None where the source gives no answer; it may not raise."""
        self._ask = ask
        self._name = name
        self._kept = kept
        self._patience = patience
        self._then = then
        self._guard = threading.Lock()
        self._said: Said | None = None
        self._begun_at = self._said_at = -math.inf
        self._done = threading.Event()
        self._done.set()

    def said(self) -> Said | None:
        """What it said lately, or says now; None if it says nothing, or nothing in time."""
        with self._guard:
            now = time.monotonic()
            if self._done.is_set() and now - self._said_at >= self._kept:
                self._done.clear()
                self._begun_at = now
                threading.Thread(target=self._ask_anew, name=self._name, daemon=True).start()
        self._done.wait(max(0.0, self._begun_at + self._patience - now))
        return self._said if self._said_at >= self._begun_at else None

    def _ask_anew(self) -> None:
        try:
            self._said = self._ask()
            self._said_at = time.monotonic()
            if self._said is not None:
                self._then()
        finally:
            self._done.set()
