"""A store on a real Redis, and a run that its tests can drive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.integration.runs.held_run import HeldRun, hold


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url, purpose="test") as client:
        yield client


@pytest.fixture
def store(client: redis.Redis) -> Store:
    return Store(client)


@pytest.fixture
def held(store: Store) -> HeldRun:
    """A run that was created and claimed."""
    return hold(store)
