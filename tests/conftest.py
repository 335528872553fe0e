"""What every kind of test shares: a real Redis server, private to this test run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.private_redis import PrivateRedis
from webapp.supervisor.redis_server import RedisServerError, find_binary


def pytest_configure() -> None:
    """Hear signals also in the background of a shell, which has these ignored, by children too."""
    for signum, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, handler)


@pytest.fixture(scope="session")
def server_available() -> None:
    """Skip where there is no Redis server to start; in CI that is a failure."""
    try:
        find_binary()
    except RedisServerError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def private_redis(
    tmp_path_factory: pytest.TempPathFactory, server_available: None
) -> Iterator[PrivateRedis]:
    """One server for the whole session. Tests that kill or freeze it take `own_redis` instead."""
    server = PrivateRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(private_redis: PrivateRedis) -> str:
    """The address of an empty Redis."""
    private_redis.empty()
    return private_redis.url


@pytest.fixture
def own_redis(tmp_path: Path, server_available: None) -> Iterator[PrivateRedis]:
    """A server for one test alone, which may kill, freeze and start it again."""
    server = PrivateRedis(tmp_path / "redis")
    server.start()
    yield server
    server.end_if_running()
