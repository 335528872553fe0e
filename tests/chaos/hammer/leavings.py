"""What is left behind once all is quiet: the names of orphans, keys of runs that are no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import redis

from inception.runs import keys

_ORPHAN: Final = re.compile(r"Child (\S*) of run (\S+) is stopped: it is one whose run is gone")
_OF_A_RUN: Final = frozenset(
    {"run", "nodes", "large", "journal", "claims", "events", "log", "logs"}
)
"""What keys of a run begin with; its id follows."""
_GOING_ON: Final = frozenset({"unowned", "revokes", "owned", "places", "waiting"})
"""Keys that name runs which go on; there are none."""


def orphans_in(log: str) -> frozenset[tuple[str, str]]:
    """Run id and path of each child that this log names as one whose run is gone."""
    return frozenset((found[2], found[1]) for found in _ORPHAN.finditer(log))


def left_over(url: str, listed: frozenset[str]) -> frozenset[str]:
    """What Redis has of runs that it doesn't list, or of one that goes on; all have ended."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return frozenset(_left_over(client, listed))


def _left_over(client: Any, listed: frozenset[str]) -> Iterator[str]:
    for key in client.scan_iter(match=f"{keys.TAG}*", count=1000):
        kind, _, rest = key.removeprefix(keys.TAG).partition(":")
        if kind in _GOING_ON:
            yield key
        if kind in _OF_A_RUN and rest.partition(":")[0] not in listed:
            yield key
        if kind == "runs" and not listed.issuperset(client.zrange(key, 0, -1)):
            yield key
