"""Notes on the audit list who was added to the file of users, changed there or removed.

What the list knows of the users is kept beside it. The command line notes what it is about to
write, and by whom; each web process notes what it reads and the list doesn't know yet, be it that
somebody edited the file by hand, or that Redis was away when it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

import redis
from redis.exceptions import WatchError

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.scripts import refusals_as_errors
from webapp.auth.audit import Audit, Deed
from webapp.auth.users import Account

_TRIES: Final = 20
"""Each try that fails is one that another process has made."""
BY_FILE: Final = "(the file of users)"
"""Who did it, of a change that was only found: no user has such a name."""


class Roll:
    """What the audit list knows of the users."""

    def __init__(self, client: redis.Redis, audit: Audit) -> None:
        self._client = client
        self._audit = audit

    def note(self, accounts: Mapping[str, Account], by: str = BY_FILE) -> None:
        """Note what differs from what is known; each change once, however many look.

        Raises StoreUnavailable.
        """
        now = {each.name: f"{each.role} {each.mark}" for each in accounts.values()}
        for _ in range(_TRIES):
            try:
                return self._note(now, by)
            except WatchError:
                continue  # another process was noting just now
        raise StoreUnavailable("Others note changes of the users all the time; try again.")

    def _note(self, now: Mapping[str, str], by: str) -> None:
        """In one step with what is known from then on. Raises WatchError if another noted first."""
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.watch(keys.ACCOUNTS)  # type: ignore[no-untyped-call]
            known = cast("dict[str, str]", pipe.hgetall(keys.ACCOUNTS))
            changes = list(differences(known, now))
            if not changes:
                return
            pipe.multi()
            pipe.delete(keys.ACCOUNTS)
            if now:
                pipe.hset(keys.ACCOUNTS, mapping=dict(now))
            for deed, about in changes:
                self._audit.record(deed, by=by, about=about, within=pipe)
            pipe.execute()


def differences(known: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[Deed, str]]:
    """What has been done to the users: the deed, and the user with their role. Pure."""
    for name, kept in now.items():
        if kept != known.get(name):
            deed = Deed.CHANGE_USER if name in known else Deed.ADD_USER
            yield deed, _named(name, kept)
    for name, kept in known.items():
        if name not in now:
            yield Deed.REMOVE_USER, _named(name, kept)


def _named(name: str, kept: str) -> str:
    return f"{name} ({kept.partition(' ')[0]})"
