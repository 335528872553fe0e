"""Who did what: a capped list in Redis, exported with `flask runs audit --json`.

What is done to runs is noted by the scripts that do it, in the same step (`note` in prelude.lua).
The rest is noted here before it is done, and not done if it can't be noted. Sign-ins that were
refused have a list of their own, which is read with the other: strangers fill it as fast as they
may try, and must not push out what was done.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast

import redis

from inception.runs import keys
from inception.runs.model import MAX_AUDIT_ENTRIES
from inception.runs.scripts import refusals_as_errors

if TYPE_CHECKING:
    from redis.typing import EncodableT

MAX_ENTRIES: Final = MAX_AUDIT_ENTRIES
MAX_REFUSED: Final = 10_000
_PAGE: Final = 1_000
"""Entries read by one command: all at once would hold Redis up for everybody."""
_MAX_TEXT: Final = 200
_Kept: TypeAlias = tuple[str, dict[str, str]]

_log = logging.getLogger(__name__)


class Deed(StrEnum):
    """What is recorded."""

    START = "start"
    REVOKE = "revoke"
    RETRY = "retry"
    RERUN = "rerun"
    DELETE = "delete"
    DESCRIBE = "describe"
    GIVE_TOKEN = "give_token"  # noqa: S105  # nosec B105  # a deed, no password
    TAKE_TOKEN = "take_token"  # noqa: S105  # nosec B105
    ADD_USER = "add_user"
    CHANGE_USER = "change_user"
    REMOVE_USER = "remove_user"
    END_SESSIONS = "end_sessions"
    SIGN_IN = "sign_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_OUT = "sign_out"


class Entry(TypedDict):
    """One line of the list; `at` in ms since the epoch by Redis' clock.

    `about` is whom or what else the deed is about: a user and their role, a token.
    """

    at: int
    by: str
    deed: str
    run_id: str | None
    path: str | None
    about: str | None
    address: str | None


def log_deed(deed: Deed, *, by: str, run_id: str, path: str | None = None) -> None:
    """Say in the log what was done to a run; on the list it is already."""
    said = {"by": by, "deed": str(deed), "run_id": run_id, "path": path}
    about = {name: text for name, text in said.items() if text is not None}
    _log.info("%s by %s", deed, by, extra={"action": "audit", **about})


class Audit:
    """Appends, and reads what is kept: about the last 100,000, and of refused sign-ins 10,000."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def record(
        self,
        deed: Deed,
        *,
        by: str,
        run_id: str | None = None,
        about: str | None = None,
        address: str | None = None,
        within: redis.client.Pipeline | None = None,
    ) -> None:
        """Note what is about to be done; `address` is where that was asked for.

        It is noted with whatever else is done `within` a transaction. Raises StoreUnavailable: then
        it must not be done.
        """
        fields = {
            "by": by,
            "deed": str(deed),
            "run_id": run_id,
            "about": about,
            "address": address,
        }
        said = {name: text[:_MAX_TEXT] for name, text in fields.items() if text is not None}
        entry = cast("dict[EncodableT, EncodableT]", said)
        refused = deed is Deed.SIGN_IN_REFUSED
        stream, most = (keys.AUDIT_REFUSED, MAX_REFUSED) if refused else (keys.AUDIT, MAX_ENTRIES)
        with refusals_as_errors():
            (within or self._client).xadd(stream, entry, maxlen=most, approximate=True)
        _log.info("%s by %s", deed, by, extra={"action": "audit", **said})

    def read(self, limit: int = MAX_ENTRIES) -> list[Entry]:
        """The newest entries, newest first. Raises StoreUnavailable."""
        streams = (self._newest_of(keys.AUDIT, limit), self._newest_of(keys.AUDIT_REFUSED, limit))
        newest_first = heapq.merge(*streams, key=_when, reverse=True)
        return list(_entries(islice(newest_first, limit)))

    def _newest_of(self, stream: str, limit: int) -> Iterator[_Kept]:
        before = "+"
        for first in range(0, limit, _PAGE):
            count = min(_PAGE, limit - first)
            with refusals_as_errors():
                page = cast("list[_Kept]", self._client.xrevrange(stream, before, count=count))
            yield from page
            if len(page) < count:
                return
            before = f"({page[-1][0]}"


def _when(entry: _Kept) -> tuple[int, int]:
    """By the number of a stream's entry: a time (ms), and which within it."""
    at, _, which = entry[0].partition("-")
    return int(at), int(which)


def _entries(found: Iterable[_Kept]) -> Iterator[Entry]:
    for number, fields in found:
        yield Entry(
            at=int(number.partition("-")[0]),
            by=fields["by"],
            deed=fields["deed"],
            run_id=fields.get("run_id"),
            path=fields.get("path"),
            about=fields.get("about"),
            address=fields.get("address"),
        )
