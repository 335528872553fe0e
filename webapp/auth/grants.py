"""Secret words that were given away, as sessions or tokens: only their digests are kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, cast

import redis

from inception.runs.scripts import refusals_as_errors
from webapp.auth.roles import Role
from webapp.errors import TooManyRequests

_ID_LENGTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """To whom a word was given, what it lets them do, and for how long.

    Times in ms since the epoch by Redis' clock; `expires_at` None: until it is taken back.
    `id` is the public part, by which it is listed and taken back. `mark` is that of the account
    a session was opened with. `run_id`: reads this run and nothing else.
    """

    id: str
    name: str
    role: Role
    created_at: int
    expires_at: int | None = None
    run_id: str | None = None
    mark: str | None = None
    by: str | None = None


class Grants:
    """The words of one kind, in one hash in Redis: at most `most` of them at a time.

    Where they `yield_` the oldest of whoever has the most makes room for one too many, so that
    nobody puts others out; else that is refused.
    """

    def __init__(
        self, client: redis.Redis, key: str, *, most: int, prefix: str = "", yield_: bool = False
    ) -> None:
        self._client = client
        self._key = key
        self._most = most
        self._prefix = prefix
        self._yield = yield_

    def give(
        self,
        name: str,
        role: Role,
        *,
        lifetime: int | None,
        run_id: str | None = None,
        mark: str | None = None,
        by: str | None = None,
    ) -> tuple[str, Grant]:
        """A new word and what is kept of it; `lifetime` in seconds (s).

        Raises TooManyRequests when as many are valid as may be, StoreUnavailable.
        """
        now = self._make_room()
        word = self._prefix + secrets.token_urlsafe(32)
        digest = _digest(word)
        grant = Grant(
            id=digest[:_ID_LENGTH],
            name=name,
            role=role,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime * 1000,
            run_id=run_id,
            mark=mark,
            by=by,
        )
        with refusals_as_errors():
            self._client.hset(self._key, digest, json.dumps(asdict(grant)))
        return word, grant

    def find(self, word: str) -> Grant | None:
        """What a word was given for; None if it is forged, expired or taken back."""
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.hget(self._key, _digest(word))
            pipe.time()
            text, now = pipe.execute()
        grant = None if text is None else _grant(text)
        return grant if grant is not None and _is_valid(grant, _in_ms(now)) else None

    def all(self) -> list[Grant]:
        """Those that are valid, oldest first."""
        now = self._now()
        valid = [grant for grant in self._read().values() if _is_valid(grant, now)]
        return sorted(valid, key=lambda grant: grant.created_at)

    def take_back(self, *, id: str | None = None, name: str | None = None) -> int:  # noqa: A002
        """End the one with that public id, or all that were given to that name; say how many."""
        digests = [
            digest
            for digest, grant in self._read().items()
            if (grant.id == id if id is not None else grant.name == name)
        ]
        return self._remove(digests)

    def end(self, word: str) -> None:
        """End one word."""
        self._remove([_digest(word)])

    def _make_room(self) -> int:
        """Drop what has expired, or yields, if there is no room; return the time (ms)."""
        now = self._now()
        with refusals_as_errors():
            count = cast(int, self._client.hlen(self._key))
        if count < self._most:
            return now
        given = self._read()
        leaving = [digest for digest, one in given.items() if not _is_valid(one, now)]
        if not leaving and self._yield:
            leaving = [_oldest_of_who_has_most(given)]
        if not self._remove(leaving):
            raise TooManyRequests(f"There are {self._most:,} of these already; take some back.")
        return now

    def _read(self) -> dict[str, Grant]:
        with refusals_as_errors():
            found = cast("dict[str, str]", self._client.hgetall(self._key))
        return {digest: _grant(text) for digest, text in found.items()}

    def _remove(self, digests: list[str]) -> int:
        if not digests:
            return 0
        with refusals_as_errors():
            return cast(int, self._client.hdel(self._key, *digests))

    def _now(self) -> int:
        with refusals_as_errors():
            return _in_ms(cast("tuple[int, int]", self._client.time()))


def _oldest_of_who_has_most(given: Mapping[str, Grant]) -> str:
    """The digest of that one."""
    number = Counter(grant.name for grant in given.values())
    return min(given, key=lambda digest: (-number[given[digest].name], given[digest].created_at))


def _in_ms(time: tuple[int, int]) -> int:
    seconds, microseconds = time
    return seconds * 1000 + microseconds // 1000


def _digest(word: str) -> str:
    """A plain digest is enough: the words are random, 256 bits, so nobody can try them all."""
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()


def _grant(text: str) -> Grant:
    fields = json.loads(text)
    return Grant(**{**fields, "role": Role(fields["role"])})


def _is_valid(grant: Grant, now: int) -> bool:
    return grant.expires_at is None or now < grant.expires_at
