"""`/readyz` finds workers that live, beat, and take nothing."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from celery import Celery

from inception.runs.celery_app import create_client
from inception.runs.settings import Settings
from tests.acceptance.conftest import Stack, StartApplication
from tests.running import eventually

WITHIN = 30
"""Seconds (s) for what a test waits for."""


def missing(stack: Stack) -> list[str]:
    """What /readyz misses; nothing when it answers 200."""
    answer = requests.get(f"{stack.url}/readyz", timeout=10)
    if answer.status_code == 200:
        return []
    assert answer.json()["error"]["code"] == "not_ready"
    named: list[str] = answer.json()["error"]["missing"]
    return named


def control_of(stack: Stack) -> Any:
    app: Celery = create_client(Settings(redis_url=stack.redis_url))
    return app.control


@pytest.mark.timeout(150)
def test_workers_that_beat_and_consume_nothing_are_missing(own_stack: StartApplication) -> None:
    stack = own_stack(INCEPTION_HEARTBEAT_TTL="2")
    control = control_of(stack)
    assert missing(stack) == []
    nodes = {
        queues[0]["name"]: [node] for node, queues in control.inspect().active_queues().items()
    }
    for queue, kind in (("children", "compute"), ("parents", "watchers")):
        control.cancel_consumer(queue, destination=nodes[queue])
        eventually(lambda kind=kind: missing(stack) == [kind], WITHIN, f"{kind} are missing")
        control.add_consumer(queue, destination=nodes[queue])
        eventually(lambda: missing(stack) == [], WITHIN, f"{kind} are back")

    held = {"seconds": 20.0}
    control.broadcast("hold_consumer", arguments=held, destination=nodes["children"])
    eventually(lambda: missing(stack) == ["compute"], WITHIN, "the stuck loop is noticed")
    workers = requests.get(f"{stack.url}/api/v1/workers", timeout=10).json()
    beat = workers["compute"][0]["seen_at"]
    eventually(lambda: seen_at(stack) > beat, WITHIN, "it beats all the same")
    eventually(lambda: missing(stack) == [], WITHIN, "the loop turns again")


def seen_at(stack: Stack) -> int:
    workers = requests.get(f"{stack.url}/api/v1/workers", timeout=10).json()
    return int(workers["compute"][0]["seen_at"])
