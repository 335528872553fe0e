"""Says a task's progress on Celery's own result channel: one try, with a short time-out.

`Task.update_state` stores and publishes the same, but retries for as long as Redis is away
(`result_backend_always_retry`, without which ends get lost): a loop must not wait for that.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
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

_lines: WeakKeyDictionary[Any, _Lines] = WeakKeyDictionary()


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
    lines = _lines_of(backend)
    line = lines.take()
    try:
        _say(line, [_set(key, word, backend.expires), pack("PUBLISH", key, word)])
    finally:
        lines.put_back(line)


def _say(line: _Line, commands: Sequence[bytes]) -> None:
    """Say it, once more if Redis has closed the connection since it was used last.

    Found out by using it: to ask first whether it stands takes as long as to write a word down.
    """
    was_used = line.was_used
    try:
        line.say(commands)
    except redis.ConnectionError:
        if not was_used:
            raise
        line.say(commands)


class _Line:
    """A connection that says a few commands at a time."""

    def __init__(self, connection: Any) -> None:  # which redis-py gives half of its types
        self._connection = connection
        self.was_used = False

    def say(self, commands: Sequence[bytes]) -> None:
        """Send the commands and hear the answers; connects if it must."""
        try:
            self._connection.send_packed_command([b"".join(commands)])
            for _ in commands:
                self._connection.read_response()
            self.was_used = True
        except BaseException:
            self.hang_up()  # an answer may be under way still
            raise

    def hang_up(self) -> None:
        """Close the connection; the next word makes it anew."""
        self.was_used = False
        self._connection.disconnect()


class _Lines:
    """The connections of this process to one backend; at most _POOL_SIZE are kept."""

    def __init__(self, backend: Any) -> None:
        patience = {
            "socket_timeout": TIME_OUT,
            "socket_connect_timeout": TIME_OUT,
            "retry_on_timeout": False,
            "retry": Retry(NoBackoff(), 0),
        }
        # The backend's own pool makes them: behind Sentinel it is the backend that finds the
        # primary.
        self._pool: Any = backend._get_pool(**{**backend.connparams, **patience})  # noqa: SLF001
        self._idle: list[_Line] = []
        self.process = os.getpid()

    def take(self) -> _Line:
        """The connection that was used last, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return _Line(self._pool.make_connection())

    def put_back(self, line: _Line) -> None:
        """Keep a connection for the next word."""
        if len(self._idle) < _POOL_SIZE:
            self._idle.append(line)
        else:
            line.hang_up()


def _encoded(backend: Any, said: Mapping[str, object]) -> str:
    """What the backend would store of this; meta has nothing in it that JSON doesn't know.

    kombu's way to the same text takes twice as long where its code isn't in the caches.
    """
    text: str = _JSON.encode(said) if backend.serializer == "json" else backend.encode(said)
    return text


def _set(key: str, word: str, expires: float | None) -> bytes:
    return pack("SET", key, word, "EX", str(int(expires))) if expires else pack("SET", key, word)


def _lines_of(backend: Any) -> _Lines:
    lines = _lines.get(backend)
    if lines is None or lines.process != os.getpid():  # a fork's connections are its parent's
        lines = _lines[backend] = _Lines(backend)
    return lines
