"""Says a task's progress on Celery's own result channel: one try, with a short time-out.

`Task.update_state` stores and publishes the same, but retries for as long as Redis is away
(`result_backend_always_retry`, without which ends get lost): a loop must not wait for that.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from inception.runs.model import Meta, State
from inception.runs.result_words import result_key
from inception.runs.wire import pack

_log = logging.getLogger(__name__)

TIME_OUT: Final = 0.3
"""Seconds (s) that connecting, and one write, may take."""
_POOL_SIZE: Final = 4

_JSON: Final = json.JSONEncoder()

_clients: WeakKeyDictionary[Any, redis.Redis] = WeakKeyDictionary()


def say_progress(backend: Any, task_id: str, meta: Meta) -> bool:
    """Store and publish `meta` as the progress of `task_id`; False if it could not be said."""
    try:
        if not hasattr(backend, "connparams"):
            backend.store_result(task_id, meta, State.PROGRESS.value)
        else:
            _write(backend, task_id, meta)
    except Exception as error:  # noqa: BLE001 - whatever a backend raises must not end the task
        _log.debug("Progress of %s not said: %r", task_id, error, extra={"action": "unsaid"})
        return False
    return True


def _write(backend: Any, task_id: str, meta: Meta) -> None:
    """What Celery's Redis backend does for a state that is not final, in one round trip.

    No transaction: one connection's commands are done in their order, so who hears the word finds
    it stored, and a connection that breaks between the two loses no more than one before them. And
    no pipeline of redis-py's: a task that says something now and then finds none of its code in the
    processor's caches, so each step that is left out makes the word arrive sooner.
    """
    key = result_key(backend, task_id)
    word = _encoded(
        backend,
        {
            "status": State.PROGRESS.value,
            "result": meta,
            "traceback": None,
            "children": [],
            "date_done": None,
            "task_id": task_id,
        },
    )
    commands = [_set(key, word, backend.expires), pack("PUBLISH", key, word)]
    pool = _client(backend).connection_pool
    connection: Any = pool.get_connection()  # which redis-py gives half of its types
    try:
        connection.send_packed_command(commands)
        for _ in commands:
            connection.read_response()
    except BaseException:
        connection.disconnect()  # an answer may be under way still
        raise
    finally:
        pool.release(connection)


def _encoded(backend: Any, said: Mapping[str, object]) -> str:
    """What the backend would store of this; meta has nothing in it that JSON doesn't know.

    kombu's way to the same text takes twice as long where its code isn't in the caches.
    """
    text: str = _JSON.encode(said) if backend.serializer == "json" else backend.encode(said)
    return text


def _set(key: str, word: str, expires: float | None) -> bytes:
    return pack("SET", key, word, "EX", str(int(expires))) if expires else pack("SET", key, word)


def _client(backend: Any) -> redis.Redis:
    client = _clients.get(backend)
    if client is None:
        patience = {
            "socket_timeout": TIME_OUT,
            "socket_connect_timeout": TIME_OUT,
            "retry_on_timeout": False,
            "retry": Retry(NoBackoff(), 0),
            "max_connections": _POOL_SIZE,
        }
        # The backend's own pool: behind Sentinel it is the backend that finds the primary.
        pool = backend._get_pool(**{**backend.connparams, **patience})  # noqa: SLF001
        client = _clients[backend] = redis.Redis(connection_pool=pool)
    return client
