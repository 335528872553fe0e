"""The main process of a compute worker: beats, hears orders, and ends what its pool could not.

`prepare` before the pool is forked, `start` once it is up, `stop` after it has ended. While a
warm shutdown waits for running children, beats and orders go on.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from billiard.process import current_process
from celery import Celery

from inception.authoring.execution import set_executor
from inception.authoring.task import Task
from inception.compute.attempts import ComputeExecutor, Place
from inception.compute.interruption import Interruption
from inception.compute.orders import StopMessage, StopOrders
from inception.compute.output import Output
from inception.compute.places import OwnMemory, PoolSlot
from inception.compute.poolcare import pool_care
from inception.compute.recorder import Recorder
from inception.compute.requests import Deaths, request_class
from inception.compute.slots import Held, Slots
from inception.runs import keys
from inception.runs.beats import Beater
from inception.runs.connection import connect
from inception.runs.errors import StoreUnavailable
from inception.runs.listener import Listener
from inception.runs.records import Beat, BeatAnswer, LogLine
from inception.runs.result_words import ResultWords
from inception.runs.store import Store

logger = logging.getLogger(__name__)

_POOL_PROCESS_CONNECTIONS: Final = 4
_MAIN_CONNECTIONS: Final = 8


class ComputeWorker:
    """A compute worker: `process` its name in claims, `name` Celery's, `ttl` in seconds (s).

    `forks` says that the pool has processes, whose children can be stopped; without them
    (threads, solo, green threads) children run unstoppably, and are said so once. `consumed` tells
    which queues are consumed at that moment.
    """

    def __init__(
        self, *, app: Celery, url: str, process: str, name: str, ttl: float, slots: int,
        consumed: Callable[[], Sequence[str]], forks: bool,
    ) -> None:  # fmt: skip
        self._app = app
        self._url = url
        self._process = process
        self._name = name
        self._slot_count = slots
        self._consumed = consumed
        self._slots = Slots() if forks else None
        self._own = OwnMemory()
        self._listed: frozenset[tuple[Held, float]] = frozenset()
        """What the last beat named, and when each was begun: its answer is about these alone."""
        self._ended: frozenset[Held] = frozenset()
        """Claims of ours whose node had ended when the last beat was answered."""
        self._stopping = False
        self._store = Store(connect(url, purpose="compute", size=_MAIN_CONNECTIONS))
        self._recorder = Recorder(self._store)
        self._orders = StopOrders(self._slots) if self._slots is not None else None
        self._beater = Beater(url, make_beat=self._beat, on_answer=self._answered, ttl=ttl)
        self._listener = Listener(url, name="orders", on_gap=self._beater.beat_soon)

    def prepare(self) -> None:
        """Make this app's tasks claim and report; before the pool is forked."""
        deaths = Deaths(
            self._recorder,
            process=self._process,
            order_for=self._orders.given_for if self._orders else lambda _held: None,
            slots=self._slots,
        )
        self._deaths = deaths
        kind = request_class(deaths)
        for task in self._app.tasks.values():
            if isinstance(task, Task):
                _settle(task, kind)
        if self._slots is not None:
            self._app.steps["worker"].add(pool_care(deaths.bury))
        else:
            logger.warning(
                "Children of this worker can't be stopped: start it with -P prefork.",
                extra={"action": "no_stop"},
            )
            set_executor(self._executor(self._own, Interruption(None), self._store))

    def enter_pool_process(self) -> None:
        """Set a new pool process up, which has nothing of its main process but the slots."""
        if self._slots is None:
            return
        slot = PoolSlot(self._slots, current_process().index)
        store = Store(connect(self._url, purpose="child", size=_POOL_PROCESS_CONNECTIONS))
        set_executor(self._executor(slot, Interruption(slot.order), store))

    def start(self) -> None:
        """Begin to hear orders and to beat."""
        self._recorder.start()
        if self._orders is not None:
            self._orders.start()
            self._listen(self._orders)
        self._beater.start()

    def say_stopping(self) -> None:
        """Tell the others that this worker takes nothing more and ends when its pool has."""
        self._stopping = True
        self._beater.beat_soon()

    def stop(self) -> None:
        """Record what the pool left without an end, and leave. Takes up to some seconds."""
        self._deaths.leave()
        self._recorder.close()
        self._listener.stop()
        if self._orders is not None:
            self._orders.close()
        self._beater.stop()
        try:
            self._store.bury(self._process)
        except StoreUnavailable:
            about = {"action": "beat_failed"}
            logger.info("The last beat stays: it counts as dead in a while", extra=about)

    def _executor(self, place: Place, interruption: Interruption, store: Store) -> ComputeExecutor:
        writer = secrets.token_hex(8)

        def append(held: Held, lines: Sequence[LogLine]) -> None:
            store.append_log(held.run_id, held.path, held.attempt, lines, writer)

        return ComputeExecutor(
            store,
            process=self._process,
            place=place,
            interruption=interruption,
            output=Output(append),
            words=ResultWords(self._url),
        )

    def _listen(self, orders: StopOrders) -> None:
        """Hear them from the first connection on; until then they come by the answers to beats."""
        self._listener.start()
        self._listener.ask_for({keys.orders(self._process): orders.hear})

    def _beat(self, counter: int) -> Beat:
        working = self._working()
        self._listed = frozenset((held, held.began) for held in working)
        return Beat(
            process=self._process,
            kind="compute",
            host=socket.gethostname(),
            pid=os.getpid(),
            name=self._name,
            slots=self._slot_count,
            queues=tuple(self._consumed()),
            running=[(held.run_id, held.path, held.attempt) for held in working],
            stopping=self._stopping,
            counter=counter,
        )

    def _working(self) -> list[Held]:
        if self._slots is None:
            return self._own.working()
        return [held for _pid, held in self._slots.working().values()]

    def _answered(self, answer: BeatAnswer) -> None:
        """Stop the claims of ours under an intent whose order was lost, and those without a run.

        So too those whose node has ended, or goes on, without them, as two answers in a row say: a
        child whose end was just recorded is found so once.
        """
        working = [held for held in self._working() if (held, held.began) in self._listed]
        all_ended, before = set(answer.ended), self._ended
        ended = frozenset(held for held in working if (held.run_id, held.path) in all_ended)
        self._ended = ended
        if self._orders is None or not (answer.intents or answer.orphans or ended):
            return
        asked, orphans = set(answer.intents), set(answer.orphans)
        for held in working:
            if (held.run_id, held.path) in orphans:
                self._stop_orphan(self._orders, held, "whose run is gone from Redis")
            elif held in ended & before:
                self._stop_orphan(self._orders, held, "whose node does without it")
            elif (held.run_id, held.path) in asked:
                self._orders.stop(StopMessage(held=held))

    @staticmethod
    def _stop_orphan(orders: StopOrders, held: Held, why: str) -> None:
        if orders.given_for(held) is None:
            about = {"action": "child_orphaned", "run_id": held.run_id, "path": held.path}
            whose = (held.path, held.run_id, why)
            logger.warning("Child %s of run %s is stopped: it is one %s", *whose, extra=about)
            orders.stop(StopMessage(held=held, error=f"It is a child {why}"))


def _settle(task: Any, kind: type[Any]) -> None:
    """What a task must have in a worker of ours, whatever the project's own settings are."""
    task.track_started = False
    task.Request = kind
    if task.inception_kind != "plain":
        task.acks_late = False
        task.reject_on_worker_lost = False
