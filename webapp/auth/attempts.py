"""How often sign-in may be tried: counted in Redis, for all web processes together.

A name is known where it has signed in lately: at up to 20 addresses, for 30 days. What is tried for
it there is counted apart from all else, so neither who shares that address (an office has one for
all) nor anybody elsewhere uses up its tries, and it uses up nobody's.

Everybody else is a stranger: bounded by their address, by how many all strangers try together, and,
slowly, by the name that they try, since a guesser may have many addresses.

A script counts either in one round trip: how long it takes tells nobody which names are known.
"""

from __future__ import annotations

from typing import Final

import redis

from inception.runs import keys
from inception.runs.tries import Counter, Tries
from webapp.auth.addresses import digest, site_of
from webapp.errors import TooManyRequests

MINUTE: Final = 60
HOUR: Final = 3_600
"""Seconds (s) for which attempts are counted, from the first one on."""
MOST_AT_ALL: Final = 200
"""Within a minute, by all strangers. Also bounds what checking costs (20 ms each)."""
MOST_OF_ONE: Final = 10
"""Within a minute, by the strangers of one address."""
MOST_OF_KNOWN: Final = 10
"""Within a minute, for one name where it is known, whether or not it gets in."""
MOST_OF_BOTH: Final = 20
"""Within an hour, from one address for one name that doesn't get in."""
MOST_FOR_NAME: Final = 100
"""Within an hour, for one name from all addresses where it is not known."""
MOST_KNOWN: Final = 20
"""Addresses at which one name is known; those it signed in from longest ago are forgotten."""
KNOWN_FOR: Final = 30 * 24 * HOUR
"""Seconds (s) for which it is known at one."""


class Attempts:
    """Counts, and refuses what is too much before a password is looked at."""

    def __init__(self, client: redis.Redis) -> None:
        self._tries = Tries(client)

    def count(self, address: str, name: str) -> None:
        """Count one attempt. Raises TooManyRequests, StoreUnavailable."""
        site = site_of(address)
        of_both = _of_both(site, name)
        full_for = self._tries.count_try(
            _known(name),
            site,
            known_for=KNOWN_FOR,
            of_known=(_counter(f"pair:{_pair(site, name)}", MOST_OF_KNOWN, MINUTE), of_both),
            of_others=(
                _counter(f"address:{site}", MOST_OF_ONE, MINUTE),  # first: one can't use up
                _counter("all", MOST_AT_ALL, MINUTE),  # what is everybody's
                of_both,
                _counter(f"name:{digest(name)}", MOST_FOR_NAME, HOUR),
            ),
        )
        if full_for is not None:
            raise TooManyRequests(f"Too many tries; wait {_span(full_for)} and try again.")

    def remember(self, address: str, name: str) -> None:
        """The name has signed in from there. Raises StoreUnavailable.

        Its tries of this hour from there count anew: many may share both a name and an address.
        """
        site = site_of(address)
        self._tries.remember_place(
            _known(name),
            site,
            known_for=KNOWN_FOR,
            most=MOST_KNOWN,
            forget=_of_both(site, name).key,
        )


def _known(name: str) -> str:
    return keys.sign_ins(f"known:{digest(name)}")


def _of_both(site: str, name: str) -> Counter:
    return _counter(f"both:{_pair(site, name)}", MOST_OF_BOTH, HOUR)


def _pair(site: str, name: str) -> str:
    return digest(f"{site} {name}")


def _counter(whose: str, most: int, window: int) -> Counter:
    return Counter(key=keys.sign_ins(whose), most=most, window=window)


def _span(seconds: int) -> str:
    return f"{max(1, seconds)} s" if seconds <= MINUTE else f"{-(-seconds // MINUTE)} min"
