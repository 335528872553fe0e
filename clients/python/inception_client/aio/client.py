"""The client of an asyncio program: `connect`, then start, watch and list runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from inception_client import calls
from inception_client.aio.http import AsyncCaller
from inception_client.aio.link import AsyncLink
from inception_client.aio.run import AsyncRun
from inception_client.client import PAGE, PATIENCE, checked_address, checked_patience
from inception_client.records import JsonValue, ParentRecord, RunRecord


def connect(
    url: str,
    token: str | None = None,
    *,
    patience: float = PATIENCE,
    session: aiohttp.ClientSession | None = None,
) -> AsyncClient:
    """A client of the server at `url`, to be entered by `async with` in a running loop.

    As `inception_client.connect`; `session` is one of aiohttp.
    """
    return AsyncClient(url, token, patience=patience, session=session)


class AsyncClient:
    """Speaks to one server, for any number of tasks of one loop."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        patience: float = PATIENCE,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """See `connect`. Raises ValueError for what is no address."""
        self.url = checked_address(url)
        self._token = token
        self._patience = checked_patience(patience)
        self._given_session = session

    async def __aenter__(self) -> Self:
        self._session = self._given_session or aiohttp.ClientSession()
        self._caller = AsyncCaller(self.url, self._token, self._session, self._patience)
        self._link = AsyncLink(self.url, self._token, self._session)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._link.close()
        if self._given_session is None:
            await self._session.close()

    async def start(self, name: str, /, **kwargs: JsonValue) -> AsyncRun:
        """Start a run of the parent `name`. Raises Refused, Unreachable."""
        return await self.submit(name, kwargs)

    async def submit(
        self,
        name: str,
        kwargs: Mapping[str, JsonValue],
        *,
        label: str | None = None,
        tags: Iterable[str] = (),
        idempotency_key: str | None = None,
    ) -> AsyncRun:
        """As `start`, with what is not an argument of the parent.

        The same `idempotency_key` within 24 h is the same run, however often this is called.
        """
        call = calls.start(name, kwargs, label, tags, idempotency_key)
        run: RunRecord = await self._caller.call(call)
        return AsyncRun(run["id"], self._caller, self._link, self._patience, run)

    def run(self, run_id: str) -> AsyncRun:
        """A run that is there already, e.g. to watch it; nothing is asked yet."""
        return AsyncRun(run_id, self._caller, self._link, self._patience)

    async def runs(self, **filters: Any) -> AsyncIterator[RunRecord]:
        """The runs that fit, newest first; as `inception_client.Client.runs`."""
        cursor: str | None = None
        while True:
            page = await self._caller.call(calls.runs(filters, cursor, PAGE))
            for run in page["runs"]:
                yield run
            cursor = page["next"]
            if cursor is None:
                return

    async def parents(self) -> list[ParentRecord]:
        """What can be started. Raises Refused, Unreachable."""
        found: list[ParentRecord] = (await self._caller.call(calls.parents()))["parents"]
        return found

    async def workers(self) -> dict[str, Any]:
        """Who works, and how long the queues are. Raises Refused, Unreachable."""
        found: dict[str, Any] = await self._caller.call(calls.workers())
        return found
