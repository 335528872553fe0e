"""How this package's processes connect to Redis: bounded pools, time-outs, nothing retried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from inception.runs.celery_address import UNIX
from inception.runs.pool import Pool
from inception.runs.sentinel import SCHEME, PrimaryConnection, Watched

CONNECT_TIMEOUT: Final = 2.0
"""Seconds (s) until a connection that isn't accepted counts as failed."""
ANSWER_TIMEOUT: Final = 5.0
"""Seconds (s) until a command without an answer counts as failed. Its effect is then unknown."""
POOL_WAIT: Final = 10.0
"""Seconds (s) that a caller waits for one of the pool's connections."""
_HEALTH_CHECK: Final = 30
_POOL_SIZE: Final = 50


def connect(url: str, *, purpose: str, size: int = _POOL_SIZE) -> redis.Redis:
    """A client of its own pool of at most `size` connections, which block rather than raise.

    `purpose` shows in `CLIENT LIST`. No command is retried by the client: one that timed out may
    have been done (redis-py was seen to count one INCR twice). Nothing is sent yet.
    """
    options: dict[str, Any] = {
        "max_connections": size,
        "timeout": POOL_WAIT,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_timeout": ANSWER_TIMEOUT,
        "socket_keepalive": True,
        "health_check_interval": _HEALTH_CHECK,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "decode_responses": True,
        "encoding_errors": "surrogatepass",
        "client_name": f"inception-{purpose}",
    }
    if url.startswith(UNIX):
        for only_over_tcp in ("socket_connect_timeout", "socket_keepalive"):
            del options[only_over_tcp]
    if url.startswith(SCHEME):
        watched = Watched.of(url)
        pool = Pool(connection_class=PrimaryConnection, watched=watched, **options)
    else:
        pool = Pool.from_url(url, **options)
    return redis.Redis.from_pool(pool)


def database_of(parameters: Mapping[str, Any]) -> tuple[object, ...]:
    """Which database of which server a connection's parameters lead to."""
    number = int(parameters.get("db") or 0)
    if parameters.get("path"):
        return parameters["path"], number
    host, port = parameters.get("host") or "localhost", int(parameters.get("port") or 6379)
    return host, port, number
