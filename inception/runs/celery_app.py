"""Celery's side of every process: what all agree on, and a client that only sends.

Some settings are the engine's (`REQUIRED`): with others a promise breaks, so they are set over
the project's own. The rest (`PREFERRED`) are defaults that a project may set otherwise.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from inception.runs.celery_address import celery_settings
from inception.runs.errors import SettingsError
from inception.runs.settings import REDIS_SCHEMES, Settings

CHILDREN_QUEUE: Final = "children"
PARENTS_QUEUE: Final = "parents"

PRIORITIES: Final = (3, 6, 9)
PRIORITY_MARK: Final = "\x06\x16"
"""kombu keeps a queue in Redis as a list of its name, and one for each of these priorities, whose
name has the mark and the number behind it (by its defaults of `priority_steps` and `sep`)."""

RESULT_LIFE: Final = 7 * 24 * 3600
"""Seconds (s) that Celery's results are kept, at least: tools read them, the engine doesn't."""

REQUIRED: Final[dict[str, Any]] = {
    # STARTED is stored after the claim; Celery would store it before.
    "task_track_started": False,
    # Without it a child that ends while Redis is away is stored as FAILURE, its value gone.
    "result_backend_always_retry": True,
    # A worker that gives up on Redis after a hundred tries would have to be started by hand.
    "broker_connection_max_retries": None,
    # A message that waits in a busy worker can't be taken by an idle one.
    "worker_disable_prefetch": True,
}

PREFERRED: Final[dict[str, Any]] = {
    # A broker other than Redis knows no worker_disable_prefetch; this is the least it knows.
    "worker_prefetch_multiplier": 1,
    "broker_connection_retry_on_startup": True,
    "redis_socket_connect_timeout": 2.0,
    "redis_socket_timeout": 10.0,
    "redis_backend_health_check_interval": 30,
    "result_expires": RESULT_LIFE,
}

DEAD_AFTER: Final = 20
"""Seconds (s) after which a connection to the broker that nobody answers on counts as broken."""


def _pulse() -> dict[str, Any]:
    """Transport options by which the kernel finds a broker connection dead that looks alive.

    A worker that waits for messages says nothing, so behind a firewall that has forgotten the
    connection, or with a server that went without a word, it would be deaf for ever: kombu's own
    health checks look at its pub/sub connection alone. Here the kernel asks the other end after
    5 s of silence and each 5 s more; and what was sent is to be acknowledged as soon.
    """
    wanted = {
        "TCP_KEEPIDLE": 5,
        "TCP_KEEPALIVE": 5,  # the same on macOS
        "TCP_KEEPINTVL": 5,
        "TCP_KEEPCNT": (DEAD_AFTER - 5) // 5,
        "TCP_USER_TIMEOUT": DEAD_AFTER * 1000,
    }
    known = {getattr(socket, name): how for name, how in wanted.items() if hasattr(socket, name)}
    return {"socket_keepalive": True, "socket_keepalive_options": known}


BROKER_ERRORS: Final = (OperationalError, RedisError, OSError, AttributeError)
"""What sending raises while the broker is away. AttributeError ('NoneType' object has no attribute
'client') comes from kombu when another thread has just closed the connection that both share."""

_SEND_RETRY: Final = {
    "max_retries": 3,
    "interval_start": 0.1,
    "interval_step": 0.2,
    "interval_max": 1.0,
}
"""About 2 s: a run starts without its message too, a little later."""
_SEND_TIMEOUTS: Final = {"socket_timeout": 5.0, "socket_connect_timeout": 2.0}


def configure(app: Celery, settings: Settings) -> None:
    """Give `app` the settings that workers and senders must agree on.

    Where the app names no broker or result backend, REDIS_URL is both, save for another broker
    that INCEPTION_BROKER_URL names.
    """
    broker_url = settings.broker_url or settings.redis_url
    if broker_url is not None:
        app.add_defaults(celery_settings(broker_url, "broker_url", "broker_transport_options"))
    if settings.redis_url is not None:
        kept = ("result_backend", "result_backend_transport_options")
        app.add_defaults(celery_settings(settings.redis_url, *kept))
    app.add_defaults(dict(PREFERRED))
    app.conf.update(REQUIRED)
    if _is_redis(app.conf.broker_url):
        found = app.conf.broker_transport_options or {}
        app.conf.broker_transport_options = {**_pulse(), **found}
    kept = app.conf.result_expires
    if isinstance(kept, int | float) and 0 < kept < RESULT_LIFE:
        app.conf.result_expires = RESULT_LIFE


def create_client(settings: Settings) -> Celery:
    """A Celery app that sends and never hears results: for the web and the command line.

    Raises SettingsError without a REDIS_URL.
    """
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set; it takes the address of a Redis, redis://...")
    broker_url = settings.broker_url or settings.redis_url
    client = Celery("inception", set_as_current=False)
    configure(client, settings)
    client.conf.update(
        result_backend="disabled://",
        result_backend_thread_safe=True,
        task_publish_retry_policy=_SEND_RETRY,
        broker_connection_timeout=_SEND_TIMEOUTS["socket_connect_timeout"],
    )
    if _is_redis(broker_url):
        found = client.conf.broker_transport_options
        client.conf.broker_transport_options = {**found, **_SEND_TIMEOUTS}
    return client


def _is_redis(broker_url: object) -> bool:
    return str(broker_url).startswith(REDIS_SCHEMES)
