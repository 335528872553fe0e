"""How often sign-in may be tried: counted in Redis, for all web processes together.

Whoever tries is bounded by their address. The tries for a name are bounded too, since a guesser may
have many addresses, but slowly: a single address can't use them up, and from where that name has
signed in lately they don't count. So who knows a name can't keep it from signing in where it does.
"""

from __future__ import annotations

from typing import Final

import redis

from inception.runs import keys
from inception.runs.scripts import refusals_as_errors
from webapp.auth.addresses import digest, site_of
from webapp.errors import TooManyRequests

MINUTE: Final = 60
HOUR: Final = 3_600
"""Seconds (s) for which attempts are counted, from the first one on."""
MOST_AT_ALL: Final = 200
"""Within a minute, by everybody. Also bounds what checking costs (20 ms each)."""
MOST_OF_ONE: Final = 10
"""Within a minute, from one address."""
MOST_OF_BOTH: Final = 20
"""Within an hour, from one address for one name that doesn't get in."""
MOST_FOR_NAME: Final = 100
"""Within an hour, for one name from all addresses that it has not signed in from lately."""
KNOWN_FOR: Final = 30 * 24 * HOUR
"""Seconds (s) for which an address is remembered that a name has signed in from."""


class Attempts:
    """Counts, and refuses what is too much before a password is looked at."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def count(self, address: str, name: str) -> None:
        """Count one attempt. Raises TooManyRequests, StoreUnavailable."""
        self._count(f"address:{site_of(address)}", MOST_OF_ONE, MINUTE)  # first: one can't use up
        self._count("all", MOST_AT_ALL, MINUTE)  # what is everybody's
        self._count(f"both:{_both(address, name)}", MOST_OF_BOTH, HOUR)
        if not self._is_known(address, name):
            self._count(f"name:{digest(name)}", MOST_FOR_NAME, HOUR)

    def remember(self, address: str, name: str) -> None:
        """The name has signed in from there. Raises StoreUnavailable.

        Its tries from there count anew: many may share both a name and an address.
        """
        both = _both(address, name)
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.sign_ins(f"known:{both}"), 1, ex=KNOWN_FOR)
            pipe.delete(keys.sign_ins(f"both:{both}"))
            pipe.execute()

    def _is_known(self, address: str, name: str) -> bool:
        with refusals_as_errors():
            return bool(self._client.exists(keys.sign_ins(f"known:{_both(address, name)}")))

    def _count(self, whose: str, most: int, window: int) -> None:
        key = keys.sign_ins(whose)
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=window, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _new, tried, left = pipe.execute()
        if tried > most:
            raise TooManyRequests(f"Too many tries; wait {_span(left)} and try again.")


def _both(address: str, name: str) -> str:
    return digest(f"{site_of(address)} {name}")


def _span(seconds: int) -> str:
    return f"{max(1, seconds)} s" if seconds <= MINUTE else f"{-(-seconds // MINUTE)} min"
