from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
import redis
from celery.result import AsyncResult
from kombu.exceptions import OperationalError

from inception import child, parent
from inception.authoring.starting import start_run
from inception.runs.connection import connect
from inception.runs.errors import BadRequest, RunNotFound
from inception.runs.model import State
from inception.runs.store import Store

if TYPE_CHECKING:
    from celery import Celery

    from tests.integration.authoring.conftest import MakeApp


@child
def work() -> None:
    pass


@parent(steps=["Only"])
def lead(limit: int = 10, delay: float = 1.0) -> int:
    return limit


@pytest.fixture
def app(redis_url: str, make_app: MakeApp) -> Celery:
    return make_app(redis_url)


@pytest.fixture
def store(redis_url: str) -> Store:
    return Store(connect(redis_url, purpose="test"))


@pytest.fixture
def client(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, decode_responses=True)


def messages(client: redis.Redis, queue: str) -> list[Any]:
    return [json.loads(text) for text in cast("list[str]", client.lrange(queue, 0, -1))]


@pytest.mark.usefixtures("app")
def test_delay_outside_of_a_parent_records_a_run(store: Store, client: redis.Redis) -> None:
    result = lead.delay(3, delay=0.5)
    run = store.read_run(result.id)
    assert (run["name"], run["state"]) == (lead.name, State.PENDING)
    assert run["kwargs"] == {"limit": 3, "delay": 0.5}
    assert run["steps"] == ["Only"]


@pytest.mark.usefixtures("app", "store")
def test_the_message_carries_the_runs_id_and_that_it_is_recorded(client: redis.Redis) -> None:
    result = lead.delay(3)
    (message,) = messages(client, "parents")
    assert message["headers"]["id"] == result.id
    assert message["headers"]["task"] == lead.name
    ticket = message["headers"]["inception"]
    assert ticket == {"run": result.id, "path": "", "attempt": 1, "recorded": True}


@pytest.mark.usefixtures("app")
def test_label_tags_and_id_are_the_runs(store: Store) -> None:
    lead.apply_async(kwargs={"limit": 1}, label="Mine", tags=["a", "b"], task_id="my-run")
    run = store.read_run("my-run")
    assert (run["label"], run["tags"]) == ("Mine", ["a", "b"])


@pytest.mark.usefixtures("app")
def test_tags_beyond_the_bound_start_nothing(client: redis.Redis) -> None:
    with pytest.raises(BadRequest):
        lead.apply_async(tags=[str(number) for number in range(21)])
    assert messages(client, "parents") == []


@pytest.mark.usefixtures("app")
def test_a_text_is_no_list_of_tags(client: redis.Redis) -> None:
    with pytest.raises(TypeError, match=r"\['shop'\]"):
        lead.apply_async(tags="shop")
    assert messages(client, "parents") == []


def test_the_record_comes_before_the_message(app: Celery, store: Store) -> None:
    states: list[str] = []

    def send(*_args: Any, **options: Any) -> None:
        states.append(store.read_run(options["task_id"])["state"])

    start_run(app.tasks[lead.name], (), {}, {}, send=send)
    assert states == [State.PENDING]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("the broker is away"),
        AttributeError("'NoneType' object has no attribute 'client'"),  # so says kombu at times
    ],
)
def test_a_message_that_cannot_be_sent_leaves_the_run_to_a_rescuer(
    app: Celery, store: Store, error: Exception
) -> None:
    def send(*_args: Any, **_options: Any) -> None:
        raise error

    result = start_run(app.tasks[lead.name], (), {}, {}, send=send)
    assert store.read_run(result.id)["state"] == State.PENDING


@pytest.mark.usefixtures("app")
def test_the_result_can_be_waited_for(redis_url: str) -> None:
    result = lead.delay(3)
    assert isinstance(result, AsyncResult)
    result.backend.store_result(result.id, 3, "SUCCESS")
    assert result.get(timeout=10) == 3


@pytest.mark.usefixtures("app")
def test_starting_subscribes_to_no_result(client: redis.Redis) -> None:
    started = lead.delay()
    assert client.pubsub_numsub(f"celery-task-meta-{started.id}")[0][1] == 0


@pytest.mark.usefixtures("app")
def test_a_child_outside_of_a_parent_is_a_plain_message(store: Store, client: redis.Redis) -> None:
    result = work.delay()
    assert len(messages(client, "children")) == 1
    with pytest.raises(RunNotFound):
        store.read_run(result.id)


@pytest.mark.usefixtures("app")
def test_many_threads_may_start_runs_at_once(store: Store) -> None:
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(lead.delay().id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert {store.read_run(run_id)["state"] for run_id in ids} == {State.PENDING}
    assert len(set(ids)) == 8
