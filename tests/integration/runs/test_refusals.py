"""What the store says when Redis is away or refuses."""

from __future__ import annotations

import pytest

from inception.runs.connection import connect
from inception.runs.errors import StoreUnavailable
from inception.runs.model import State
from inception.runs.records import NewRun
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun, RedisClient, hold, lose_nothing
from tests.private_redis import PrivateRedis


def test_a_redis_that_is_away_is_unavailable_until_it_is_back(own_redis: PrivateRedis) -> None:
    with connect(own_redis.url, purpose="test") as client:
        lose_nothing(client)
        held = hold(Store(client))
        own_redis.kill()
        for call in (held.store.ping, lambda: held.spawn("0"), lambda: held.store.load_run(RUN)):
            with pytest.raises(StoreUnavailable):
                call()
        own_redis.start()
        held.spawn("0")
        assert held.state_of("0") == State.PENDING


def test_a_redis_without_memory_refuses_and_nothing_is_half_written(
    held: HeldRun, client: RedisClient
) -> None:
    before = held.store.load_run(RUN)
    client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(StoreUnavailable):
            held.spawn("0")
        with pytest.raises(StoreUnavailable):
            held.store.create_run(NewRun(id="other", name="tasks.outer", kwargs={}))
    finally:
        client.config_set("maxmemory", "0")
    assert held.store.load_run(RUN) == before
    assert not held.store.run_exists("other")


def test_an_answer_that_was_lost_is_asked_for_again(held: HeldRun, client: RedisClient) -> None:
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    held.spawn("0")
    assert held.store.read_run(RUN)["counts"] == {"PENDING": 1}


def test_scripts_that_redis_forgot_are_sent_again(held: HeldRun, client: RedisClient) -> None:
    client.script_flush()
    held.spawn("0")
    assert held.state_of("0") == State.PENDING
