"""How many messages wait in the broker's queues: lists in a Redis, or those of a RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, cast

import redis
from amqp.exceptions import NotFound
from kombu import Connection
from kombu.exceptions import OperationalError

from inception.runs.celery_app import PRIORITIES, PRIORITY_MARK
from inception.runs.connection import connect
from inception.runs.scripts import refusals_as_errors
from inception.runs.settings import REDIS_SCHEMES, Settings
from webapp.lately import Lately

Length = int | str
"""How many messages wait in a queue, or why that can't be told."""

KEPT: Final = 5.0
"""Seconds (s) for which what RabbitMQ said is shown again."""
PATIENCE: Final = 0.3
"""Seconds (s) that the web waits for it: what it says later is shown with the next look."""
_GIVEN_UP: Final = 5.0
"""Seconds (s) without an answer after which the connection that asks is dropped."""
_SILENT: Final = "the broker does not answer"
_NOT_YET: Final = "the broker has not been asked about it yet"
_MARKS: Final = ("", *(f"{PRIORITY_MARK}{priority}" for priority in PRIORITIES))
"""What follows a queue's name in those of its lists in Redis, one for each priority."""
_NO_LIST: Final = "WRONGTYPE"


class Queues(Protocol):
    """Where messages wait."""

    def lengths(self, names: Sequence[str]) -> Mapping[str, Length]:
        """How many wait in each of these. Raises StoreUnavailable where Redis keeps them."""


def queues_of(settings: Settings, client: redis.Redis, *, patience: float = PATIENCE) -> Queues:
    """Those of the broker that the settings name; where they name none, of `client`'s Redis.

    For a broker that is no Redis is waited at most `patience` seconds (s).
    """
    url = settings.broker_url
    if url is None or url == settings.redis_url:
        return ListsOfRedis(client)
    if url.startswith(REDIS_SCHEMES):
        return ListsOfRedis(connect(url, purpose="queues", size=4))
    return QueuesOfRabbitMQ(url, patience)


class ListsOfRedis:
    """kombu keeps a queue in Redis as a list for each priority."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def lengths(self, names: Sequence[str]) -> Mapping[str, Length]:
        """In one round trip.

        Something else that is kept by a queue's name, another program's, says nothing against the
        other queues.
        """
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                for mark in _MARKS:
                    pipe.llen(name + mark)
            found = pipe.execute(raise_on_error=False)
        lists = len(_MARKS)
        return {
            name: _sum(name, found[lists * number : lists * (number + 1)])
            for number, name in enumerate(names)
        }


class QueuesOfRabbitMQ:
    """Asks for a queue by a passive declaration, which makes none and changes nothing.

    Over a connection for each time of asking, so that a broker which nobody asks about has none:
    at most once every 5 s, by a thread, as a broker that hangs must not hold up whoever asks.
    Messages that a worker has taken ahead of time don't count, as they wait for that worker.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._url = url
        self._names: Sequence[str] = ()
        self._said = Lately(self._ask, name="queues", kept=KEPT, patience=patience)

    def lengths(self, names: Sequence[str]) -> Mapping[str, Length]:
        """What it said within the last 5 s, of the queues that it was asked about."""
        self._names = names
        said = self._said.said()
        if said is None:
            return dict.fromkeys(names, _SILENT)
        return {name: said.get(name, _NOT_YET) for name in names}

    def _ask(self) -> Mapping[str, Length] | None:
        try:
            with self._connected() as connection:
                return {name: _declared(connection, name) for name in self._names}
        except _ERRORS as error:
            return dict.fromkeys(self._names, f"{_SILENT}: {error}")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with Connection(self._url, connect_timeout=_GIVEN_UP, heartbeat=0) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)  # the next time is soon
            # Green sockets do not know the kernel's own bounds, which `read_timeout` sets.
            connection.connection.transport.sock.settimeout(_GIVEN_UP)
            yield connection


_ERRORS: Final = (
    OperationalError,
    *Connection("amqp://").connection_errors,
    *Connection("amqp://").channel_errors,
)


def _declared(connection: Connection, name: str) -> int:
    """The messages that are ready in a queue; none in one that there isn't (yet)."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except NotFound:  # with it the broker has closed the channel
        return 0
    finally:
        channel.close()


def _sum(name: str, answers: Sequence[Any]) -> Length:
    """Of the lengths of one queue's lists. Raises what Redis refused for, save that it is none."""
    lengths = []
    for answer in answers:
        if isinstance(answer, redis.ResponseError) and _NO_LIST in str(answer):
            return f"what Redis keeps as {name} is no list"
        if isinstance(answer, Exception):
            raise answer
        lengths.append(cast(int, answer))
    return sum(lengths)
