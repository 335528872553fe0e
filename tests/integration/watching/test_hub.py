"""A child is heard by whoever holds its run now, whatever an earlier holder still does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from celery import Celery

from inception.runs.connection import connect
from inception.watching import hub as module
from inception.watching.crew import Crew
from inception.watching.hub import Hub, Wanted
from inception.watching.results import CeleryWord, Results
from inception.watching.timers import Timers
from tests.integration.runs.held_run import RedisClient
from tests.running import eventually

WAIT = 10.0
TASK = "0123"
KEY = f"celery-task-meta-{TASK}"


class Ear:
    """What one holder heard of the child."""

    def __init__(self) -> None:
        self._words: Queue[CeleryWord] = Queue()
        self.hear = self._words.put

    def next(self) -> Any:
        return self._words.get(timeout=WAIT).result

    def heard_nothing(self) -> bool:
        return self._words.empty()


def say(client: RedisClient, result: Any, status: str = "PROGRESS") -> None:
    text = json.dumps({"status": status, "result": result, "traceback": None})
    client.set(KEY, text)
    client.publish(KEY, text)


@pytest.fixture
def client(redis_url: str) -> Iterator[RedisClient]:
    with connect(redis_url, purpose="test") as client:
        yield client


@pytest.fixture
def hub(redis_url: str) -> Iterator[Hub]:
    app = Celery("test", broker=redis_url, backend=redis_url, set_as_current=False)
    crew, timers = Crew(1), Timers()
    hub = Hub(
        url=redis_url,
        process="host:watcher:1",
        results=Results(app, redis_url),
        crew=crew,
        timers=timers,
        on_order=lambda _text: None,
        on_gap=lambda: None,
    )
    parts = (crew, timers, hub)
    for part in parts:
        part.start()
    yield hub
    for part in parts:
        part.stop()


def test_what_an_earlier_holder_leaves_late_the_present_one_goes_on_hearing(
    hub: Hub, client: RedisClient
) -> None:
    old, new = Ear(), Ear()
    hub.listen([Wanted("old", TASK, old.hear)])
    hub.listen([Wanted("new", TASK, new.hear)])

    hub.leave("old", TASK)
    hub.forget("old", TASK)

    say(client, 1)
    assert new.next() == 1
    assert old.heard_nothing()
    hub.leave("new", TASK)
    eventually(lambda: not client.pubsub_channels(KEY), WAIT, "nobody hears it any more")


def test_what_is_heard_anew_is_heard_once(hub: Hub, client: RedisClient) -> None:
    ear, other = Ear(), Ear()
    hub.listen([Wanted("holder", TASK, ear.hear)])
    hub.listen([Wanted("holder", TASK, ear.hear), Wanted("holder", "other", other.hear)])

    say(client, 1)
    say(client, 2)
    assert [ear.next(), ear.next()] == [1, 2]
    hub.leave("holder", TASK)
    eventually(lambda: not client.pubsub_channels(KEY), WAIT, "nobody hears it any more")


def test_a_result_is_deleted_once_it_is_stored_and_the_child_is_forgotten(
    hub: Hub, client: RedisClient
) -> None:
    ear = Ear()
    hub.listen([Wanted("holder", TASK, ear.hear)])
    say(client, 1)
    assert ear.next() == 1

    hub.forget("holder", TASK)
    assert client.pubsub_channels(KEY), "it lingers until the result is there"
    say(client, "done", status="SUCCESS")

    eventually(lambda: not client.exists(KEY), WAIT, "the result is deleted")
    eventually(lambda: not client.pubsub_channels(KEY), WAIT, "nobody hears it any more")
    assert ear.heard_nothing()


def test_the_result_of_a_child_that_ended_unheard_is_deleted_too(
    hub: Hub, client: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER", 0.01)
    say(client, "done", status="SUCCESS")

    hub.forget("holder", TASK)

    eventually(lambda: not client.exists(KEY), WAIT, "the result is deleted")
