"""The lists of runs that sockets of this process look at."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Final, NotRequired

from typing_extensions import TypedDict

from inception.runs import keys
from inception.runs.errors import BadRequest, StoreUnavailable
from inception.runs.listing import matches
from inception.runs.model import Run
from inception.runs.records import RunFilter
from inception.runs.store import Store
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells, Marks
from webapp.relay.pacing import Pace
from webapp.relay.published import Listed, read_listed
from webapp.relay.run_page import RunChanges, RunPage
from webapp.relay.watchable import RETRY_READING, Subscriptions

UPDATES_PER_SECOND: Final = 4.0
MAX_INBOX: Final = 20_000
"""Published records that may wait for the next update; beyond, the pages are read again."""


class ListAnswer(TypedDict):
    """A page of a list of runs; ask with `cursor` = `next` for the older ones."""

    runs: list[Run]
    next: str | None


class FollowedList(ListAnswer):
    """The acknowledgement of `watch_runs`; `now`, with a first page, is Redis' clock in ms."""

    now: NotRequired[int]


@dataclass(slots=True, eq=False)
class Watch:
    """One socket's list; `fresh` is its page read again, which it has still to be sent."""

    sid: str
    which: RunFilter
    limit: int
    page: RunPage
    stale: bool = False
    fresh: RunChanges | None = None


class RunLists:
    """Subscribes to the list feed while anybody here looks at a list."""

    def __init__(
        self, store: Store, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        self._store = store
        self._listener = listener
        self._clients = clients
        self._bells = bells
        self._guard = threading.Lock()
        self._subscribing = threading.Lock()
        self._subscribed = False
        self._pace = Pace(UPDATES_PER_SECOND, 1)
        self._inbox: deque[str] = deque()
        self._missed = False
        self._watches: dict[str, Watch] = {}
        self._unread: Marks[Watch] = Marks(bells.read)

    def watch(self, sid: str, which: RunFilter, limit: int) -> ListAnswer:
        """Answer with the first page and follow it; replaces what this socket followed before.

        Raises StoreUnavailable.
        """
        any_state = replace(which, states=frozenset())
        page = RunPage(lambda run: matches(run, which), lambda run: matches(run, any_state))
        watch = Watch(sid, which, limit, page)
        with self._guard:
            self._watches[sid] = watch
        try:
            self._subscribe()  # now that it is there: the last other may be leaving just now
            runs, after = self._store.list_runs(which, limit)
        except BaseException:
            self.unwatch(sid)
            raise
        with self._guard:
            watch.page.start(runs, more=after is not None, now=time.monotonic())
        if sid not in self._clients:
            self.unwatch(sid)
        self._bells.flush()
        return {"runs": runs, "next": after}

    def extend(self, sid: str, limit: int, cursor: str) -> ListAnswer:
        """Answer with the next older page of what this socket follows, and follow that too.

        Raises StoreUnavailable, and BadRequest if it follows nothing or the cursor is none.
        """
        watch = self._watches.get(sid)
        if watch is None:
            raise BadRequest("Send watch_runs without a cursor first.")
        with self._guard:
            watch.page.reach_down()
        runs, after = self._store.list_runs(watch.which, limit, cursor)
        with self._guard:
            oldest = int(after.partition("-")[0]) if after else 0
            watch.page.extend(runs, oldest=oldest, now=time.monotonic())
        self._bells.flush()
        return {"runs": runs, "next": after}

    def unwatch(self, sid: str) -> None:
        """A client looks at its list no more."""
        with self._guard:
            self._watches.pop(sid, None)
        with self._subscribing:
            if self._subscribed and not self._watches:
                self._listener.unsubscribe(keys.LIST_CHANNEL, self._hear)
                self._subscribed = False
                self._inbox.clear()

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        if sid in self._watches:
            self.unwatch(sid)

    def gap(self) -> None:
        """The listener may have missed something: every page is sent again in full."""
        self._missed = True
        self._bells.flush()

    def flush(self, now: float) -> float | None:
        """Emit what is due; the seconds until more is, or None."""
        wait = self._pace.wait(now)
        if wait > 0:
            return wait if self._watches else None
        with self._guard:
            self._distribute()
            updates = [
                (watch, changes)
                for watch in self._watches.values()
                if (changes := self._changes(watch, now))
            ]
        if updates:
            self._pace.spend(now)
        for watches, changes in alike(updates):
            # Others get their turn meanwhile, and one may begin to look at another list.
            still = (sid for sid, watch in watches.items() if self._watches.get(sid) is watch)
            for sid in self._clients.emit("runs", changes, still, now):
                watches[sid].stale = True
        return self._next_wait(now)

    def read(self) -> float | None:
        """Read pages again; the seconds after which to try again, or None."""
        retries = [self._read(watch) for watch in self._unread.take()]
        return RETRY_READING if any(retries) else None

    def _subscribe(self) -> None:
        with self._subscribing:
            if not self._subscribed:
                self._listener.subscribe(keys.LIST_CHANNEL, self._hear)
                self._subscribed = True

    def _hear(self, text: str) -> None:
        if len(self._inbox) < MAX_INBOX:
            self._inbox.append(text)
        else:
            self._missed = True
        self._bells.flush()

    def _distribute(self) -> None:
        """Give each page the newest record of every run that was heard of."""
        if self._missed:
            self._missed = False
            for watch in self._watches.values():
                watch.stale = True
        for listed in self._newest():
            for watch in self._watches.values():
                _tell(watch.page, listed)

    def _newest(self) -> list[Listed]:
        newest: dict[str, Listed] = {}
        while self._inbox:
            listed = read_listed(self._inbox.popleft())
            newest[listed.run["id"] if listed.run else str(listed.gone)] = listed
        return list(newest.values())

    def _changes(self, watch: Watch, now: float) -> RunChanges | None:
        if self._clients.is_behind(watch.sid):
            watch.stale = True
            return None
        if watch.stale:
            watch.stale = False
            watch.page.expect_page()
            self._unread.add(watch)
        if watch.fresh is not None:
            changes, watch.fresh = watch.fresh, None
            return changes
        changes = watch.page.take(now)
        return changes if any(changes.values()) else None

    def _next_wait(self, now: float) -> float | None:
        with self._guard:
            waits = [watch.page.wait(now) for watch in self._watches.values()]
        due = min((wait for wait in waits if wait is not None), default=None)
        return None if due is None else max(due, self._pace.wait(now))

    def _read(self, watch: Watch) -> bool:
        """Read one page again; True if it could not be."""
        if self._watches.get(watch.sid) is not watch:
            return False
        try:
            runs, after = self._store.list_runs(watch.which, watch.limit)
        except StoreUnavailable:
            self._unread.keep(watch)
            return True
        with self._guard:
            watch.fresh = watch.page.start(runs, more=after is not None, now=time.monotonic())
            watch.fresh["next"] = after
        self._bells.flush()
        return False


def alike(
    updates: Iterable[tuple[Watch, RunChanges]],
) -> Iterable[tuple[dict[str, Watch], RunChanges]]:
    """Those who are to be sent the same, by their sids, each time with what they are sent.

    Who looks at the same list mostly is, and to encode it for each was half of what one cost.
    """
    several: dict[Hashable, tuple[dict[str, Watch], RunChanges]] = {}
    for watch, changes in updates:
        # Records are heard once for all pages, so the same object stands in each.
        records = tuple(map(id, changes["runs"]))
        gone = tuple(changes["gone"])
        ends = tuple((one["run_id"], one["ended_at"]) for one in changes.get("ended", ()))
        kind = (records, gone, changes.get("others"), ends, changes.get("next", ...))
        several.setdefault(kind, ({}, changes))[0][watch.sid] = watch
    return several.values()


def _tell(page: RunPage, listed: Listed) -> None:
    if listed.run is not None:
        page.accept(listed.run)
    elif listed.gone is not None:
        page.remove(listed.gone)
