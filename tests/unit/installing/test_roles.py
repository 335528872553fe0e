from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from inception.installing.errors import WorkerRefused
from inception.installing.roles import Role, Workplace, check

URL = "redis://127.0.0.1:1/0"


def app(**conf: Any) -> Celery:
    app = Celery("project", broker=URL, backend=URL, set_as_current=False)
    app.conf.update(conf)
    return app


def place(*queues: str, pool: str = "eventlet", slots: int = 5) -> Workplace:
    return Workplace(pool=pool, queues=queues, slots=slots, name="worker@host")


@pytest.mark.parametrize(
    ("queues", "role"),
    [
        (("parents",), Role.WATCHER),
        (("parents", "urgent"), Role.WATCHER),
        (("children",), Role.COMPUTE),
        (("celery",), Role.COMPUTE),
    ],
)
def test_the_queues_decide_what_a_worker_is(queues: tuple[str, ...], role: Role) -> None:
    assert place(*queues).role is role


@pytest.mark.parametrize("pool", ["eventlet", "gevent", "threads"])
def test_a_watcher_may_run_on_any_pool_that_it_does_not_block(pool: str) -> None:
    assert check(app(), place("parents", pool=pool)) == URL


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_watcher_on_a_pool_that_it_blocks_is_refused(pool: str) -> None:
    with pytest.raises(WorkerRefused, match=pool):
        check(app(), place("parents", pool=pool))


@pytest.mark.parametrize(
    "name",
    [
        "worker_deduplicate_successful_tasks",
        "worker_cancel_long_running_tasks_on_connection_loss",
    ],
)
def test_a_watcher_with_a_setting_that_loses_tasks_is_refused(name: str) -> None:
    with pytest.raises(WorkerRefused, match=name):
        check(app(**{name: True}), place("parents"))
    check(app(**{name: True}), place("children", pool="prefork"))


def test_more_slots_than_can_be_followed_are_refused() -> None:
    with pytest.raises(WorkerRefused, match="1024"):
        check(app(), place("children", pool="prefork", slots=1025))


def test_an_app_without_redis_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    other = Celery("project", broker="amqp://", backend=URL, set_as_current=False)
    with pytest.raises(WorkerRefused, match="REDIS_URL"):
        check(other, place("children"))


def test_a_result_backend_that_is_no_redis_is_refused() -> None:
    other = Celery("project", broker=URL, backend="rpc://", set_as_current=False)
    with pytest.raises(WorkerRefused, match="rpc"):
        check(other, place("children"))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("prefork", "prefork"),
        ("celery.concurrency.eventlet:TaskPool", "eventlet"),
        ("celery.concurrency.solo", "solo"),
    ],
)
def test_a_pool_has_one_word_however_it_is_given(given: str, word: str) -> None:
    queues = SimpleNamespace(consume_from={"children": None})
    worker = SimpleNamespace(
        app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)),
        pool_cls=given,
        concurrency=1,
        hostname="worker@host",
    )
    assert Workplace.of(worker).pool == word
