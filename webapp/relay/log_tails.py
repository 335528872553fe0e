"""The logs that sockets of this process follow.

The channel is only a doorbell here: each time it rings, the lines after the place where a client
is are read from the store, so nothing can be missed or sent twice. When a node goes on to
another attempt, the client is given the log of that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from typing_extensions import TypedDict

from inception.runs import keys
from inception.runs.errors import NodeNotFound, RunNotFound
from inception.runs.model import ROOT
from inception.runs.store import Store
from webapp.errors import TooManyRequests
from webapp.log_answer import Line, LogAnswer, present_attempt, read_log
from webapp.relay.clients import Clients
from webapp.relay.following import Follower, Following
from webapp.relay.marks import Bells
from webapp.relay.published import read_published
from webapp.relay.watchable import Subscriptions

MAX_FOLLOWED: Final = 100
"""Logs that one socket may follow at a time."""


class LogNews(TypedDict):
    """What the event `log` carries."""

    run_id: str
    path: str
    attempt: int
    lines: list[Line]
    next: str | None
    dropped: int


@dataclass(slots=True, eq=False, kw_only=True)
class _Tail(Follower[LogAnswer]):
    """One socket's place in one log. `ring` and `look` are what it hears by."""

    owner: LogTails
    run_id: str
    path: str
    attempt: int = 0
    place: str | None = None

    def ring(self, _entry: str) -> None:
        """Something was written to this attempt's log."""
        self.owner.mark(self)

    def look(self, text: str) -> None:
        """The run moved: perhaps this node is at another attempt now."""
        batch = read_published(text).batch
        for event in batch["events"] if batch is not None else ():
            node = event.get("node")
            if node is not None and node["path"] == self.path and node["attempt"] > self.attempt:
                self.owner.mark(self)


class LogTails(Following[_Tail]):
    """Every log that is followed, by socket, run and path."""

    event = "log"

    def __init__(
        self, store: Store, listener: Subscriptions, clients: Clients, bells: Bells
    ) -> None:
        super().__init__(store, listener, clients, bells)
        self._tails: dict[tuple[str, str, str], _Tail] = {}

    def watch(self, sid: str, run_id: str, path: str, after: str | None) -> LogAnswer:
        """Answer with the log from a place on, and follow it.

        Raises RunNotFound, NodeNotFound, StoreUnavailable, TooManyRequests.
        """
        self.unwatch(sid, run_id, path)
        tail = self._add(_Tail(owner=self, sid=sid, run_id=run_id, path=path, place=after))
        try:
            if path != ROOT:
                self._listener.subscribe(keys.events(run_id), tail.look)
            self._follow(tail, present_attempt(self._store, run_id, path))
            answer = self._continue(tail)
        except BaseException:
            self.unwatch(sid, run_id, path)
            raise
        if sid not in self._clients:
            self.unwatch(sid, run_id, path)
        self.answer(tail)
        return answer

    def unwatch(self, sid: str, run_id: str, path: str) -> None:
        """A client follows that log no more."""
        with self._guard:
            tail = self._tails.pop((sid, run_id, path), None)
        if tail is not None:
            self._listener.unsubscribe(keys.events(run_id), tail.look)
            self._listener.unsubscribe(keys.log(run_id, path, tail.attempt), tail.ring)

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            followed = [key for key in self._tails if key[0] == sid]
        for key in followed:
            self.unwatch(*key)

    def gap(self) -> None:
        """The listener may have missed something of every log."""
        for tail in list(self._tails.values()):
            self.mark(tail)

    def is_followed(self, tail: _Tail) -> bool:
        """False once its socket follows that log no more, or anew."""
        return self._tails.get((tail.sid, tail.run_id, tail.path)) is tail

    def read_on(self, tail: _Tail) -> bool:
        """Read the lines after the place where its client is; False if there are none."""
        before = tail.attempt
        try:
            self._follow(tail, present_attempt(self._store, tail.run_id, tail.path))
            answer = self._continue(tail)
        except (RunNotFound, NodeNotFound):
            self.unwatch(tail.sid, tail.run_id, tail.path)
            return False
        if not answer["lines"] and tail.attempt == before:
            return False
        tail.news = answer
        return True

    def payload(self, tail: _Tail) -> LogNews | None:
        """The lines, and whose they are."""
        if tail.news is None:
            return None
        return {"run_id": tail.run_id, "path": tail.path, **tail.news}

    def _add(self, tail: _Tail) -> _Tail:
        with self._guard:
            if sum(1 for key in self._tails if key[0] == tail.sid) >= MAX_FOLLOWED:
                raise TooManyRequests(f"One socket may follow {MAX_FOLLOWED} logs; unwatch some.")
            self._tails[tail.sid, tail.run_id, tail.path] = tail
        return tail

    def _follow(self, tail: _Tail, attempt: int) -> None:
        """Listen to the log of an attempt before it is read."""
        if attempt == tail.attempt:
            return
        if tail.attempt:
            self._listener.unsubscribe(keys.log(tail.run_id, tail.path, tail.attempt), tail.ring)
            tail.place = None
        tail.attempt = attempt
        self._listener.subscribe(keys.log(tail.run_id, tail.path, attempt), tail.ring)
        if not self.is_followed(tail):  # its client unwatched it meanwhile, and that has passed
            self._listener.unsubscribe(keys.log(tail.run_id, tail.path, attempt), tail.ring)

    def _continue(self, tail: _Tail) -> LogAnswer:
        answer = read_log(self._store, tail.run_id, tail.path, tail.attempt, tail.place)
        tail.place = answer["next"]
        return answer
