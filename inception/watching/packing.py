"""Makes messages to the letter as Celery would send them, and hands them over instead.

Where the broker is the Redis that keeps the runs, a step's record and its message can be one
operation there: pushed by the script that records, it costs no round trip of its own, and no
crash comes in between. What a message looks like stays Celery's and kombu's own affair: all of
their way is gone, up to the push itself.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kombu import Producer
from kombu.transport import redis
from kombu.utils.json import dumps
from redis.connection import ConnectionPool

from inception.runs.connection import database_of
from inception.runs.records import Letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

_packed: ContextVar[list[Letter]] = ContextVar("packed")
"""What is packed in this thread, or green thread, just now."""


class PackingChannel(redis.Channel):  # type: ignore[misc]
    """A channel that keeps what it would push; all else it does for real."""

    def _put(self, queue: str, message: dict[str, Any], **_kwargs: object) -> None:
        priority = self._get_message_priority(message, reverse=False)
        letter = Letter(queue=self._q_for_pri(queue, priority), text=dumps(message))
        _packed.get().append(letter)


class PackingTransport(redis.Transport):  # type: ignore[misc]
    """kombu's transport over Redis, with channels that push nothing."""

    Channel = PackingChannel


class PackingProducer(Producer):  # type: ignore[misc]
    """A producer that many share: it talks to the broker only to declare what is new to it."""

    def __init__(self, channel: Any) -> None:
        super().__init__(channel, auto_declare=False)
        self._declared: set[tuple[type, str]] = set()
        """As many as there are queues and exchanges."""

    def publish(self, body: object, **options: Any) -> object:
        """Do as kombu's, once for each queue with all that this takes to declare it."""
        wanted = {(type(entity), entity.name): entity for entity in options.pop("declare") or ()}
        options["declare"] = [wanted[name] for name in wanted.keys() - self._declared]
        published: object = super().publish(body, **{**options, "retry": False})
        self._declared.update(wanted)
        return published


class Packer:
    """Packs what a Celery app would send to its broker, which is a Redis."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connecting = threading.Lock()
        self._producer: PackingProducer | None = None

    def pack(self, send: Callable[[PackingProducer], object]) -> tuple[Letter, ...]:
        """What `send`, given a producer, would have pushed. Raises one of BROKER_ERRORS."""
        producer = self._connected()
        letters: list[Letter] = []
        token = _packed.set(letters)
        try:
            send(producer)
        finally:
            _packed.reset(token)
        return tuple(letters)

    def close(self) -> None:
        """Close the connection."""
        with self._connecting:
            producer, self._producer = self._producer, None
            if producer is not None:
                producer.connection.close()

    def _connected(self) -> PackingProducer:
        producer = self._producer
        if producer is not None:
            return producer
        with self._connecting:
            if self._producer is None:
                transport = f"{PackingTransport.__module__}:{PackingTransport.__qualname__}"
                connection = self._app.connection_for_write(transport=transport)
                # One try: kombu's own way to a channel waits for 6 s where Redis is away, and the
                # record of the step, which comes next, waits for Redis anyway.
                connection.ensure_connection(max_retries=1, interval_start=0)
                self._producer = PackingProducer(connection.default_channel)
            return self._producer


def can_pack(app: Celery, runs_url: str) -> bool:
    """True if a script on the Redis at `runs_url` may push what goes to the app's broker.

    That is one plain Redis for both, whose queues have the names that kombu gives them. Another
    user may not be allowed to touch the queues, and then couldn't record either.
    """
    broker = str(app.conf.broker_write_url or app.conf.broker_url)
    if any(urlsplit(url).scheme != "redis" or ";" in url for url in (broker, runs_url)):
        return False
    options = app.conf.broker_transport_options or {}
    return _entry(broker) == _entry(runs_url) and not options.get("global_keyprefix")


def _entry(url: str) -> tuple[object, ...]:
    """The database at that address, and who enters it."""
    parameters = ConnectionPool.from_url(url).connection_kwargs
    return *database_of(parameters), parameters.get("username")
