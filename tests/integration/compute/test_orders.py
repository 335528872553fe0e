"""A worker hears its orders, whatever Redis does as it starts."""

from __future__ import annotations

import queue
from typing import Any, cast

from celery import Celery

from inception.compute.worker import ComputeWorker
from inception.runs.connection import connect
from inception.runs.store import Store
from tests.private_redis import PrivateRedis
from tests.running import eventually

NAME = "host:worker:1"
WITHIN = 10.0
"""Seconds (s)."""


class Orders:
    def __init__(self) -> None:
        self.heard: queue.Queue[str] = queue.Queue()
        self.hear = self.heard.put


def test_a_worker_that_starts_while_redis_is_away_hears_orders_once_it_is_back(
    own_redis: PrivateRedis,
) -> None:
    own_redis.kill()
    worker = ComputeWorker(
        app=Celery("worker", set_as_current=False), url=own_redis.url, process=NAME,
        name="worker@host", ttl=15.0, slots=1, consumed=tuple, forks=True,
    )  # fmt: skip
    orders = Orders()
    worker._listen(cast("Any", orders))
    try:
        own_redis.start()
        store = Store(connect(own_redis.url, purpose="test"))
        eventually(lambda: store.tell(NAME, {"kind": "stop"}), WITHIN, "somebody hears it")
        assert orders.heard.get(timeout=WITHIN) == '{"kind":"stop"}'
    finally:
        worker._listener.stop()
