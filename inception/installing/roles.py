"""What a worker becomes, decided by what it consumes and how; and when it must not start."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from celery import Celery

from inception.authoring.starting import redis_url_of
from inception.compute.slots import MAX_SLOTS
from inception.installing.errors import WorkerRefused
from inception.runs.celery_app import CHILDREN_QUEUE, PARENTS_QUEUE
from inception.runs.errors import SettingsError

_BLOCKING_POOLS: Final = frozenset({"prefork", "solo", "processes"})
_LOSING: Final = (
    "worker_deduplicate_successful_tasks",
    "worker_cancel_long_running_tasks_on_connection_loss",
)
_WATCHER: Final = "celery -A ... worker -Q parents -P eventlet -c 50"
_COMPUTE: Final = "celery -A ... worker -Q children -P prefork"


class Role(StrEnum):
    """What a worker of ours is."""

    WATCHER = "watcher"
    COMPUTE = "compute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What Celery was asked to start: `pool` in Celery's word, `slots` its concurrency."""

    pool: str
    queues: tuple[str, ...]
    slots: int
    name: str

    @classmethod
    def of(cls, worker: Any) -> Workplace:
        """Read it from Celery's WorkController, before its pool is made."""
        return cls(
            pool=_pool_name(worker.pool_cls),
            queues=tuple(worker.app.amqp.queues.consume_from),
            slots=worker.concurrency,
            name=worker.hostname,
        )

    @property
    def role(self) -> Role:
        """A watcher if it consumes parents, else a compute worker."""
        return Role.WATCHER if PARENTS_QUEUE in self.queues else Role.COMPUTE


def check(app: Celery, place: Workplace) -> str:
    """Return the address of the Redis that runs are kept in.

    Raises WorkerRefused for a worker that would lose, block or never finish what it takes.
    """
    if place.role is Role.WATCHER:
        _check_watcher(app, place)
    if place.slots > MAX_SLOTS and place.role is Role.COMPUTE:
        raise WorkerRefused(f"A compute worker has at most {MAX_SLOTS} slots; start several.")
    return _redis_url(app)


def _check_watcher(app: Celery, place: Workplace) -> None:
    if place.pool in _BLOCKING_POOLS:
        raise WorkerRefused(
            f"This worker would consume the queue {PARENTS_QUEUE!r} on a {place.pool} pool, "
            "where a few waiting parents would block it for ever. Start watchers and compute "
            f"workers apart:\n  {_WATCHER}\n  {_COMPUTE}"
        )
    if CHILDREN_QUEUE in place.queues:
        raise WorkerRefused(
            f"This worker would consume {PARENTS_QUEUE!r} and {CHILDREN_QUEUE!r} at once, and a "
            f"busy child would stop every parent. Start two:\n  {_WATCHER}\n  {_COMPUTE}"
        )
    _refuse_settings([name for name in _LOSING if app.conf.get(name)])


def _refuse_settings(names: Collection[str]) -> None:
    if names:
        raise WorkerRefused(
            f"A watcher can't run with {' and '.join(names)}: with the eventlet pool Celery "
            "loses tasks for good by it. Set it to False for the workers that take parents."
        )


def _redis_url(app: Celery) -> str:
    try:
        url = redis_url_of(app)
    except SettingsError as missing:
        raise WorkerRefused(str(missing)) from missing
    backend = str(app.conf.result_backend or "")
    if not backend.startswith(("redis", "rediss", "sentinel", "unix")):
        raise WorkerRefused(
            f"The result backend is {backend.partition(':')[0] or 'none'}, and what a child says "
            "is heard on Redis. Set result_backend to the address of the Redis in use."
        )
    return url


def _pool_name(pool: Any) -> str:
    """Celery's word for a pool that may be given as its class, its path or its word."""
    if isinstance(pool, str):
        return pool.partition(":")[0].rpartition(".")[2]
    return str(pool.__module__).rpartition(".")[2]
