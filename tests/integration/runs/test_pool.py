"""A pool hands out connections that stand, each to one caller, however they came to be closed."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import redis

from inception.runs.connection import connect

THREADS = "import inception.runs.connection as c"
GREEN = f"import eventlet; eventlet.monkey_patch(); {THREADS}"

CLOSED = """
import sys, redis
client = c.connect(sys.argv[1], purpose="closed")
other = redis.Redis.from_url(sys.argv[1])
first = client.client_id()
assert client.client_id() == first, "the same connection serves again"
assert other.client_kill_filter(_id=first) == 1
second = client.client_id()
assert second != first, "and another one once that was closed"
other.client_kill_filter(_id=second)
print("ok" if client.ping() else "no")
"""


@pytest.mark.parametrize("kind", [THREADS, GREEN], ids=["threads", "eventlet"])
def test_a_connection_that_redis_has_closed_is_made_anew_before_it_is_used(
    redis_url: str, kind: str
) -> None:
    """Nothing is repeated by the client, so that a command on it would fail."""
    script = f"{kind}\n{CLOSED}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, redis_url],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "ok", done.stderr


def test_no_more_connections_are_made_than_it_may_and_a_caller_waits(redis_url: str) -> None:
    client = connect(redis_url, purpose="two", size=2)
    ids: list[int] = []
    held = [client.connection_pool.get_connection() for _ in range(2)]
    waiter = threading.Thread(target=lambda: ids.append(client.client_id()), daemon=True)
    waiter.start()
    waiter.join(0.1)
    assert ids == []
    client.connection_pool.release(held[0])
    waiter.join(5)
    assert len(ids) == 1
    client.connection_pool.release(held[1])


def test_who_waits_too_long_is_told_that_none_is_free(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(redis_url, purpose="one", size=1)
    monkeypatch.setattr(client.connection_pool, "timeout", 0.05)
    held = client.connection_pool.get_connection()
    with pytest.raises(redis.ConnectionError, match="No connection available"):
        client.ping()
    client.connection_pool.release(held)
    assert client.ping()


def test_an_answer_that_nobody_took_is_nobody_elses(redis_url: str) -> None:
    client = connect(redis_url, purpose="desynchronised", size=1)
    connection = client.connection_pool.get_connection()
    connection.send_command("ECHO", "not yours")
    connection._sock.recv(1)  # it has come, all but its first byte is still there
    client.connection_pool.release(connection)
    assert client.echo("mine") == "mine"
