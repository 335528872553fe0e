"""What Prometheus scrapes: runs, processes, queues, and what the relay has sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from inception.runs.model import State
from inception.runs.records import Beat, BeatKind
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE, Client
from tests.integration.webapp.owner import NAME, Owner
from tests.integration.webapp.web import Web
from tests.private_redis import PrivateRedis
from tests.running import eventually
from webapp.metrics import ended_runs, readings


@pytest.fixture(autouse=True)
def read_at_every_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees what it has just done."""
    monkeypatch.setattr(readings, "KEPT", 0.0)


def scrape(web: Web) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    answer = requests.get(f"{web.address}/metrics", timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(web: Web, name: str, **labels: str) -> float | None:
    """One sample, or None."""
    return scrape(web).get((name, frozenset(labels.items())))


def beat(store: Store, kind: BeatKind, *, stopping: bool = False) -> None:
    """A process says that it lives."""
    store.beat(
        Beat(
            process=f"host:{kind}:1",
            kind=kind,
            host="host",
            pid=1,
            name=kind,
            slots=4,
            queues=["children"],
            running=[("r", "0", 1)],
            stopping=stopping,
            counter=1,
        )
    )


def test_runs_are_counted_by_state_and_those_that_go_on_by_parent(web: Web, owner: Owner) -> None:
    owner.create()
    owner.begin(owner.create(name="tasks.other"))

    samples = scrape(web)

    assert samples["inception_runs", frozenset({("state", "PENDING")})] == 1
    assert samples["inception_runs", frozenset({("state", "STARTED")})] == 1
    assert samples["inception_runs", frozenset({("state", "SUCCESS")})] == 0
    labels = frozenset({("state", "STARTED"), ("parent", "tasks.other")})
    assert samples["inception_runs_active", labels] == 1


def test_a_run_that_ends_after_the_first_scrape_is_counted_with_its_duration(
    web: Web, owner: Owner
) -> None:
    scrape(web)
    run = owner.begin()
    run.end(State.FAILURE)

    labels = {"state": "FAILURE", "parent": NAME}
    eventually(
        lambda: value(web, "inception_runs_ended_total", **labels) == 1, PATIENCE, "the run's end"
    )
    assert value(web, "inception_run_duration_seconds_count", **labels) == 1


def test_an_argument_that_looks_like_a_final_state_ends_nothing(web: Web) -> None:
    ended = ended_runs.EndedRuns(registry := CollectorRegistry())
    ended.hear('{"kwargs":{"state":"SUCCESS"},"state":"STARTED","name":"n"}')
    assert (
        registry.get_sample_value("inception_runs_ended_total", {"state": "SUCCESS", "parent": "n"})
        is None
    )


def test_names_beyond_the_bound_share_one_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_runs, "MAX_NAMES", 2)
    ended = ended_runs.EndedRuns(CollectorRegistry())
    assert [ended.name_of(name) for name in ("a", "b", "c", "a")] == ["a", "b", "(other)", "a"]


def test_processes_slots_and_queues_are_shown(web: Web, store: Store) -> None:
    beat(store, "compute")

    samples = scrape(web)

    compute, children = frozenset({("kind", "compute")}), frozenset({("queue", "children")})
    assert samples["inception_processes", compute] == 1
    assert samples["inception_processes", frozenset({("kind", "watcher")})] == 0
    assert samples["inception_slots", compute] == 4
    assert samples["inception_slots_busy", compute] == 1
    assert samples["inception_beat_age_seconds", compute] < 15
    assert samples["inception_queue_consumers", children] == 1
    assert samples["inception_queue_length", children] == 0


def test_a_worker_that_is_stopping_makes_nothing_ready(web: Web, store: Store) -> None:
    beat(store, "watcher")
    beat(store, "compute", stopping=True)
    answer = requests.get(f"{web.address}/readyz", timeout=PATIENCE)
    assert answer.status_code == 503
    assert "compute" in answer.json()["error"]["missing"]
    assert "watchers" not in answer.json()["error"]["missing"]


def test_what_the_relay_sent_and_left_out_adds_up_to_what_happened(
    web: Web, owner: Owner, open_client: Callable[[], Client]
) -> None:
    run, client = owner.begin(), open_client()
    began = client.ask("watch", {"run_id": run.id})["snapshot"]["seq"]
    run.spawn("0")
    last = [run.progress("0", number) for number in range(50)][-1]
    client.wait_for_seq(last)

    def sent() -> float:
        found = scrape(web)
        names = ("inception_relay_events_total", "inception_relay_conflated_total")
        return sum(found[name, frozenset()] for name in names)

    eventually(lambda: sent() == last - began, PATIENCE, "every change counted")
    batches = value(web, "inception_relay_batches_total")
    assert batches == value(web, "inception_relay_deliveries_total")
    assert value(web, "inception_relay_lag_seconds_count") == batches
    assert (value(web, "inception_relay_conflated_total") or 0) > 0
    assert value(web, "inception_sockets") == 1


def test_a_scrape_is_answered_while_redis_is_away(own_redis: PrivateRedis) -> None:
    web = Web(own_redis.url)
    try:
        assert value(web, "inception_redis_up") == 1
        own_redis.kill()
        samples = scrape(web)
        assert samples["inception_redis_up", frozenset()] == 0
        assert ("inception_queue_length", frozenset()) not in samples
        assert samples["inception_sockets", frozenset()] == 0
    finally:
        web.stop()


@pytest.mark.parametrize("trouble", ["kill", "freeze"])
def test_the_first_scrape_too_waits_for_no_redis(own_redis: PrivateRedis, trouble: str) -> None:
    """Nor does the next one. Less than what an answer of Redis is waited for, which is 5 s."""
    web = Web(own_redis.url)
    getattr(own_redis, trouble)()
    try:
        for _ in range(2):
            answer = requests.get(f"{web.address}/metrics", timeout=4)
            assert "\ninception_redis_up 0.0\n" in answer.text
            assert "\ninception_sockets 0.0\n" in answer.text
        if trouble == "freeze":
            own_redis.thaw()
            eventually(lambda: value(web, "inception_redis_up") == 1, PATIENCE, "Redis")
    finally:
        web.stop()


def test_two_scrapes_in_a_row_read_redis_once(
    redis_url: str, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "KEPT", 3600.0)
    web = Web(redis_url)
    try:
        before = value(web, "inception_runs", state="PENDING")
        owner.create()
        assert value(web, "inception_runs", state="PENDING") == before == 0
    finally:
        web.stop()


def test_what_ever_happened_is_counted_in_redis(web: Web, owner: Owner, store: Store) -> None:
    run = owner.begin()
    run.spawn("0", "1")
    assert store.claim_run(run.id, owner="next", token="t", from_owner="owner", rescue=True)
    beat(store, "compute")

    samples = {name: found for (name, labels), found in scrape(web).items() if not labels}

    assert samples["inception_runs_started_total"] == 1
    assert samples["inception_steps_total"] == 2
    assert samples["inception_rescues_total"] == 1
    assert samples["inception_beats_total"] == 1
    assert samples["inception_losses_total"] == 0
    assert samples["inception_events_total"] == store.read_run(run.id)["seq"]
