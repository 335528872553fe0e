"""The short way of a run's message through a watcher: it rings, and nothing else.

Celery makes a request of each message, logs it, traces the task, and for one that ends with
`Ignore` it formats two tracebacks: together that takes a watcher as long as the run's own
round trips. A message whose run is recorded is a doorbell, so its run is taken without all that,
unless somebody might miss it: who hears Celery's events or signals, or has Celery count,
postpone or revoke the task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from celery import signals
from celery.worker.strategy import default

from inception.runs.messages import ticket_in
from inception.runs.model import ROOT

log = logging.getLogger(__name__)

Take: TypeAlias = Callable[[str], None]
"""Takes the run of this id if it is to be had. Waits for Redis; raises nothing."""

_OF_A_TASK: Final = (
    signals.task_received,
    signals.task_prerun,
    signals.task_postrun,
    signals.task_success,
)


def strategy_for(take: Take) -> Callable[..., Any]:
    """What Celery shall do with a parent's messages (`Task.Strategy`)."""

    def strategy(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
        by_celery = default(task, app, consumer, **options)

        def handle(
            message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **more: Any
        ) -> Any:
            run_id = _rung_for(message)
            if run_id is None or _is_missed(task, consumer, run_id, callbacks):
                return by_celery(message, body, ack, reject, callbacks, **more)
            ack(log, consumer.connection_errors)
            return consumer.pool.apply_async(take, (run_id,), callback=_on_taken)

        return handle

    return strategy


def _on_taken(_nothing: None) -> None:
    """The green pools of Celery must have something to call."""


def _rung_for(message: Any) -> str | None:
    """The run that a message rings for, now and for good; None for any other message."""
    headers = message.headers
    if not isinstance(headers, Mapping) or headers.get("eta") or headers.get("expires"):
        return None
    ticket = ticket_in(headers)
    return ticket.run_id if ticket is not None and ticket.path == ROOT else None


def _is_missed(task: Any, consumer: Any, run_id: str, callbacks: Any) -> bool:
    """True if somebody would see that Celery doesn't know of this message."""
    return (
        bool(callbacks)
        or task.acks_late
        or consumer.task_buckets[task.name] is not None
        or run_id in consumer.controller.state.revoked
        or _tells_of_tasks(consumer.event_dispatcher)
        or any(signal.receivers for signal in _OF_A_TASK)
    )


def _tells_of_tasks(events: Any) -> bool:
    """True for a dispatcher that sends more than what workers say of themselves."""
    return events is not None and events.enabled and (not events.groups or "task" in events.groups)
