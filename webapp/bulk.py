"""Works bulk actions off, one run after the other, in a thread of this process."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from flask import Flask

from inception.runs.bulks import Bulk, BulkAction, BulkFailure, BulkWork, NewBulk
from inception.runs.errors import StoreUnavailable, TooLarge
from inception.runs.model import FINAL_STATES, State
from inception.runs.records import RunFilter
from inception.runs.store import Store
from webapp.auth.present import enter
from webapp.auth.roles import Role, User
from webapp.errors import error_body
from webapp.payloads import MAX_BULK_RUNS, MAX_LIMIT, StartBulk

Act: TypeAlias = Callable[[BulkAction, str], object]
"""Does one action to the run of that id, as whoever is present, and raises what refuses it."""

LOOK_AGAIN: Final = 10.0
"""Seconds (s) after which to see whether another process left a bulk action undone."""
_GRACE: Final = 0.1
"""Seconds (s) after another's lease is over: Redis counts its end by itself."""
_AT_A_TIME: Final = 50
_IS_DONE: Final[Mapping[BulkAction, frozenset[str]]] = {
    "revoke": frozenset({"run_already_ended"}),
    "retry": frozenset({"run_not_ended", "run_succeeded"}),
    "delete": frozenset({"run_not_found"}),
}
"""What is answered to an action that was done before."""

STATES: Final[Mapping[BulkAction, frozenset[State]]] = {
    "revoke": frozenset(State) - FINAL_STATES,
    "retry": FINAL_STATES - {State.SUCCESS},
    "delete": FINAL_STATES,
}
"""On which runs an action can succeed: a filter chooses among these."""

_log = logging.getLogger(__name__)


def record(store: Store, wanted: StartBulk, user: User) -> Bulk:
    """Record a bulk action with the runs it is about, and return it.

    Raises TooLarge for a filter that finds more than 10,000 runs, TooManyBulks, StoreUnavailable.
    """
    if wanted.filter is None:
        run_ids = list(dict.fromkeys(wanted.ids or ()))
    else:
        run_ids = _matching(store, wanted.action, wanted.filter.as_run_filter())
    bulk_id = str(uuid.uuid4())
    store.create_bulk(
        NewBulk(
            id=bulk_id, action=wanted.action, by=user.name, role=str(user.role), run_ids=run_ids
        )
    )
    return store.read_bulk(bulk_id)


class BulkWorker:
    """Starts by itself when it is first needed, and ends with the process.

    What it has to do stands in Redis: what a process leaves undone, another goes on with.
    """

    def __init__(self, app: Flask, store: Store, act: Act) -> None:
        self._app = app
        self._store = store
        self._do = act
        self._holder = uuid.uuid4().hex
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def wake(self) -> None:
        """See at once what there is to do."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bulk-worker", daemon=True)
                self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End after the run at hand."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        pause = LOOK_AGAIN
        while not self._stopping.is_set():
            self._wanted.wait(pause)
            self._wanted.clear()
            pause = LOOK_AGAIN
            try:
                pause = self._work_off_all()
            except StoreUnavailable as error:
                about = {"action": "bulk_waits"}
                _log.warning("Bulk actions wait for Redis: %s", error, extra=about)
            except Exception:  # noqa: BLE001  nobody would start this thread again
                _log.exception("Bulk actions could not go on", extra={"action": "bulk_failed"})

    def _work_off_all(self) -> float:
        """Work off what nobody else does; the seconds after which another may have left some."""
        pauses = [LOOK_AGAIN]
        for bulk_id in self._store.bulks_under_way():
            if self._store.lease_bulk(bulk_id, self._holder):
                self._work_off(bulk_id)
            else:
                pauses.append(self._store.lease_left(bulk_id) + _GRACE)
        return min(pauses)

    def _work_off(self, bulk_id: str) -> None:
        is_first = True
        while not self._stopping.is_set():
            work = self._store.work_of_bulk(bulk_id, _AT_A_TIME)
            if work is None:
                self._store.count_bulk(bulk_id, self._holder, "", None)
                return
            for run_id in work.run_ids:
                failure = self._act(work, run_id)
                if failure and is_first and work.begun and _says_done(work.action, failure):
                    failure = None
                is_first = False
                if not self._store.count_bulk(bulk_id, self._holder, run_id, failure):
                    return
                if self._stopping.is_set():
                    return

    def _act(self, work: BulkWork, run_id: str) -> BulkFailure | None:
        with self._app.app_context():
            enter(User(name=work.by, role=Role(work.role)))
            try:
                self._do(work.action, run_id)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  one run's trouble must not stop the others
                problem = error_body(error)["error"]
                return {"run_id": run_id, "code": problem["code"], "message": problem["message"]}
        return None


def _says_done(action: BulkAction, failure: BulkFailure) -> bool:
    return failure["code"] in _IS_DONE[action]


def _matching(store: Store, action: BulkAction, which: RunFilter) -> list[str]:
    """The runs that the filter finds and the action can succeed on, newest first."""
    states = STATES[action] & which.states if which.states else STATES[action]
    if not states:
        return []
    narrowed = replace(which, states=states)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = store.list_runs(narrowed, MAX_LIMIT, cursor)
        found += [run["id"] for run in page]
        if len(found) > MAX_BULK_RUNS:
            raise TooLarge(
                f"The filter finds more than {MAX_BULK_RUNS:,} runs; narrow it by since and until."
            )
        if cursor is None:
            return found
