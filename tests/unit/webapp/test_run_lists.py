"""Who looks at a list hears of it, whoever leaves meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from inception.runs.records import RunFilter
from inception.runs.store import Store
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells
from webapp.relay.run_lists import RunLists


class _Store:
    def list_runs(self, *_asked: object) -> tuple[list[Any], None]:
        return [], None


class _Listener:
    """Who is subscribed to what."""

    def __init__(self) -> None:
        self.channels: set[str] = set()

    def subscribe(self, channel: str, _handler: Callable[[str], None]) -> None:
        self.channels.add(channel)

    def unsubscribe(self, channel: str, _handler: Callable[[str], None]) -> None:
        self.channels.discard(channel)


class _Interrupted:
    """A lock before whose next taking something else happens, as in another thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.meanwhile: Callable[[], None] | None = None

    def __enter__(self) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        self._lock.acquire()

    def __exit__(self, *_ended: object) -> None:
        self._lock.release()


def test_the_last_other_leaving_does_not_make_a_new_watcher_deaf() -> None:
    listener = _Listener()
    bells = Bells(flush=lambda: None, read=lambda: None)
    clients = cast("Clients", {"one", "other"})
    lists = RunLists(cast("Store", _Store()), listener, clients, bells)
    lists.watch("other", RunFilter(), 10)
    guard = _Interrupted()
    lists._guard = cast("Any", guard)
    guard.meanwhile = lambda: lists.unwatch("other")
    lists.watch("one", RunFilter(), 10)
    assert len(listener.channels) == 1
    lists.unwatch("one")
    assert listener.channels == set()
