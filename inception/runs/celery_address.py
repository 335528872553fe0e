"""How Celery and kombu are told the address of a Redis, where they write it in another way.

Behind Sentinel they take a list of addresses and an option beside it. A Unix socket is
`redis+socket://:PASSWORD@/run/redis.sock?virtual_host=1` for them, and `unix://` for everybody
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from inception.runs import sentinel
from inception.runs.sentinel import Watched

UNIX: Final = "unix://"
_CELERYS_UNIX: Final = "redis+socket://"
_DATABASE: Final = "virtual_host"


def celery_settings(url: str, setting: str, options: str) -> dict[str, Any]:
    """How Celery is told an address as its `setting`: in its own way, or as it is.

    `options` is the setting that takes what doesn't go into the address.
    """
    if url.startswith(UNIX):
        return {setting: _of_socket(url, _CELERYS_UNIX, "db", _DATABASE)}
    if not url.startswith(sentinel.SCHEME):
        return {setting: url}
    watched = Watched.of(url)
    secret = f"{quote(watched.username or '')}:{quote(watched.password or '', safe='')}@"
    each = (
        f"{sentinel.SCHEME}{secret}{host}:{port}/{watched.db}" for host, port in watched.sentinels
    )
    return {setting: ";".join(each), options: {"master_name": watched.master}}


def address_of(celery_url: str, options: Mapping[str, Any] | None) -> str:
    """The address as it is written here, of one as Celery is told it: `celery_settings` undone."""
    if celery_url.startswith(_CELERYS_UNIX):
        return _of_socket(celery_url, UNIX, _DATABASE, "db")
    if not celery_url.startswith(sentinel.SCHEME) or "master_name" not in (options or {}):
        return celery_url
    first, *others = celery_url.split(";")
    more = ",".join(urlsplit(other).netloc.rpartition("@")[2] for other in others)
    parts = urlsplit(first)
    hosts = f"{parts.netloc},{more}" if more else parts.netloc
    return f"{sentinel.SCHEME}{hosts}{parts.path}?master={quote((options or {})['master_name'])}"


def _of_socket(url: str, scheme: str, theirs: str, ours: str) -> str:
    """The address of a socket with another scheme, and another word for its database."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if theirs in query:
        query[ours] = query.pop(theirs)
    more = f"?{urlencode(query)}" if query else ""
    return f"{scheme}{parts.netloc}{parts.path}{more}"
