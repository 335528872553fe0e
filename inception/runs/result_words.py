"""Lets Celery's result ride along with a claim, its end or a run's, where one Redis keeps both.

Celery's backend asks for a key and then writes it: two round trips for each state, and a watched
child has two of them besides its claim's. The scripts that claim and end an attempt, and the one
that ends a run, store and publish the same text under the same key instead, so that whoever reads
results sees no difference.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from celery.states import STARTED
from redis.connection import ConnectionPool

from inception.runs.connection import database_of
from inception.runs.records import ResultWord

logger = logging.getLogger(__name__)

KEPT_AFTER_END: Final = 5
"""Seconds (s) for which the result of a watched child that succeeded can be read by others. Its
parent has it from the claim, and nobody has to delete it."""
_REDIS_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


def result_key(backend: Any, task_id: str) -> str:
    """Key and channel of a task's result, which Celery's backend has as bytes or as text."""
    key = backend.get_key_for_task(task_id)
    return key.decode() if isinstance(key, bytes) else str(key)


@dataclass(frozen=True, slots=True)
class _Mould:
    """The text of STARTED with a hole for the task's id: nothing else differs between tasks."""

    said: Mapping[str, object]
    before: str
    after: str


class ResultWords:
    """Words for results, as Celery's Redis backend would write them."""

    def __init__(self, url: str) -> None:
        """`url` is that of the Redis that keeps the runs."""
        known = urlsplit(url).scheme in _REDIS_SCHEMES
        self._place = database_of(ConnectionPool.from_url(url).connection_kwargs) if known else None
        self._beside: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
        """Backends that were asked about, and whether they keep results in that Redis."""
        self._moulds: WeakKeyDictionary[Any, _Mould] = WeakKeyDictionary()

    def of(
        self, task: Any, state: str, result: object, *, seconds: int | None = None
    ) -> ResultWord | None:
        """What to store and publish for `task`, which runs here, as its `state`.

        Kept for `seconds` or as configured. None where it can't ride along: results are ignored or
        kept elsewhere, or this one can't be encoded, which Celery then says in its own way.
        """
        request = task.request
        return self._word(task.backend, request.id, state, result, request, seconds)

    def started(self, task: Any, said: Mapping[str, object]) -> ResultWord | None:
        """What to store and publish for `task` as its STARTED, with `said`; None as from `of`."""
        request, backend = task.request, task.backend
        if request.group or request.parent_id or request.children:
            return self.of(task, STARTED, said)
        mould = self._moulds.get(backend)
        if mould is not None and mould.said == said:
            text = f"{mould.before}{request.id}{mould.after}"
            key = result_key(backend, request.id)
            return ResultWord(key=key, text=text, seconds=int(backend.expires or 0))
        word = self.of(task, STARTED, said)
        if word is not None and not backend.app.conf.result_extended:
            before, _id, after = word.text.partition(request.id)
            if _id and request.id not in after:
                self._moulds[backend] = _Mould(dict(said), before, after)
        return word

    def of_run(self, backend: Any, run_id: str, state: str, result: object) -> ResultWord | None:
        """What to store and publish for a run, likewise; `backend` is its app's."""
        return self._word(backend, run_id, state, result, None, None)

    def key_of_run(self, backend: Any, run_id: str) -> str | None:
        """Where a run's result is kept, if that is beside its record."""
        return result_key(backend, run_id) if self._are_beside(backend) else None

    def _are_beside(self, backend: Any) -> bool:
        known = self._beside.get(backend)
        if known is None:
            params = getattr(backend, "connparams", None)
            place = None if params is None else database_of(params)
            known = self._beside[backend] = place is not None and place == self._place
        return known

    def _word(
        self,
        backend: Any,
        task_id: str,
        state: str,
        result: object,
        request: Any,
        seconds: int | None,
    ) -> ResultWord | None:
        if not self._are_beside(backend):
            return None
        kept = (backend.expires or 0) if seconds is None else seconds
        try:
            text = _encode(backend, task_id, request, state, result)
        except Exception:  # noqa: BLE001 -- a serialiser may raise anything; Celery tells of it
            return None
        if not isinstance(text, str):
            return None
        return ResultWord(key=result_key(backend, task_id), text=text, seconds=int(kept))


def _encode(backend: Any, task_id: str, request: Any, state: str, result: object) -> object:
    meta = backend._get_result_meta(  # noqa: SLF001 -- what `store_result` writes, and no other way
        result=backend.encode_result(result, state), state=state, traceback=None, request=request
    )
    meta["task_id"] = task_id
    return backend.encode(meta)
