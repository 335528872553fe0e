"""The order in which a worker's part begins and ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from celery import Celery

from inception.installing.receipts import Transport
from inception.installing.roles import Workplace
from inception.installing.wiring import _Life
from inception.runs.settings import Settings


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def life(done: list[str]) -> _Life:
    life = _Life(Celery("test"), Settings())
    part = SimpleNamespace(start=lambda: done.append("start"), stop=lambda: done.append("stop"))
    life._part = cast("Any", part)
    life._announcer = cast("Any", SimpleNamespace(announce=lambda: done.append("announce")))
    return life


def test_what_was_started_is_stopped(life: _Life, done: list[str]) -> None:
    life.on_ready()
    life.on_shutdown()

    assert done == ["start", "announce", "stop"]


def test_a_worker_that_leaves_before_it_reached_redis_has_nothing_to_stop(
    life: _Life, done: list[str]
) -> None:
    life.on_shutdown()

    assert done == []


def test_a_worker_keeps_receipts_in_memory() -> None:
    url = "redis://127.0.0.1:1/0"
    app = Celery("test", broker=url, backend=url, set_as_current=False)
    place = Workplace(pool="prefork", queues=("children",), slots=1, name="worker@host")

    _Life(app, Settings())._begin(place)

    assert app.connection_for_read().get_transport_cls() is Transport
