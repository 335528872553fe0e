"""A run as a program holds it: iterate over it to see it move, ask for its value, stop it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from inception_client import calls
from inception_client.endings import check_ended, check_time, earliest, lacks_value
from inception_client.following import Following
from inception_client.http import Caller
from inception_client.link import Link
from inception_client.records import JsonValue, NodeRecord, RunRecord
from inception_client.view import ROOT, Event, RunView


class Run:
    """One run of a server. One thread at a time uses it; another takes its own by `client.run`."""

    def __init__(
        self, run_id: str, caller: Caller, link: Link, patience: float, run: RunRecord | None = None
    ) -> None:
        self.id = run_id
        self._caller = caller
        self._link = link
        self._patience = patience
        self._view = RunView(run)
        self._unread: deque[Event] = deque()  # of one message at most, if an iteration was left

    @property
    def record(self) -> RunRecord:
        """The newest record of the run that is known; read once if none is."""
        return self._view.run or self.refresh()

    @property
    def nodes(self) -> Mapping[str, NodeRecord]:
        """The newest known records of what is under the run, by path."""
        return self._view.nodes

    @property
    def value(self) -> JsonValue:
        """What the run returned, waiting for its end if it hasn't been seen yet.

        Raises RunFailed if it ended otherwise, and as `events`.
        """
        if not self._view.has_ended:
            self.wait()
        return check_ended(self._complete())

    def __iter__(self) -> Iterator[Event]:
        """As `events`."""
        return self.events()

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """Yield what there is now, then each change, until the run has ended.

        Iterated over again, it goes on where it was: after a retry, for example. Who is slow gets
        the newest record of each node, and may miss states in between, but never the last.
        Raises TimeoutError `timeout` seconds (s) after its beginning, RunGone, Refused, and
        Unreachable when nothing was heard of the server for the client's patience.
        """
        until = None if timeout is None else time.monotonic() + timeout
        following = Following(self._view, self._patience, time.monotonic())
        with self._link.following(self.id) as inbox:
            while not following.has_ended:
                question = following.next_question()
                if question is not None:
                    self._link.ask(self.id, question, inbox)
                message = inbox.get(earliest(following.deadline, until))
                self._unread += following.take(message, time.monotonic())
                while self._unread:
                    yield self._unread.popleft()
                check_time(self.id, following, until)

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Return the run's record once it has ended, well or not. Raises as `events`."""
        for _ in self.events(timeout):
            pass
        return self.record

    def refresh(self) -> RunRecord:
        """Read the run as it is now. Raises Refused, Unreachable."""
        run: RunRecord = self._caller.call(calls.snapshot(self.id))["run"]
        self._view.offer(run)
        return run

    def node(self, path: str) -> NodeRecord:
        """A node whole, with whatever was too large for its events. Raises Refused, Unreachable."""
        node: NodeRecord = self._caller.call(calls.node(self.id, path))
        return node

    def log(self, path: str) -> dict[str, Any]:
        """What a node's last attempt printed and logged. Raises Refused, Unreachable."""
        answer: dict[str, Any] = self._caller.call(calls.log(self.id, path))
        return answer

    def revoke(self, path: str = ROOT, reason: str | None = None) -> None:
        """Ask the run, or what is under a path, to stop. Raises Refused, Unreachable."""
        self._view.offer(self._caller.call(calls.revoke(self.id, path, reason)))

    def retry(self) -> None:
        """Let the run go on after it ended badly; finished steps are kept. Raises as `revoke`."""
        self._view.offer(self._caller.call(calls.retry(self.id)))

    def rerun(self, kwargs: Mapping[str, JsonValue] | None = None) -> Run:
        """Start a new run like this one, with other arguments if given. Raises as `revoke`."""
        run: RunRecord = self._caller.call(calls.rerun(self.id, kwargs))
        return Run(run["id"], self._caller, self._link, self._patience, run)

    def delete(self) -> None:
        """Remove the run after its end, with all that is kept of it. Raises as `revoke`."""
        self._caller.call(calls.delete(self.id))

    def _complete(self) -> RunRecord:
        """The record with its value, however large that is."""
        run = self.record
        if lacks_value(run):
            run = self._caller.call(calls.node(self.id, ROOT))
            self._view.offer(run)
        return run
