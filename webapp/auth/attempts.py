"""How often sign-in may be tried: counted in Redis, for all web processes together."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final

import redis

from inception.runs import keys
from inception.runs.scripts import refusals_as_errors
from webapp.errors import TooManyRequests

WINDOW: Final = 60
"""Seconds (s) for which attempts are counted."""
MOST_AT_ALL: Final = 200
"""Within a window, by everybody. Also bounds what checking costs (20 ms each)."""
MOST_OF_ONE: Final = 10
"""Within a window, from one address, or for one name from wherever."""
_IPV6_SITE: Final = 64


class Attempts:
    """Counts, and refuses what is too much before a password is looked at."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def count(self, address: str, name: str) -> None:
        """Count one attempt. Raises TooManyRequests, StoreUnavailable."""
        self._count(f"address:{_site(address)}", MOST_OF_ONE)  # first: one can't use up all
        self._count("all", MOST_AT_ALL)
        self._count(f"name:{_digest(name)}", MOST_OF_ONE)

    def _count(self, whose: str, most: int) -> None:
        key = keys.sign_ins(whose)
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=WINDOW, nx=True)
            pipe.incr(key)
            _new, tried = pipe.execute()
        if tried > most:
            raise TooManyRequests(f"Too many tries; wait {WINDOW} s and try again.")


def _site(address: str) -> str:
    """One address of version 4; of version 6 the network that one site is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _digest(address)
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False).network_address)


def _digest(text: str) -> str:
    """Of bounded length, whatever a stranger sends."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
