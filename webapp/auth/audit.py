"""Who did what: a capped list in Redis, exported with `flask runs audit --json`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypedDict, cast

import redis

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.scripts import refusals_as_errors

if TYPE_CHECKING:
    from redis.typing import EncodableT

MAX_ENTRIES: Final = 10_000
_MAX_TEXT: Final = 200

_log = logging.getLogger(__name__)


class Deed(StrEnum):
    """What is recorded."""

    START = "start"
    REVOKE = "revoke"
    RETRY = "retry"
    RERUN = "rerun"
    DELETE = "delete"
    GIVE_TOKEN = "give_token"  # noqa: S105  a deed, no password
    SIGN_IN = "sign_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_OUT = "sign_out"


class Entry(TypedDict):
    """One line of the list; `at` in ms since the epoch by Redis' clock."""

    at: int
    by: str
    deed: str
    run_id: str | None
    path: str | None


class Audit:
    """Appends, and reads what is kept: about the last 10,000."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def record(
        self, deed: Deed, *, by: str, run_id: str | None = None, path: str | None = None
    ) -> None:
        """Note what was done. It is done already, so a Redis that is away is only logged."""
        fields = {"by": by, "deed": str(deed), "run_id": run_id, "path": path}
        said = {name: text[:_MAX_TEXT] for name, text in fields.items() if text is not None}
        entry = cast("dict[EncodableT, EncodableT]", said)
        about = {"action": "audit", **said}
        try:
            with refusals_as_errors():
                self._client.xadd(keys.AUDIT, entry, maxlen=MAX_ENTRIES, approximate=True)
        except StoreUnavailable:
            _log.warning("%s by %s could not be put on the list", deed, by, extra=about)
        else:
            _log.info("%s by %s", deed, by, extra=about)

    def read(self, limit: int = MAX_ENTRIES) -> list[Entry]:
        """The newest entries, newest first. Raises StoreUnavailable."""
        with refusals_as_errors():
            found = self._client.xrevrange(keys.AUDIT, count=limit)
        return list(_entries(cast("list[tuple[str, dict[str, str]]]", found)))


def _entries(found: list[tuple[str, dict[str, str]]]) -> Iterator[Entry]:
    for number, fields in found:
        yield Entry(
            at=int(number.partition("-")[0]),
            by=fields["by"],
            deed=fields["deed"],
            run_id=fields.get("run_id"),
            path=fields.get("path"),
        )
