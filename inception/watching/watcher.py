"""A watcher process: puts the parts together, starts them, and hands over when it leaves."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from celery.exceptions import Ignore

from inception.authoring.starting import new_run
from inception.runs.beats import Beater
from inception.runs.errors import RunNotFound, StoreUnavailable
from inception.runs.insistence import insist
from inception.runs.messages import read_ticket
from inception.runs.model import State
from inception.runs.records import Beat, BeatAnswer
from inception.watching.blocking import BlockingAlarm
from inception.watching.context import Context
from inception.watching.crew import Crew
from inception.watching.endings import revoked_end
from inception.watching.hub import Hub
from inception.watching.outbox import Outbox
from inception.watching.predecessors import pid_space
from inception.watching.rescuer import Rescuer
from inception.watching.results import Results
from inception.watching.scheduler import MAX_RUNS, Scheduler
from inception.watching.timers import Timers

if TYPE_CHECKING:
    from celery import Celery

    from inception.runs.settings import Settings
    from inception.runs.store import Store

log = logging.getLogger(__name__)

_GIVEN_BACK: Final = '{"kind":"given_back"'
_DELETED: Final = '{"kind":"deleted"'
_REVOKED: Final = '{"kind":"revoked"'
_EMPTIED: Final = '{"kind":"emptied"'
"""How the orders begin that aren't about a run held here."""


class Watcher:
    """Runs parents in this process; the executor that Celery's pool hands them to.

    `process` is this process's name (`<host>:<name>:<random>`), `name` Celery's name of the
    node; `consumed` tells which queues it consumes at that moment, `on_emptied` is called when
    Redis has been emptied, from the thread that hears: it must not block.
    """

    def __init__(
        self,
        *,
        app: Celery,
        store: Store,
        url: str,
        settings: Settings,
        process: str,
        name: str = "",
        consumed: Callable[[], Sequence[str]] = lambda: ("parents",),
        on_emptied: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._on_emptied = on_emptied
        self._name = name
        self._consumed = consumed
        self._crew, self._timers, self._outbox = Crew(), Timers(), Outbox(app, url)
        results = Results(app, url)
        self._hub = Hub(
            url=url,
            process=process,
            results=results,
            crew=self._crew,
            timers=self._timers,
            on_order=self._order,
            on_gap=self._gap,
        )
        self._ctx = Context(
            process=process,
            settings=settings,
            store=store,
            crew=self._crew,
            timers=self._timers,
            results=results,
            outbox=self._outbox,
            hub=self._hub,
        )
        self._alarm = BlockingAlarm(lambda: bool(self._scheduler.runs))
        self._scheduler = Scheduler(self._ctx, app, on_begin=self._alarm.wake)
        self._rescuer = Rescuer(self._ctx, self._scheduler)
        self._stopping = False
        self._beater = Beater(
            url,
            make_beat=self._beat,
            on_answer=self._answered,
            ttl=settings.heartbeat_ttl,
            on_failure=self._rescuer.beat_failed,
        )

    @property
    def scheduler(self) -> Scheduler:
        """The held runs."""
        return self._scheduler

    def start(self) -> None:
        """Connect and begin to take runs; waits for Redis where it is away, until it is stopped."""
        with suppress(StoreUnavailable):  # then the first beat brings it
            self._ctx.clock.hear(self._store.now_ms())
        self._crew.start()
        self._timers.start()
        self._hub.start()
        if not self._stopping:
            self._alarm.start()
            self._beater.start()

    def stop(self) -> None:
        """Hand all runs over; nothing is raised into parents. Takes a moment, not their time."""
        self._stopping = True
        self._alarm.stop()
        self._hub.stop()
        self._timers.stop()
        try:
            given = self._scheduler.give_back_all()
            log.info("Gave %d runs back", given, extra={"action": "hand_over"})
            self._store.bury(self._ctx.process)
        except StoreUnavailable as error:
            log.warning("Runs wait for a rescue: %s", error, extra={"action": "hand_over"})
        self._beater.stop()
        self._crew.stop()

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """Take the run that a message rings for; always raises Ignore, since it isn't over.

        A message is a doorbell: when the run isn't to be had here, nothing is lost by it.
        """
        ticket = read_ticket(task.request)
        run_id: str = ticket.run_id if ticket is not None else task.request.id
        if ticket is None:
            self._record_foreign(task, run_id, args, kwargs)
        self.ring(run_id)
        raise Ignore

    def ring(self, run_id: str) -> None:
        """Take a recorded run, if it is to be had; whatever comes of it is no error."""
        about = {"action": "take_failed", "run_id": run_id}
        try:
            if not self._scheduler.take(run_id):
                self._tell_if_revoked(run_id)
        except StoreUnavailable as error:
            log.warning("A run waits for a rescuer: %s", error, extra=about)
        except Exception:
            log.exception("A run could not be taken, it waits for a rescuer", extra=about)

    def _tell_if_revoked(self, run_id: str) -> None:
        """Let who waits for Celery's result of a run hear that it ended before anybody held it.

        Raises StoreUnavailable.
        """
        with suppress(RunNotFound):
            run = self._store.read_run(run_id)
            if run["state"] == State.REVOKED:
                self._ctx.results.show_end(run_id, revoked_end(run["meta"]))

    def _record_foreign(
        self, task: Any, run_id: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """A message without our header (somebody's `send_task`) makes its run.

        Nothing else knows of it, so it waits for Redis where that is away.
        """
        new = new_run(task, run_id, args, kwargs)
        insist(lambda: self._store.create_run(new), what="a run's record")

    def _order(self, text: str) -> None:
        if text.startswith(_GIVEN_BACK):  # elsewhere such a word may be what a child returned
            self._rescuer.given_back()
        elif text.startswith(_DELETED):
            run_id = str(json.loads(text)["run"])
            self._ctx.crew.submit(partial(self._ctx.results.forget, run_id))
        elif text.startswith(_REVOKED):
            run_id = str(json.loads(text)["run"])
            self._ctx.crew.submit(partial(self._tell_if_revoked, run_id))
        elif text.startswith(_EMPTIED):
            self._on_emptied()
            self._scheduler.resync_all()
        else:
            self._scheduler.hearing.order(text)

    def _gap(self) -> None:
        self._scheduler.resync_all()

    def _answered(self, answer: BeatAnswer) -> None:
        self._ctx.clock.hear(answer.now_ms)
        if not self._stopping:
            self._rescuer.beat_answered(answer)

    def _beat(self, counter: int) -> Beat:
        return Beat(
            process=self._ctx.process,
            kind="watcher",
            host=socket.gethostname(),
            pid=os.getpid(),
            name=self._name,
            slots=MAX_RUNS,
            queues=tuple(self._consumed()),
            running=[(run_id, "", 1) for run_id in list(self._scheduler.runs)[:20]],
            stopping=self._stopping,
            counter=counter,
            space=pid_space(),
        )
