"""Bulk actions: what was asked of many runs at once, and how far that is.

A web process works one off, run by run, under a lease that each step renews; when it dies,
another goes on with the runs that are left. The run it died at is acted on a second time, and what
is refused of it then because it was done counts as done.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from typing_extensions import TypedDict

from inception.runs import keys
from inception.runs.errors import BulkNotFound, TooManyBulks
from inception.runs.scripts import Scripts, refusals_as_errors

BulkAction: TypeAlias = Literal["revoke", "retry", "delete"]

MAX_UNDER_WAY: Final = 100
"""Bulk actions that may be under way at a time; one more is refused."""
MAX_FAILURES: Final = 20
"""Failures that are told one by one; the others are counted."""
KEPT_SECONDS: Final = 7 * 24 * 3600
"""Seconds (s) for which a bulk action can be asked about."""
LEASE_MS: Final = 5_000
"""Milliseconds (ms) without a step after which another process may go on."""


class BulkFailure(TypedDict):
    """One run that the action was refused on."""

    run_id: str
    code: str
    message: str


class Bulk(TypedDict):
    """How far a bulk action is: it has ended when `done` and `failed` make `total`.

    Times in ms since the epoch; `failures` are the first 20.
    """

    id: str
    action: BulkAction
    by: str
    total: int
    done: int
    failed: int
    failures: list[BulkFailure]
    created_at: int
    finalized_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBulk:
    """A bulk action to be recorded; `by` asked for it and had that `role`. Each run once."""

    id: str
    action: BulkAction
    by: str
    role: str
    run_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkWork:
    """What is to be done next of a bulk action, and in whose name.

    Where somebody had `begun` before, the first run that is left may have been acted on already.
    """

    action: BulkAction
    by: str
    role: str
    begun: bool
    run_ids: Sequence[str]


class Bulks(Scripts):
    """Records bulk actions and their progress."""

    def create_bulk(self, new: NewBulk) -> None:
        """Record a bulk action. Raises TooManyBulks."""
        words: list[str | int] = [new.id, MAX_UNDER_WAY, KEPT_SECONDS, new.action, new.by, new.role]
        answer = self._run("create_bulk", _keys(new.id), [*words, *new.run_ids])
        if answer[0] == "too_many":
            raise TooManyBulks(f"{MAX_UNDER_WAY} bulk actions are under way; wait for one to end.")

    def read_bulk(self, bulk_id: str) -> Bulk:
        """How far it is. Raises BulkNotFound."""
        with refusals_as_errors():
            found = cast("dict[str, str]", self._client.hgetall(keys.bulk(bulk_id)))
        if "action" not in found:
            raise BulkNotFound(f"There is no bulk action {bulk_id[:80]!r} (any more).")
        ended = found.get("finalized_at")
        return {
            "id": bulk_id,
            "action": cast("BulkAction", found["action"]),
            "by": found["by"],
            "total": int(found["total"]),
            "done": int(found["done"]),
            "failed": int(found["failed"]),
            "failures": json.loads(f"[{found['failures']}]"),
            "created_at": int(found["created_at"]),
            "finalized_at": None if ended is None else int(ended),
        }

    def bulks_under_way(self) -> list[str]:
        """The ids of those that aren't done, oldest first: at most 100."""
        with refusals_as_errors():
            return cast("list[str]", self._client.zrange(keys.BULKS, 0, MAX_UNDER_WAY))

    def lease_bulk(self, bulk_id: str, holder: str) -> bool:
        """True if the holder may work on it now; each counted step keeps it so."""
        with refusals_as_errors():
            taken = self._client.set(keys.bulk_lease(bulk_id), holder, nx=True, px=LEASE_MS)
            return bool(taken) or self._client.get(keys.bulk_lease(bulk_id)) == holder

    def lease_left(self, bulk_id: str) -> float:
        """Seconds (s) after which another may work on it, if who does says nothing by then."""
        with refusals_as_errors():
            return max(0, cast("int", self._client.pttl(keys.bulk_lease(bulk_id)))) / 1000

    def work_of_bulk(self, bulk_id: str, most: int) -> BulkWork | None:
        """The next runs of it, at most so many; None once nothing is left.

        Who is given them is taken to act on the first one.
        """
        names = ["action", "by", "role", "begun"]
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(keys.bulk(bulk_id), names)
            pipe.lrange(keys.bulk_left(bulk_id), 0, most - 1)
            pipe.hset(keys.bulk(bulk_id), "begun", "1")
            pipe.expire(keys.bulk(bulk_id), KEPT_SECONDS)  # for one that was gone, too
            (action, by, role, begun), run_ids, *_ = pipe.execute()
        if action is None or not run_ids:
            return None
        return BulkWork(action=action, by=by, role=role, begun=bool(begun), run_ids=run_ids)

    def count_bulk(
        self, bulk_id: str, holder: str, run_id: str, failure: BulkFailure | None
    ) -> bool:
        """Count one run as done or failed. False if the lease is another's: then stop.

        A run id of a bulk action that has nothing left closes it.
        """
        text = "" if failure is None else json.dumps(failure)
        words: list[str | int] = [bulk_id, holder, LEASE_MS, run_id, text, MAX_FAILURES]
        names = [*_keys(bulk_id), keys.bulk_lease(bulk_id)]
        return bool(self._run_again_if_lost("count_bulk", names, words)[0] == "ok")


def _keys(bulk_id: str) -> list[str]:
    return [keys.bulk(bulk_id), keys.bulk_left(bulk_id), keys.BULKS]
