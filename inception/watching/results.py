"""Celery's own results: where children speak, what is left of them, and the run's own.

Any Celery task stores and publishes its state under one key and channel, so any can be watched.
These are hints: they are overwritten, expire and say not who wrote them.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

import msgspec
import redis
from celery import states
from celery.exceptions import TaskRevokedError

from inception.runs.celery_address import address_of
from inception.runs.connection import connect
from inception.runs.meta import LARGEST_COUNT, failure_text
from inception.runs.model import MAX_MESSAGE_BYTES, JsonValue, Meta, State
from inception.runs.result_words import ResultWords, result_key
from inception.runs.scripts import refusals_as_errors
from inception.watching.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celery import Celery

    from inception.runs.records import ResultWord
    from inception.watching.live import LiveRun
    from inception.watching.live_node import NodeEnd

log = logging.getLogger(__name__)

LINGER: Final = 5.0
"""Seconds (s) after a child's recorded end in which Celery may still store its result."""


SHOW_INTERVAL: Final = 0.5
"""Seconds (s) until a run's meta is on its Celery result, by two round trips: at most twice a
second then, and never for a run that is over sooner."""


_PROGRESS_BEGINS: Final = '{"status": "PROGRESS"'


class RunFailed(Exception):
    """What `.get()` raises outside for a run that failed; its text is the run's error."""


class _Meta(msgspec.Struct):
    """The meta of a task's word as it mostly is: all there, and nothing to be put right."""

    iteration: Annotated[int, msgspec.Meta(ge=-LARGEST_COUNT, le=LARGEST_COUNT)]
    completion: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]
    total: Annotated[int, msgspec.Meta(ge=-LARGEST_COUNT, le=LARGEST_COUNT)] | None = None
    status: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] = "PROGRESS"
    message: Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE_BYTES // 4)] = ""
    error: None = None


class _Progress(msgspec.Struct):
    """A word that says how far a task is."""

    status: Literal["PROGRESS"]
    result: _Meta
    traceback: None


_decode_progress: Final = msgspec.json.Decoder(_Progress).decode


class CeleryWord(NamedTuple):
    """One state that a task stored on Celery's result channel."""

    state: str
    result: JsonValue
    traceback: str | None
    meta: Meta | None = None
    """What `read_meta` makes of the result, if that is known already."""

    @classmethod
    def from_text(cls, text: str) -> CeleryWord | None:
        """Read a message of the channel; None for one that isn't Celery's."""
        return cls._progress(text) if text.startswith(_PROGRESS_BEGINS) else cls._any(text)

    @classmethod
    def _progress(cls, text: str) -> CeleryWord | None:
        """Read and check in one go what most words are; what it refuses is read as any other."""
        try:
            said = _decode_progress(text).result
        except (msgspec.MsgspecError, UnicodeError):
            return cls._any(text)
        meta: Meta = {
            "iteration": said.iteration,
            "total": said.total,
            "completion": round(said.completion, 2) or 0.0,
            "status": said.status,
            "message": said.message,
            "error": None,
        }
        return cls(State.PROGRESS, None, None, meta)

    @classmethod
    def _any(cls, text: str) -> CeleryWord | None:
        try:
            said: Any = json.loads(text)
            return cls(str(said["status"]), said["result"], said["traceback"])
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def is_final(self) -> bool:
        """True for SUCCESS, FAILURE and REVOKED."""
        return self.state in states.READY_STATES

    @property
    def exception_type(self) -> str:
        """The class name of the stored exception, or an empty text."""
        if isinstance(self.result, dict):
            return str(self.result.get("exc_type", ""))
        return ""

    @property
    def exception_text(self) -> str:
        """What the stored exception says."""
        return failure_text(self.result) or "no reason was given"


class Results:
    """The result backend, as far as a watcher needs it."""

    def __init__(self, app: Celery, runs_url: str) -> None:
        """`runs_url` is the address of the Redis that keeps the runs."""
        self.app = app
        self._backend: Any = app.backend
        self.url = address_of(app.conf.result_backend, app.conf.result_backend_transport_options)
        self._words = ResultWords(runs_url)
        self.turns = Turns()
        """Had over a write of a run's Celery result, so that its end stays the last one."""
        self._client: redis.Redis = connect(self.url, purpose="results", size=8)

    def channel(self, task_id: str) -> str:
        """Key and channel of one task's result."""
        return result_key(self._backend, task_id)

    def read(self, task_ids: Sequence[str]) -> list[CeleryWord | None]:
        """What is stored of each task, in one round trip. Raises StoreUnavailable."""
        if not task_ids:
            return []
        with refusals_as_errors():
            texts: Any = self._client.mget([self.channel(task_id) for task_id in task_ids])
        return [CeleryWord.from_text(text) if text else None for text in texts]

    def forget(self, task_id: str) -> None:
        """Delete what Celery stored; if that fails it expires by itself."""
        try:
            self._client.unlink(self.channel(task_id))
        except redis.RedisError as error:
            about = {"action": "forget_failed", "task_id": task_id}
            log.info("A result is left to expire: %s", error, extra=about)

    def show_meta(self, live: LiveRun) -> None:
        """Let `AsyncResult(run_id)` show the run's meta."""
        with self.turns.of(live.id):
            if not live.root.ended and not live.dropped:
                self._store(live.id, dict(live.root.meta), "PROGRESS")

    def key_of(self, run_id: str) -> str | None:
        """Where the run's result is kept, if that is beside its record: it is deleted with it."""
        return self._words.key_of_run(self._backend, run_id)

    def word_of(self, run_id: str, end: NodeEnd) -> ResultWord | None:
        """The result of a run, to be stored along with its end; None where it can't."""
        return self._words.of_run(self._backend, run_id, str(end.state), _result_of(end))

    def show_end(self, run_id: str, end: NodeEnd) -> None:
        """Let `AsyncResult(run_id).get()` return the run's value or raise its error."""
        with self.turns.of(run_id):
            self._store(run_id, _result_of(end), str(end.state))

    def _store(self, task_id: str, result: object, state: str) -> None:
        try:
            self._backend.store_result(task_id, result, state)
        except Exception as error:  # noqa: BLE001  (the backend raises whatever its client does)
            about = {"action": "result_not_stored", "run_id": task_id}
            log.warning("Celery's result of a run wasn't stored: %s", error, extra=about)


def _result_of(end: NodeEnd) -> object:
    """What `.get()` returns or raises for a run that ended so."""
    if end.state == State.SUCCESS:
        value: JsonValue = json.loads(end.value_text)
        return value
    if end.state == State.REVOKED:
        return TaskRevokedError("revoked")
    return RunFailed(end.meta["error"] or f"The task ended {end.state}.")
