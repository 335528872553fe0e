"""The client of a blocking program: `connect`, then start, watch and list runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests

from inception_client import calls
from inception_client.http import Caller
from inception_client.link import Link
from inception_client.records import JsonValue, ParentRecord, RunRecord
from inception_client.run import Run

PATIENCE: Final = 300.0
"""Seconds (s) for which a server may be away until Unreachable is raised."""
PAGE: Final = 200
"""Runs read at a time."""


def connect(
    url: str,
    token: str | None = None,
    *,
    patience: float = PATIENCE,
    session: requests.Session | None = None,
) -> Client:
    """A client of the server at `url`, e.g. "http://127.0.0.1:8000"; nothing is sent yet.

    `token` is needed where people sign in. `patience` (s) is how long the server may be away,
    `session` a session of requests with what lies between: proxies, certificates. Use the client
    in a `with`, or close it.
    """
    return Client(url, token, patience=patience, session=session)


class Client:
    """Speaks to one server. Threads take a client each, or take turns."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        patience: float = PATIENCE,
        session: requests.Session | None = None,
    ) -> None:
        """See `connect`. Raises ValueError for what is no address."""
        self.url = checked_address(url)
        self._patience = checked_patience(patience)
        self._own_session = session is None
        self._session = session or requests.Session()
        self._caller = Caller(self.url, token, self._session, patience)
        self._link = Link(self.url, token, self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Runs go on; whoever still iterates over one gets a ClientError."""
        self._link.close()
        if self._own_session:
            self._session.close()

    def start(self, name: str, /, **kwargs: JsonValue) -> Run:
        """Start a run of the parent `name`. Raises Refused, Unreachable."""
        return self.submit(name, kwargs)

    def submit(
        self,
        name: str,
        kwargs: Mapping[str, JsonValue],
        *,
        label: str | None = None,
        tags: Iterable[str] = (),
        idempotency_key: str | None = None,
    ) -> Run:
        """As `start`, with what is not an argument of the parent.

        The same `idempotency_key` within 24 h is the same run, however often this is called.
        """
        run = self._caller.call(calls.start(name, kwargs, label, tags, idempotency_key))
        return self._held(run)

    def run(self, run_id: str) -> Run:
        """A run that is there already, e.g. to watch it; nothing is asked yet."""
        return Run(run_id, self._caller, self._link, self._patience)

    def runs(self, **filters: Any) -> Iterator[RunRecord]:
        """The runs that fit, newest first, read page by page while they are iterated over.

        Filters are those of `GET /runs`: `state`, `name`, `tag` (one or several), `label`, `q`,
        `since`, `until` (ms since the epoch). Raises Refused, Unreachable.
        """
        cursor: str | None = None
        while True:
            page = self._caller.call(calls.runs(filters, cursor, PAGE))
            yield from page["runs"]
            cursor = page["next"]
            if cursor is None:
                return

    def parents(self) -> list[ParentRecord]:
        """What can be started. Raises Refused, Unreachable."""
        found: list[ParentRecord] = self._caller.call(calls.parents())["parents"]
        return found

    def workers(self) -> dict[str, Any]:
        """Who works, and how long the queues are. Raises Refused, Unreachable."""
        found: dict[str, Any] = self._caller.call(calls.workers())
        return found

    def _held(self, run: RunRecord) -> Run:
        return Run(run["id"], self._caller, self._link, self._patience, run)


def checked_address(url: str) -> str:
    """The address without a slash at its end. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a server; write http://127.0.0.1:8000.")
    return url.rstrip("/")


def checked_patience(patience: float) -> float:
    """Raises ValueError unless it is a number of seconds from 0."""
    if not (patience >= 0 and math.isfinite(patience)):
        raise ValueError(f"patience is a number of seconds from 0, not {patience!r}.")
    return patience
