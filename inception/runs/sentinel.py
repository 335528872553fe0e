"""Finds the present primary behind Redis Sentinel, whenever a connection is made.

An address is `sentinel://:PASSWORD@host1:26379,host2:26379/0?master=NAME`: where the Sentinels
are, and password, database and name of what they watch. A connection that breaks is made anew, and
so asks again; a primary that Sentinel demotes has its connections cut by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SCHEME: Final = "sentinel://"
DEFAULT_PORT: Final = 26379
ASK_TIMEOUT: Final = 1.0
"""Seconds (s) that a Sentinel has to answer before the next is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What an address says."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    username: str | None
    password: str | None
    db: int

    @classmethod
    def of(cls, url: str) -> Watched:
        """Read it from an address. Raises ValueError."""
        parts = urlsplit(url)
        named = parse_qs(parts.query).get("master")
        if not named:
            raise ValueError("a sentinel:// address names what is watched: ?master=NAME")
        credentials, _, hosts = parts.netloc.rpartition("@")
        username, _, password = credentials.partition(":")
        return cls(
            sentinels=tuple(_host(each) for each in hosts.split(",")),
            master=named[0],
            username=unquote(username) or None,
            password=unquote(password) or None,
            db=int(parts.path.strip("/") or 0),
        )

    def primary(self) -> tuple[str, int]:
        """Ask where the primary is now; the first Sentinel that knows is believed.

        Raises redis.ConnectionError if none does.
        """
        for host, port in self.sentinels:
            found = _ask(host, port, self.master)
            if found is not None:
                return found
        raise redis.ConnectionError(f"no Sentinel knows a primary of {self.master!r}")


class PrimaryConnection(redis.Connection):
    """A connection that is made to whoever is the primary at that moment."""

    def __init__(self, *, watched: Watched, **options: Any) -> None:
        self._watched = watched
        credentials = {"username": watched.username, "password": watched.password}
        super().__init__(**{**options, **credentials, "db": watched.db})  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        self.host, self.port = self._watched.primary()
        return super()._connect()  # type: ignore[no-untyped-call]


def plain_address(url: str) -> str:
    """The address of the present primary; any other address as it is."""
    if not url.startswith(SCHEME):
        return url
    watched = Watched.of(url)
    host, port = watched.primary()
    credentials = f"{quote(watched.username or '')}:{quote(watched.password or '', safe='')}@"
    return f"redis://{credentials}{host}:{port}/{watched.db}"


def _ask(host: str, port: int, master: str) -> tuple[str, int] | None:
    with redis.Redis(
        host=host,
        port=port,
        socket_timeout=ASK_TIMEOUT,
        socket_connect_timeout=ASK_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    ) as sentinel:
        try:
            found = sentinel.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", master)
        except redis.RedisError:
            return None
    return None if found is None else (str(found[0]), int(found[1]))


def _host(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    if not host:
        raise ValueError("a sentinel:// address names at least one Sentinel")
    return host, int(port or DEFAULT_PORT)
