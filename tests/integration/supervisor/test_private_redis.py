from __future__ import annotations

from pathlib import Path

import pytest
import redis

from tests.private_redis import PrivateRedis
from webapp.supervisor import redis_server


def test_what_was_written_survives_a_crash_of_the_server(own_redis: PrivateRedis) -> None:
    client = redis.Redis.from_url(own_redis.url)
    client.set("kept", "yes")
    own_redis.kill()
    own_redis.start()
    assert client.get("kept") == b"yes"


def test_the_server_refuses_clients_without_its_password(own_redis: PrivateRedis) -> None:
    address = own_redis.url.rpartition("@")[2]
    with (
        pytest.raises(redis.AuthenticationError),
        redis.Redis.from_url(f"redis://{address}") as client,
    ):
        client.ping()


def test_the_server_never_evicts_keys(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_server_that_ends_at_its_start_is_not_waited_for(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    with pytest.raises(redis_server.RedisServerError, match="ended at its start"):
        server.wait_until_ready(lambda: False)
