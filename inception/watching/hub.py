"""The ears of a watcher process: one pub/sub connection for all of its runs.

A child's channel is subscribed, and the subscription confirmed, before the child is sent, so
that no word of it is missed; where its message goes with its record it may begin before that, and
`hears` tells (`steps.py`). Pub/sub delivers at most once: after every gap the hub has the watched
states read once (`on_gap`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inception.runs import keys
from inception.runs.listener import Listener
from inception.watching.results import LINGER, CeleryWord

if TYPE_CHECKING:
    from inception.watching.crew import Crew
    from inception.watching.results import Results
    from inception.watching.timers import Timer, Timers

log = logging.getLogger(__name__)

OnWord = Callable[[str, CeleryWord], None]
"""Called with a task id and what it said. Must not block."""


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
        self._handlers: dict[str, Callable[[str], None]] = {}
        self._lingering: dict[str, Timer] = {}
        self._final: set[str] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Connect, and hear this process's orders. Raises StoreUnavailable."""
        for listener in {self._orders, self._children}:
            listener.start()
        self._orders.subscribe(keys.orders(self._process), self._on_order)
        self._orders.subscribe(keys.ALL_WATCHERS_CHANNEL, self._on_order)

    def stop(self) -> None:
        """Hear nothing more."""
        for listener in {self._orders, self._children}:
            listener.stop()

    @property
    def connected(self) -> bool:
        """True while the connection stands."""
        return self._orders.connected and self._children.connected

    @property
    def hears_in_order(self) -> bool:
        """True if orders and children are heard in the order in which they spoke."""
        return self._children is self._orders

    def listen(self, task_ids: Iterable[str], on_word: OnWord) -> None:
        """Hear these children from now on; returns once that is confirmed.

        Raises StoreUnavailable if it isn't within the listener's time-out.
        """
        self.ask_for(task_ids, on_word)()

    def ask_for(self, task_ids: Iterable[str], on_word: OnWord) -> Callable[[], None]:
        """Ask to hear these children; what is returned waits for it, as `listen` does."""
        handlers = {task_id: self._handler(task_id, on_word) for task_id in task_ids}
        with self._lock:
            self._handlers.update(handlers)
        channels: Mapping[str, Callable[[str], None]] = {
            self._results.channel(task_id): handler for task_id, handler in handlers.items()
        }
        return self._children.ask_for(channels)

    def hears(self, task_id: str) -> bool:
        """True if Redis has confirmed by now that this child is heard."""
        return self._children.hears(self._results.channel(task_id))

    def leave(self, task_id: str) -> None:
        """Hear this child no more; never waits."""
        with self._lock:
            handler = self._handlers.pop(task_id, None)
            timer = self._lingering.pop(task_id, None)
            self._final.discard(task_id)
        if timer is not None:
            timer.cancel()
        if handler is not None:
            self._children.unsubscribe(self._results.channel(task_id), handler)

    def forget(self, task_id: str) -> None:
        """Leave an ended child, and delete its Celery result once that is stored."""
        with self._lock:
            if task_id not in self._handlers:
                return
            stored = task_id in self._final
            if not stored:
                later = self._timers.call_later(LINGER, lambda: self._forget_now(task_id))
                self._lingering[task_id] = later
        if stored:
            self._forget_now(task_id)

    def _gap(self) -> None:
        self.gaps += 1
        self._on_gap()

    def _forget_now(self, task_id: str) -> None:
        self.leave(task_id)
        self._crew.submit(lambda: self._results.forget(task_id))

    def _handler(self, task_id: str, on_word: OnWord) -> Callable[[str], None]:
        def hear(text: str) -> None:
            word = CeleryWord.from_text(text)
            if word is None:
                return
            if word.is_final:
                self._final.add(task_id)
            if word.is_final and task_id in self._lingering:
                self._forget_now(task_id)
            else:
                on_word(task_id, word)

        return hear

    def _listener_for_children(self, url: str) -> Listener:
        """Results may be kept in another server than the record; then it has its own ears."""
        if urlsplit(self._results.url).netloc == urlsplit(url).netloc:
            return self._orders
        return Listener(self._results.url, name=f"results {self._process}", on_gap=self._gap)
