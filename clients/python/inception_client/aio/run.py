"""A run as an asyncio program holds it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from inception_client import calls
from inception_client.aio.http import AsyncCaller
from inception_client.aio.link import AsyncLink
from inception_client.endings import check_ended, check_time, earliest, lacks_value
from inception_client.following import Following
from inception_client.records import JsonValue, NodeRecord, RunRecord
from inception_client.view import ROOT, Event, RunView


class AsyncRun:
    """One run of a server; see `inception_client.Run`. One task at a time iterates over it."""

    def __init__(
        self,
        run_id: str,
        caller: AsyncCaller,
        link: AsyncLink,
        patience: float,
        run: RunRecord | None = None,
    ) -> None:
        self.id = run_id
        self._caller = caller
        self._link = link
        self._patience = patience
        self._view = RunView(run)
        self._unread: deque[Event] = deque()  # of one message at most, if an iteration was left

    @property
    def record(self) -> RunRecord | None:
        """The newest record of the run that is known; None before anything was read."""
        return self._view.run

    @property
    def nodes(self) -> Mapping[str, NodeRecord]:
        """The newest known records of what is under the run, by path."""
        return self._view.nodes

    @property
    def value(self) -> JsonValue:
        """What the run returned, once its end was seen. Raises RunFailed, NotEnded."""
        return check_ended(self._view.run)

    def __aiter__(self) -> AsyncIterator[Event]:
        """As `events`."""
        return self.events()

    async def events(self, timeout: float | None = None) -> AsyncIterator[Event]:
        """Yield what there is now, then each change, until the run has ended.

        As `inception_client.Run.events`. Who leaves it early should close it (`aclosing`), or the
        server goes on telling until the loop's end.
        """
        until = None if timeout is None else time.monotonic() + timeout
        following = Following(self._view, self._patience, time.monotonic())
        async with self._link.following(self.id) as inbox:
            while not following.has_ended:
                question = following.next_question()
                if question is not None:
                    await self._link.ask(self.id, question, inbox)
                message = await inbox.get(earliest(following.deadline, until))
                self._unread += following.take(message, time.monotonic())
                while self._unread:
                    yield self._unread.popleft()
                check_time(self.id, following, until)
        await self._complete()

    async def wait(self, timeout: float | None = None) -> RunRecord:
        """Return the run's record once it has ended, well or not. Raises as `events`."""
        async with aclosing(self.events(timeout)) as events:  # type: ignore[type-var]
            async for _ in events:
                pass
        return await self._complete()

    async def refresh(self) -> RunRecord:
        """Read the run as it is now. Raises Refused, Unreachable."""
        run: RunRecord = (await self._caller.call(calls.snapshot(self.id)))["run"]
        self._view.offer(run)
        return run

    async def node(self, path: str) -> NodeRecord:
        """A node whole, with whatever was too large for its events. Raises Refused, Unreachable."""
        node: NodeRecord = await self._caller.call(calls.node(self.id, path))
        return node

    async def log(self, path: str) -> dict[str, Any]:
        """What a node's last attempt printed and logged. Raises Refused, Unreachable."""
        answer: dict[str, Any] = await self._caller.call(calls.log(self.id, path))
        return answer

    async def revoke(self, path: str = ROOT, reason: str | None = None) -> None:
        """Ask the run, or what is under a path, to stop. Raises Refused, Unreachable."""
        self._view.offer(await self._caller.call(calls.revoke(self.id, path, reason)))

    async def retry(self) -> None:
        """Let the run go on after it ended badly; finished steps are kept. Raises as `revoke`."""
        self._view.offer(await self._caller.call(calls.retry(self.id)))

    async def rerun(self, kwargs: Mapping[str, JsonValue] | None = None) -> AsyncRun:
        """Start a new run like this one, with other arguments if given. Raises as `revoke`."""
        run: RunRecord = await self._caller.call(calls.rerun(self.id, kwargs))
        return AsyncRun(run["id"], self._caller, self._link, self._patience, run)

    async def delete(self) -> None:
        """Remove the run after its end, with all that is kept of it. Raises as `revoke`."""
        await self._caller.call(calls.delete(self.id))

    async def _complete(self) -> RunRecord:
        """The record with its value, however large that is."""
        run = self._view.run or await self.refresh()
        if lacks_value(run):
            run = await self._caller.call(calls.node(self.id, ROOT))
            self._view.offer(run)
        return run
