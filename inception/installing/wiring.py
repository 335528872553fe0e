"""Connects a worker's life to the part it plays: what happens before, during and after."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from celery import Celery, signals

from inception.authoring.execution import set_executor
from inception.authoring.schema import describe
from inception.compute.worker import ComputeWorker
from inception.installing.roles import Role, Workplace, check
from inception.runs.beats import process_name
from inception.runs.connection import connect
from inception.runs.errors import InceptionError, StoreUnavailable
from inception.runs.model import Parent
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching import Watcher

logger = logging.getLogger(__name__)

LEAVE_WITHIN: Final = 1.0
"""Seconds (s) that Celery's own shutdown has once a watcher has handed its runs over."""
_ANNOUNCE_PAUSE: Final = 1.0
_ANNOUNCE_TRIES: Final = 3600


class Part(Protocol):
    """What a worker is, as seen from the signals of its life."""

    def prepare(self) -> None:
        """Before the pool is made."""

    def enter_pool_process(self) -> None:
        """In a new process of the pool."""

    def start(self) -> None:
        """Once the worker consumes."""

    def say_stopping(self) -> None:
        """The worker was asked to end; must not block."""

    def stop(self) -> None:
        """The pool has ended."""


def wire(app: Celery, settings: Settings) -> None:
    """Have every worker of `app` become a watcher or a compute worker when it starts."""
    life = _Life(app, settings)
    signals.worker_init.connect(life.on_init, weak=False)
    signals.worker_process_init.connect(life.on_process_init, weak=False)
    signals.worker_ready.connect(life.on_ready, weak=False)
    signals.worker_shutting_down.connect(life.on_shutting_down, weak=False)
    signals.worker_shutdown.connect(life.on_shutdown, weak=False)


class _Life:
    """The life of one worker process, in the order of its methods."""

    def __init__(self, app: Celery, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._part: Part | None = None
        self._announcer: Announcer | None = None

    def on_init(self, sender: Any = None, **_signal: object) -> None:
        if sender.app is not self._app:
            return
        try:
            self._begin(Workplace.of(sender))
        except InceptionError as refusal:
            # Celery logs what a receiver raises and goes on; only this ends the worker.
            sys.exit(f"{refusal}")

    def on_process_init(self, **_signal: object) -> None:
        if self._part is not None:
            self._part.enter_pool_process()

    def on_ready(self, **_signal: object) -> None:
        if self._part is not None and self._announcer is not None:
            self._part.start()
            self._announcer.start()

    def on_shutting_down(self, **_signal: object) -> None:
        if self._part is not None:
            self._part.say_stopping()

    def on_shutdown(self, **_signal: object) -> None:
        if self._part is not None:
            self._part.stop()

    def _begin(self, place: Workplace) -> None:
        url = check(self._app, place)
        process = process_name(place.name.partition("@")[0])
        self._announcer = Announcer(self._app, Store(connect(url, purpose="catalogue", size=1)))
        if place.role is Role.WATCHER:
            self._part = WatcherPart(self._app, self._settings, place, url, process)
        else:
            self._part = ComputeWorker(
                app=self._app,
                url=url,
                process=process,
                name=place.name,
                ttl=self._settings.heartbeat_ttl,
                slots=place.slots,
                queues=place.queues,
                forks=place.pool in ("prefork", "processes"),
            )
        self._part.prepare()


class Announcer:
    """Writes the catalogue: which parents there are, for those who know no task's code."""

    def __init__(self, app: Celery, store: Store) -> None:
        self._store = store
        self._parents = describe_parents(app)
        self._thread = threading.Thread(target=self._run, name="inception-catalogue", daemon=True)

    def start(self) -> None:
        """Write it soon, trying once a second while Redis is away, for an hour."""
        self._thread.start()

    def _run(self) -> None:
        for _try in range(_ANNOUNCE_TRIES):
            try:
                self._store.write_catalogue(self._parents)
                return
            except StoreUnavailable as away:
                logger.warning("The catalogue waits for Redis: %s", away)
            time.sleep(_ANNOUNCE_PAUSE)


def describe_parents(app: Celery) -> list[Parent]:
    """The catalogue's entries of all parents that `app` has registered."""
    tasks = [app.tasks[name] for name in sorted(app.tasks)]
    return [describe(task) for task in tasks if _kind(task) == "parent"]


class WatcherPart:
    """The watcher's part in a worker's life."""

    def __init__(
        self, app: Celery, settings: Settings, place: Workplace, url: str, process: str
    ) -> None:
        self._watcher: Watcher | None = None
        self._make = lambda: Watcher(
            app=app,
            store=Store(connect(url, purpose="watcher")),
            url=url,
            settings=settings,
            process=process,
            name=place.name,
            queues=place.queues,
        )
        self._asked_to_leave = threading.Event()

    def prepare(self) -> None:
        """Make the watcher the one who takes parents."""
        self._watcher = self._make()
        set_executor(_ParentsOnly(self._watcher))

    def enter_pool_process(self) -> None:
        """A watcher's pool has no processes."""

    def start(self) -> None:
        """Begin to take runs; without Redis the worker can't be ready, so it ends."""
        if self._watcher is not None:
            self._watcher.start()
            threading.Thread(
                target=self._hand_over, name="inception-hand-over", daemon=True
            ).start()

    def say_stopping(self) -> None:
        """Have the runs handed over by the thread that waits for this.

        Under eventlet this is called in the hub, which can't wait, not even for a thread to start.
        """
        self._asked_to_leave.set()

    def stop(self) -> None:
        """Nothing is left to do: the hand-over was it, or nothing was ever taken."""

    def _hand_over(self) -> None:
        """Give the runs back, then leave at once: Celery's warm shutdown would wait for bodies."""
        self._asked_to_leave.wait()
        try:
            if self._watcher is not None:
                self._watcher.stop()
        finally:
            leave = threading.Timer(LEAVE_WITHIN, os._exit, (0,))
            leave.daemon = True
            leave.start()


class _ParentsOnly:
    """Hands parents to the watcher and runs anything else that was sent to its queue."""

    hosts_parents = True

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        if _kind(task) == "parent":
            return self._watcher.execute(task, args, kwargs)
        return task.run(*args, **kwargs)


def _kind(task: Any) -> str:
    return getattr(task, "inception_kind", "plain")
