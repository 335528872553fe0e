"""A watcher begins, whatever Redis does as it starts."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from celery import Celery

from inception.authoring.task import Task
from inception.runs.connection import connect
from inception.runs.listener import Listener
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching.watcher import Watcher
from tests.private_redis import PrivateRedis
from tests.running import eventually

NAME = "host:watcher:1"
WITHIN = 15.0
"""Seconds (s)."""


@pytest.fixture
def store(own_redis: PrivateRedis) -> Store:
    return Store(connect(own_redis.url, purpose="test"))


@pytest.fixture
def watcher(own_redis: PrivateRedis, store: Store, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """One that gives a subscription up soon; Redis is away."""
    monkeypatch.setattr(Listener.subscribe, "__defaults__", (0.1,))
    monkeypatch.setattr(Listener.subscribe_many, "__defaults__", (0.1,))
    url = own_redis.url
    app = Celery("begins", broker=url, backend=url, task_cls=Task, set_as_current=False)
    own_redis.kill()
    return Watcher(app=app, store=store, url=url, settings=Settings(), process=NAME)


def has_tried(begins: Future[None], caplog: pytest.LogCaptureFixture) -> bool:
    tried = any(getattr(record, "action", "") == "insist" for record in caplog.records)
    return tried or begins.done()


def test_it_hears_and_beats_once_redis_is_back(
    own_redis: PrivateRedis, watcher: Watcher, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Celery would go on with one that gave up: it would take runs, and hear nothing of them."""
    with ThreadPoolExecutor(1) as pool:
        begins = pool.submit(watcher.start)
        eventually(lambda: has_tried(begins, caplog), WITHIN, "it has tried in vain")
        own_redis.start()
        begins.result(WITHIN)
    try:
        assert store.tell(NAME, {"kind": "said", "run": "none"})
        eventually(lambda: NAME in store.read_beats(), WITHIN, "it beats")
    finally:
        watcher.stop()


def test_it_leaves_when_it_is_told_to_though_redis_is_still_away(
    watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as pool:
        begins = pool.submit(watcher.start)
        eventually(lambda: has_tried(begins, caplog), WITHIN, "it has tried in vain")
        watcher.stop()
        begins.result(WITHIN)
    assert not watcher._beater.is_alive
