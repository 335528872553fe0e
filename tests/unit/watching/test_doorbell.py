"""A run's message only rings, unless somebody would miss what Celery makes of a message."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from celery import signals
from celery.concurrency.base import apply_target

from inception.runs.messages import Ticket, ticket_headers
from inception.watching import doorbell

RUN = "run-1"
NAME = "tasks.outer"


class Worker:
    """A consumer with its pool, and what was done with the last message."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.acknowledged = 0
        self.by_celery = 0
        self.task = SimpleNamespace(name=NAME, acks_late=False)
        self.consumer = SimpleNamespace(
            connection_errors=(),
            task_buckets={NAME: None},
            controller=SimpleNamespace(state=SimpleNamespace(revoked=set())),
            event_dispatcher=SimpleNamespace(enabled=True, groups={"worker"}),
            pool=SimpleNamespace(apply_async=self._apply),
        )

    def default(self, *_about: object, **_options: object):
        def handle(*_message: object, **_more: object) -> None:
            self.by_celery += 1

        return handle

    def deliver(self, headers: dict[str, Any], callbacks: tuple[object, ...] = ()) -> None:
        handle = doorbell.strategy_for(self.taken.append)(self.task, None, self.consumer)
        handle(SimpleNamespace(headers=headers), None, self._ack, self._ack, callbacks)

    @property
    def rang(self) -> bool:
        """True if the message rang, False if Celery has it; it is never both."""
        rang = (self.taken, self.acknowledged, self.by_celery) == ([RUN], 1, 0)
        assert rang or (self.taken, self.acknowledged, self.by_celery) == ([], 0, 1)
        return rang

    def _ack(self, *_about: object) -> None:
        self.acknowledged += 1

    @staticmethod
    def _apply(target: Any, args: Any = (), callback: Any = None, **_options: object) -> None:
        apply_target(target, args, {}, callback, None)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()
    monkeypatch.setattr(doorbell, "default", worker.default)
    return worker


def ringing(**more: object) -> dict[str, Any]:
    return {"task": NAME, "id": RUN, **ticket_headers(Ticket(run_id=RUN)), **more}


def test_a_recorded_run_is_taken_without_celery(worker: Worker) -> None:
    worker.deliver(ringing(eta=None, expires=None))
    assert worker.rang


@pytest.mark.parametrize(
    "headers",
    [
        {"task": NAME, "id": RUN},
        ringing(eta="2030-01-01T00:00:00+00:00"),
        ringing(expires="2030-01-01T00:00:00+00:00"),
        {"task": NAME, "id": RUN, **ticket_headers(Ticket(run_id=RUN, path="0"))},
    ],
    ids=["foreign", "postponed", "expiring", "a child's"],
)
def test_any_other_message_is_celerys(worker: Worker, headers: dict[str, Any]) -> None:
    worker.deliver(headers)
    assert not worker.rang


def test_celery_has_it_while_events_of_tasks_are_sent(worker: Worker) -> None:
    worker.consumer.event_dispatcher.groups = None
    worker.deliver(ringing())
    assert not worker.rang


def test_celery_has_it_while_somebody_hears_a_signal(worker: Worker) -> None:
    def hear(**_signal: object) -> None:
        pass

    signals.task_prerun.connect(hear)
    try:
        worker.deliver(ringing())
    finally:
        signals.task_prerun.disconnect(hear)
    assert not worker.rang


def test_celery_has_it_where_it_limits_revokes_or_acknowledges_late(worker: Worker) -> None:
    worker.consumer.controller.state.revoked.add(RUN)
    worker.deliver(ringing())
    worker.consumer.controller.state.revoked.clear()
    worker.consumer.task_buckets[NAME] = object()
    worker.deliver(ringing())
    worker.consumer.task_buckets[NAME] = None
    worker.task.acks_late = True
    worker.deliver(ringing())
    worker.deliver(ringing(), callbacks=(print,))
    assert (worker.taken, worker.by_celery) == ([], 4)
