"""`/readyz` asks the relay for proof, and counts no process that beats and takes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from inception.runs.connection import connect
from inception.runs.records import Beat
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.stalling import StallingProxy
from tests.integration.webapp.web import Web
from tests.running import eventually
from webapp.relay import round_trip


@pytest.fixture
def proxy(redis_url: str) -> Iterator[StallingProxy]:
    """Redis, whose answers to the relay's own connection can be held back."""
    proxy = StallingProxy(redis_url, b"inception-relay")
    yield proxy
    proxy.close()


def missing(web: Web) -> list[str]:
    answer = requests.get(f"{web.address}/readyz", timeout=PATIENCE)
    assert answer.status_code == 503
    named: list[str] = answer.json()["error"]["missing"]
    return named


def wait_until_it_relays(web: Web) -> None:
    eventually(lambda: "relay" not in missing(web), PATIENCE, "the relay is proven")


def beat(**more: Any) -> Beat:
    said = {
        "process": "h:one:1",
        "kind": "compute",
        "host": "h",
        "pid": 1,
        "name": "one",
        "slots": 2,
        "queues": ("children",),
        "running": [],
        "stopping": False,
        "counter": 1,
        **more,
    }
    return Beat(**said)


def test_a_relay_whose_connection_is_stalled_is_missing_at_once(proxy: StallingProxy) -> None:
    web = Web(proxy.url)
    try:
        wait_until_it_relays(web)
        proxy.stall()
        eventually(lambda: "relay" in missing(web), PATIENCE, "the stalled relay is noticed")
        assert web.services.relay.is_hearing  # it was heard lately: that alone proves nothing
        proxy.flow()
        wait_until_it_relays(web)
    finally:
        web.stop()


@pytest.mark.parametrize("step", ["flush", "read"])
def test_a_relay_with_a_stuck_thread_is_missing(
    web: Web, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until_it_relays(web)
    stuck, go_on = threading.Event(), threading.Event()

    def hold(*_now: float) -> None:
        stuck.set()
        go_on.wait(PATIENCE)

    monkeypatch.setattr(web.services.relay.lists, step, hold)
    eventually(lambda: "relay" in missing(web), PATIENCE, "the stuck thread is noticed")
    assert stuck.is_set()
    go_on.set()
    wait_until_it_relays(web)


def test_a_relay_that_is_asked_by_many_sends_few_words(web: Web, redis_url: str) -> None:
    wait_until_it_relays(web)
    with connect(redis_url, purpose="test") as client:
        before = client.info("commandstats")["cmdstat_publish"]["calls"]
        began = time.monotonic()
        for _ in range(30):
            missing(web)
        lasted = time.monotonic() - began
        after = client.info("commandstats")["cmdstat_publish"]["calls"]
    assert after - before <= 1 + lasted / round_trip.HOLDS_FOR


def test_nobody_counts_who_beats_and_consumes_nothing(web: Web, store: Store) -> None:
    store.beat(beat())
    assert web.services.fleet.alive("compute") == 1
    store.beat(beat(queues=(), counter=2))
    assert web.services.fleet.alive("compute") == 0


def test_a_worker_counts_whose_slots_are_all_busy(web: Web, store: Store) -> None:
    """Its beat is fresh: that it takes nothing more is what it is there for."""
    store.beat(beat(slots=2, running=[("a", "0", 1), ("a", "1", 1)]))
    assert web.services.fleet.alive("compute") == 1
