"""Celery's result rides along with a claim, its end, and the end of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from celery import Celery

from inception.runs.model import State
from inception.runs.records import ClaimAnswer, ResultWord
from inception.runs.result_words import ResultWords
from inception.runs.store import Store
from tests.integration.runs.held_run import RedisClient, hold

KEY = "celery-task-meta-task-0-1"


def word(text: str, seconds: int = 60) -> ResultWord:
    return ResultWord(key=KEY, text=text, seconds=seconds)


def heard(subscriber: RedisClient) -> str:
    """The next message of a subscriber made by `listening`."""
    message = subscriber.get_message(timeout=5)
    return str(message["data"])


def listening(client: RedisClient) -> RedisClient:
    pubsub = client.pubsub()
    pubsub.subscribe(KEY)
    assert pubsub.get_message(timeout=5)["type"] == "subscribe"
    return pubsub


def test_a_claim_says_its_word_where_results_are_read(store: Store, client: RedisClient) -> None:
    run, subscriber = hold(store), listening(client)
    run.spawn("0")
    claim = run.claim_of("0", word=word("started"))
    assert store.claim(claim) is ClaimAnswer.OK
    assert (client.get(KEY), client.ttl(KEY), heard(subscriber)) == ("started", 60, "started")


def test_a_copy_that_gets_no_claim_says_nothing(store: Store, client: RedisClient) -> None:
    run = hold(store)
    run.spawn("0")
    store.claim(run.claim_of("0", word=word("first")))
    assert store.claim(run.claim_of("0", word=word("copy"))) is ClaimAnswer.CLAIMED
    assert client.get(KEY) == "first"


def test_an_end_says_its_word_and_tells_the_owner_that_it_has(
    store: Store, client: RedisClient
) -> None:
    run = hold(store)
    orders = client.pubsub()
    orders.subscribe("{inception}:orders:" + run.lease.owner)
    assert orders.get_message(timeout=5)["type"] == "subscribe"
    run.spawn("0")
    store.claim(run.claim_of("0"))
    assert store.end_claim(run.end_of("0", word=word("done")))
    told = [json.loads(orders.get_message(timeout=5)["data"]) for _ in range(2)]
    assert [(each["kind"], each.get("result")) for each in told] == [
        ("claimed", None),
        ("end", True),
    ]
    assert client.get(KEY) == "done"


def test_an_end_that_comes_too_late_says_nothing(store: Store, client: RedisClient) -> None:
    run = hold(store)
    run.spawn("0")
    store.claim(run.claim_of("0"))
    store.end_claim(run.end_of("0", State.FAILURE))
    assert not store.end_claim(run.end_of("0", word=word("late")))
    assert client.get(KEY) is None


def test_a_word_without_a_time_stays(store: Store, client: RedisClient) -> None:
    run = hold(store)
    run.spawn("0")
    store.claim(run.claim_of("0", word=word("started", seconds=0)))
    assert client.ttl(KEY) == -1


def task_with_backend(url: str) -> Any:
    app = Celery("app", broker=url, backend=url, set_as_current=False)

    @app.task(name="some.task")
    def task() -> None:
        """Do nothing."""

    task.push_request(id="task-0-1")
    return task


def test_a_word_is_what_celery_would_have_stored(redis_url: str, client: RedisClient) -> None:
    task = task_with_backend(redis_url)
    said = ResultWords(redis_url).of(task, "SUCCESS", {"a": 1}, seconds=5)
    assert said is not None
    task.backend.store_result("task-0-1", {"a": 1}, "SUCCESS", request=task.request)
    stored = json.loads(client.get(said.key))
    ours = json.loads(said.text)
    assert {**ours, "date_done": None} == {**stored, "date_done": None}


STARTED_BY = {"pid": 7, "hostname": "compute@host"}


@pytest.mark.parametrize(
    ("settings", "request_of"),
    [
        ({}, {}),
        ({}, {"group": "g"}),
        ({}, {"parent_id": "p"}),
        ({"result_extended": True}, {"task": "some.task", "args": [1]}),
        ({"result_expires": None}, {}),
    ],
    ids=str,
)
def test_each_started_is_what_celery_would_have_stored(
    redis_url: str, client: RedisClient, settings: dict[str, Any], request_of: dict[str, Any]
) -> None:
    """Also the second one, and one that another process says, whose text is made from the first."""
    task = task_with_backend(redis_url)
    task.app.conf.update(settings)
    words = ResultWords(redis_url)
    for number, who in enumerate([STARTED_BY, STARTED_BY, {**STARTED_BY, "pid": 8}]):
        task_id = f"task-{number}"
        args = {**request_of, "kwargs": {"number": number}}
        task.push_request(id=task_id, **args)
        said = words.started(task, who)
        assert said is not None
        task.backend.store_result(task_id, who, "STARTED", request=task.request)
        assert json.loads(said.text) == json.loads(client.get(said.key))
        assert (said.seconds or -1) == client.ttl(said.key)
        task.pop_request()


def test_results_in_another_database_are_left_to_celery(redis_url: str) -> None:
    words = ResultWords(redis_url)
    assert words.of(task_with_backend(redis_url.replace("/0", "/1")), "SUCCESS", 1) is None


def test_what_cannot_be_encoded_is_left_to_celery(redis_url: str) -> None:
    task = task_with_backend(redis_url)
    assert ResultWords(redis_url).of(task, "SUCCESS", object()) is None


def test_a_run_says_its_word_when_it_ends_and_not_before(store: Store, client: RedisClient) -> None:
    run = hold(store)
    run.spawn("0")
    store.end_run(run.lease, run.next_op(), State.SUCCESS, {}, word=word("early"))
    assert client.get(KEY) is None
    run.end("0")
    store.end_run(run.lease, run.next_op(), State.SUCCESS, {}, word=word("done"))
    assert client.get(KEY) == "done"


def test_a_run_that_was_to_stop_says_no_success(store: Store, client: RedisClient) -> None:
    run = hold(store)
    store.request_revoke(run.id, "", by="anna", reason=None)
    assert store.end_run(run.lease, 1, State.SUCCESS, {}, word=word("done")).must_revoke
    assert client.get(KEY) is None
