"""Connects a worker's life to the part it plays: what happens before, during and after."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from celery import Celery, signals

from inception.compute.worker import ComputeWorker
from inception.installing.announcing import Announcer
from inception.installing.consuming import Consumption
from inception.installing.receipts import keep_receipts_in_memory
from inception.installing.roles import Role, Workplace, check
from inception.installing.watchers import WatcherPart
from inception.runs.beats import process_name
from inception.runs.connection import connect
from inception.runs.errors import InceptionError
from inception.runs.settings import Settings
from inception.runs.store import Store


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
        self._started = False
        self._consumption: Consumption | None = None

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

    def on_ready(self, sender: Any = None, **_signal: object) -> None:
        if self._consumption is not None:
            self._consumption.watch(sender)
        if self._part is not None and self._announcer is not None:
            self._started = True
            self._part.start()
            self._announcer.announce()

    def on_shutting_down(self, **_signal: object) -> None:
        if self._part is not None:
            self._part.say_stopping()

    def on_shutdown(self, **_signal: object) -> None:
        if self._part is not None and self._started:  # else it was told to leave on its way in
            self._part.stop()

    def _begin(self, place: Workplace) -> None:
        url = check(self._app, place)
        keep_receipts_in_memory(self._app)
        process = process_name(place.name.partition("@")[0])
        self._announcer = Announcer(self._app, Store(connect(url, purpose="catalogue", size=1)))
        self._consumption = Consumption(place.queues)
        consumed = self._consumption.queues
        if place.role is Role.WATCHER:
            self._part = WatcherPart(
                self._app, self._settings, place, url, process, consumed, self._announcer.announce
            )
        else:
            self._part = ComputeWorker(
                app=self._app,
                url=url,
                process=process,
                name=place.name,
                ttl=self._settings.heartbeat_ttl,
                slots=place.slots,
                consumed=consumed,
                forks=place.pool in ("prefork", "processes"),
            )
        self._part.prepare()
