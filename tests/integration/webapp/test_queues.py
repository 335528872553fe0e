"""Queues: those of ours, those that a worker consumes, and those in which something waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests
from celery import Celery
from click.testing import CliRunner

from inception.runs.connection import connect
from inception.runs.records import Beat, NewStep
from inception.runs.store import Store
from tests.integration.runs.held_run import hold, step
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.web import Web
from webapp.cli.looking import workers


def send_child(store: Store, redis_url: str, queue: str, **options: Any) -> None:
    """Record a child in a run, and send it as a watcher does."""
    held = hold(store, run_id=f"run of {queue}".replace(" ", "-"))
    new: NewStep = replace(step("0"), queue=queue)
    store.spawn(held.lease, held.next_op(), [new])
    with Celery("sender", broker=redis_url, set_as_current=False) as app:
        app.send_task("tasks.inner", queue=queue, **options)


def queues(web: Web) -> dict[str, dict[str, Any]]:
    answer = requests.get(f"{web.address}/api/v1/workers", timeout=PATIENCE).json()
    return {queue["name"]: queue for queue in answer["queues"]}


def beat(*consumed: str) -> Beat:
    return Beat(
        process="h:gpu:1", kind="compute", host="h", pid=1, name="gpu@h", slots=1,
        queues=consumed, running=[], stopping=False, counter=1,
    )  # fmt: skip


def test_a_queue_that_nobody_consumes_is_listed_while_something_waits_in_it(
    web: Web, store: Store, redis_url: str
) -> None:
    assert set(queues(web)) == {"children", "parents"}
    send_child(store, redis_url, "gpu")
    assert queues(web)["gpu"] == {
        "name": "gpu",
        "length": 1,
        "consumers": 0,
        "waiting": "no worker consumes queue gpu",
        "problem": None,
    }
    store.beat(beat("gpu"))
    assert queues(web)["gpu"] | {"length": 1} == {
        "name": "gpu", "length": 1, "consumers": 1, "waiting": None, "problem": None,
    }  # fmt: skip
    store.bury("h:gpu:1")
    connect(redis_url, purpose="test").delete("gpu")
    assert set(queues(web)) == {"children", "parents"}


def test_messages_of_every_priority_are_counted(web: Web, store: Store, redis_url: str) -> None:
    for priority in (0, 4, 9):
        send_child(store, redis_url, "children", priority=priority)
    assert queues(web)["children"]["length"] == 3
    assert queues(web)["children"]["waiting"] == "no worker consumes queue children"


def test_what_is_no_queue_hides_no_other(web: Web, store: Store, redis_url: str) -> None:
    """Another program may keep something by the name of a queue that was used."""
    send_child(store, redis_url, "gpu")
    send_child(store, redis_url, "children")
    client = connect(redis_url, purpose="test")
    client.delete("gpu")
    client.hset("gpu", "field", "value")
    found = queues(web)
    assert found["gpu"] == {
        "name": "gpu",
        "length": 0,
        "consumers": 0,
        "waiting": None,
        "problem": "what Redis keeps as gpu is no list",
    }
    assert found["children"]["length"] == 1
    assert found["children"]["problem"] is None
    scraped = requests.get(f"{web.address}/metrics", timeout=PATIENCE).text
    assert 'inception_queue_length{queue="children"} 1.0' in scraped
    assert 'inception_queue_length{queue="gpu"}' not in scraped


def test_the_command_line_says_so_too(
    store: Store, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    send_child(store, redis_url, "gpu")
    said = CliRunner().invoke(workers, []).output
    assert "queue\tgpu\t\t1 waiting\tno worker consumes queue gpu" in said


def test_queues_used_longest_ago_are_forgotten_beyond_the_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(store)
    names = [f"queue{number}" for number in range(1_100)]
    for first in range(0, len(names), 100):
        steps = [
            replace(step(str(first + n)), queue=name)
            for n, name in enumerate(names[first : first + 100])
        ]
        store.spawn(held.lease, held.next_op(), steps)
    kept = store.read_queues()
    assert len(kept) == 1_000
    assert names[-1] in kept
    assert names[0] not in kept
