from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
import redis

from inception import child, track
from inception.authoring.body import requested
from inception.authoring.reporting import progress
from inception.authoring.result_channel import say_progress

if TYPE_CHECKING:
    from celery import Celery

    from tests.integration.authoring.conftest import MakeApp
    from tests.private_redis import PrivateRedis


@child
def count(limit: int) -> int:
    for _ in track(range(limit), message="Counting"):
        pass
    return limit


def deliver(app: Celery, *args: Any) -> Any:
    task = app.tasks[count.name]
    with requested(task, args, {}, id="an-id", called_directly=False, is_eager=False):
        return task(*args)


def test_progress_reads_as_celerys_own(redis_url: str, make_app: MakeApp) -> None:
    app = make_app(redis_url)
    deliver(app, 4)
    result = app.AsyncResult("an-id")
    assert result.state == "PROGRESS"
    assert result.info["iteration"] == 4
    assert result.info["message"] == "Counting"


def test_progress_is_published_where_celery_publishes(redis_url: str, make_app: MakeApp) -> None:
    app = make_app(redis_url)
    with redis.Redis.from_url(redis_url).pubsub() as ear:  # type: ignore[no-untyped-call]
        ear.subscribe(app.backend.get_key_for_task("an-id"))
        assert ear.get_message(timeout=10)["type"] == "subscribe"
        deliver(app, 4)
        heard = json.loads(ear.get_message(timeout=10)["data"])
    assert (heard["status"], heard["task_id"]) == ("PROGRESS", "an-id")
    assert heard["result"]["total"] == 4


@pytest.mark.parametrize("serializer", ["json", "yaml"])
def test_a_word_is_to_the_letter_what_celery_would_write(
    redis_url: str, make_app: MakeApp, serializer: str
) -> None:
    app = make_app(redis_url)
    app.conf.update(result_serializer=serializer, result_accept_content=[serializer])
    meta = progress(1, None, 'Größe "ä" \N{SNOWMAN} \ud800')
    assert say_progress(app.backend, "an-id", meta)
    stored = redis.Redis.from_url(redis_url).get(app.backend.get_key_for_task("an-id"))
    rest = {"traceback": None, "children": [], "date_done": None, "task_id": "an-id"}
    written = app.backend.encode({"status": "PROGRESS", "result": meta, **rest})
    assert stored == (written if isinstance(written, bytes) else written.encode())


def test_a_stored_word_expires_as_results_do(redis_url: str, make_app: MakeApp) -> None:
    app = make_app(redis_url)
    assert say_progress(app.backend, "an-id", progress(1, 2, ""))
    key = app.backend.get_key_for_task("an-id")
    left = cast("int", redis.Redis.from_url(redis_url).ttl(key))
    assert 0 < left <= app.backend.expires


def test_a_word_is_said_though_redis_has_closed_the_connection_since(
    redis_url: str, make_app: MakeApp
) -> None:
    app = make_app(redis_url)
    client = redis.Redis.from_url(redis_url)
    for iteration in (1, 2):
        assert say_progress(app.backend, "an-id", progress(iteration, None, ""))
        client.client_kill_filter(_type="normal", skipme=True)
    assert app.AsyncResult("an-id").info["iteration"] == 2


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_a_loop_goes_on_while_redis_is_away(
    own_redis: PrivateRedis, make_app: MakeApp, fault: str
) -> None:
    app = make_app(own_redis.url)
    deliver(app, 2)
    own_redis.kill() if fault == "killed" else own_redis.freeze()
    began = time.monotonic()
    assert deliver(app, 200_000) == 200_000
    assert time.monotonic() - began < 3
