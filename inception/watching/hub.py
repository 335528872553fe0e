"""The ears of a watcher process: one pub/sub connection for all of its runs.

A child's channel is subscribed, and the subscription confirmed, before the child is sent, so
that no word of it is missed, or before what it has said is read (`attention.py`). Pub/sub delivers
at most once: after every gap the hub has the watched states read once (`on_gap`).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from inception.runs import keys
from inception.runs.insistence import insist
from inception.runs.listener import Listener
from inception.watching.results import LINGER, CeleryWord

if TYPE_CHECKING:
    from inception.watching.crew import Crew
    from inception.watching.results import Results
    from inception.watching.timers import Timer, Timers

log = logging.getLogger(__name__)

OnWord = Callable[[CeleryWord], None]
"""Called with each word of one child. Must not block."""


class Wanted(NamedTuple):
    """A child that is to be heard.

    `holder` is the token of its run's lease here: a run that is let go and taken anew is heard by
    its new holder alone, and what is left for the old one leaves the new one's children be.
    """

    holder: str
    task_id: str
    on_word: OnWord


class _Ear:
    """One child as it is heard for whoever asked, until it is left."""

    __slots__ = ("_on_final", "_on_word", "has_ended", "holder", "lingering", "task_id")

    def __init__(self, child: Wanted, on_final: Callable[[_Ear], None]) -> None:
        self.holder, self.task_id, self._on_word = child
        self.has_ended = False
        """Its Celery result is stored."""
        self.lingering: Timer | None = None
        """Until when its result is waited for, to be deleted, after nothing else is."""
        self._on_final = on_final

    def hear(self, text: str) -> None:
        word = CeleryWord.from_text(text)
        if word is None:
            return
        self.has_ended = self.has_ended or word.is_final
        if word.is_final and self.lingering is not None:
            self._on_final(self)
        else:
            self._on_word(word)


class Hub:
    """Subscribes children and this process's own orders, and hands on what is heard."""

    def __init__(
        self,
        *,
        url: str,
        process: str,
        results: Results,
        crew: Crew,
        timers: Timers,
        on_order: Callable[[str], None],
        on_gap: Callable[[], None],
    ) -> None:
        self._process = process
        self._results = results
        self._crew = crew
        self._timers = timers
        self._on_order = on_order
        self._on_gap = on_gap
        self.gaps = 0
        """How often something may have been missed."""
        self._orders = Listener(url, name=f"watcher {process}", on_gap=self._gap)
        self._children = self._listener_for_children(url)
        self._ears: dict[str, _Ear] = {}
        """By the child's task id."""
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Connect, and hear this process's orders; waits for Redis where it is away, until stopped.

        One that took runs and heard nothing of them would be worse than one that doesn't begin.
        """
        for listener in {self._orders, self._children}:
            listener.start()
        insist(self._hear_orders, what="a watcher's subscription", patience=math.inf)

    def _hear_orders(self) -> None:
        channels = (keys.orders(self._process), keys.ALL_WATCHERS_CHANNEL)
        if not self._stopped:
            self._orders.subscribe_many(dict.fromkeys(channels, self._on_order))

    def stop(self) -> None:
        """Hear nothing more."""
        self._stopped = True
        for listener in {self._orders, self._children}:
            listener.stop()

    @property
    def connected(self) -> bool:
        """True while the connection stands."""
        return self._orders.connected and self._children.connected

    def listen(self, children: Iterable[Wanted]) -> None:
        """Hear these children from now on; returns once that is confirmed.

        Raises StoreUnavailable if it isn't within the listener's time-out.
        """
        self.ask_for(children)()

    def ask_for(self, children: Iterable[Wanted]) -> Callable[[], None]:
        """Ask to hear these children; what is returned waits for it, as `listen` does."""
        ears = [_Ear(child, self._forget_now) for child in children]
        with self._lock:
            replaced = [self._ears[ear.task_id] for ear in ears if ear.task_id in self._ears]
            self._ears.update((ear.task_id, ear) for ear in ears)
        confirmed = self._children.ask_for({self._channel(ear): ear.hear for ear in ears})
        for ear in replaced:
            self._close(ear)
        return confirmed

    def hears(self, holder: str, task_id: str) -> bool:
        """True if this child is heard for this holder, or will be once that is confirmed."""
        return self._ear(holder, task_id) is not None

    def leave(self, holder: str, task_id: str) -> None:
        """Hear this child no more for this holder; never waits."""
        ear = self._ear(holder, task_id)
        if ear is not None:
            self._leave(ear)

    def forget(self, holder: str, task_id: str) -> None:
        """Leave an ended child, and delete its Celery result once that is stored."""
        ear = self._ear(holder, task_id)
        if ear is None:  # it ended before anybody listened, and may have stored nothing yet
            forget = partial(self._results.forget, task_id)
            self._timers.call_later(LINGER, partial(self._crew.submit, forget))
        elif ear.has_ended:
            self._forget_now(ear)
        elif ear.lingering is None:
            ear.lingering = self._timers.call_later(LINGER, partial(self._forget_now, ear))

    def _ear(self, holder: str, task_id: str) -> _Ear | None:
        ear = self._ears.get(task_id)
        return ear if ear is not None and ear.holder == holder else None

    def _leave(self, ear: _Ear) -> None:
        with self._lock:
            if self._ears.get(ear.task_id) is ear:
                del self._ears[ear.task_id]
        self._close(ear)

    def _close(self, ear: _Ear) -> None:
        if ear.lingering is not None:
            ear.lingering.cancel()
        self._children.unsubscribe(self._channel(ear), ear.hear)

    def _channel(self, ear: _Ear) -> str:
        return self._results.channel(ear.task_id)

    def _gap(self) -> None:
        self.gaps += 1
        self._on_gap()

    def _forget_now(self, ear: _Ear) -> None:
        self._leave(ear)
        self._crew.submit(partial(self._results.forget, ear.task_id))

    def _listener_for_children(self, url: str) -> Listener:
        """Results may be kept in another server than the record; then it has its own ears."""
        if urlsplit(self._results.url).netloc == urlsplit(url).netloc:
            return self._orders
        return Listener(self._results.url, name=f"results {self._process}", on_gap=self._gap)
