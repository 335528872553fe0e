"""Ended runs are deleted when they are older, or more, than the settings keep; no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inception.runs import keys
from inception.runs.connection import connect
from inception.runs.model import State
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching import retention
from inception.watching.retention import EVERY_MS, Retention
from tests.integration.webapp.owner import Owner

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with connect(redis_url, purpose="test") as client:
        yield Store(client)


@pytest.fixture
def owner(store: Store) -> Owner:
    return Owner(store)


def ended(owner: Owner, number: int) -> list[str]:
    runs = [owner.begin() for _ in range(number)]
    for run in runs:
        run.end()
    return [run.id for run in runs]


def now_of(store: Store) -> int:
    return int(store._client.time()[0]) * 1000  # type: ignore[index]


def test_runs_beyond_the_number_that_is_kept_go_oldest_first(store: Store, owner: Owner) -> None:
    ids = ended(owner, 3)
    agent = Retention(store, Settings(retention_runs=2))
    assert agent.tick(now_of(store)) == 1
    assert [store.run_exists(run_id) for run_id in sorted(ids, key=ids.index)].count(True) == 2


def test_runs_of_long_ago_go_and_those_that_go_on_stay(store: Store, owner: Owner) -> None:
    [old] = ended(owner, 1)
    going_on = owner.begin().id
    agent = Retention(store, Settings(retention_days=30))
    assert agent.tick(now_of(store)) == 0
    assert store.run_exists(old)
    assert agent.tick(now_of(store) + 31 * DAY_MS) == 1
    assert not store.run_exists(old)
    assert store.run_exists(going_on)


def test_a_run_that_took_longer_than_runs_are_kept_is_kept_as_long_as_any(
    store: Store, owner: Owner
) -> None:
    """It was created 31 days ago, and its end is what somebody has waited for since."""
    [run_id] = ended(owner, 1)
    now = now_of(store)
    store._client.zadd(keys.runs_in(State.SUCCESS), {run_id: now - 31 * DAY_MS})
    agent = Retention(store, Settings(retention_days=30))
    assert agent.tick(now) == 0
    assert store.run_exists(run_id)
    assert agent.tick(now + 31 * DAY_MS) == 1


def test_it_looks_once_a_minute_and_deletes_so_many_at_a_time(
    store: Store, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_A_LOOK", 2)
    ended(owner, 5)
    agent, now = Retention(store, Settings(retention_runs=1)), now_of(store)
    assert agent.tick(now) == 2
    assert agent.tick(now + EVERY_MS - 1) == 0
    assert agent.tick(now + EVERY_MS) == 2
    assert agent.tick(now + 2 * EVERY_MS) == 0
