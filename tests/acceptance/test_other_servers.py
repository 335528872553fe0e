"""Redis over TLS with a password, and RabbitMQ as the broker: whole applications on each.

Both are servers of the machine, and a test is skipped where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import Stack, StartApplication, free_port
from tests.acceptance.viewer import Viewer
from tests.private_redis import PrivateRedis
from tests.running import eventually

PASSWORD = "secret%20word"
"""As it is written in an address."""
WITHIN = 60
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

pytestmark = pytest.mark.timeout(240)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 that is its own authority."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


@pytest.fixture
def tls_url(tmp_path: Path) -> Iterator[str]:
    """The address of a server that speaks TLS alone, and wants a password."""
    binary = shutil.which("redis-server")
    if binary is None or shutil.which("openssl") is None:
        pytest.skip("redis-server or openssl is not here; the embedded server has no TLS")
    key, certificate = make_certificate(tmp_path)
    port = free_port()
    command = [
        *(binary, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
        *("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no"),
        *("--requirepass", "secret word", "--dir", str(tmp_path), "--save", ""),
        *("--logfile", str(tmp_path / "redis.log")),
    ]
    server = subprocess.Popen(command)
    options = f"ssl_cert_reqs=required&ssl_ca_certs={certificate}"
    url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0?{options}"
    eventually(lambda: pings(url), WITHIN, "Redis over TLS")
    yield url
    server.terminate()
    server.wait(10)


def pings(url: str) -> bool:
    """Say whether a server answers there."""
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def run_and_revoke(stack: Stack) -> None:
    """A run that succeeds, its children nested, and one that is stopped while it goes on."""
    viewer = Viewer(stack.url)
    try:
        run_id = viewer.start("tasks.examples.nesting.nest", depth=2, width=2, delay=0.01)
        assert viewer.wait_for_end(run_id, WITHIN).run["state"] == "SUCCESS"
        stopped = viewer.start("tasks.examples.counting.count_twice", limit=600, delay=0.1)
        viewer.wait(stopped, lambda seen: "0" in seen.nodes, WITHIN, "its child")
        viewer.revoke(stopped)
        assert viewer.wait_for_end(stopped, WITHIN).run["state"] == "REVOKED"
    finally:
        viewer.close()


def test_everything_works_over_tls_with_a_password(
    tls_url: str, own_stack: StartApplication
) -> None:
    run_and_revoke(own_stack(REDIS_URL=tls_url))


@pytest.fixture
def broker_url(tmp_path: Path) -> Iterator[str]:
    """The address of a RabbitMQ node of this test's own."""
    if not RABBITMQ.exists():
        pytest.skip(f"{RABBITMQ} is not here: apt-get install rabbitmq-server")
    port, names_port = free_port(), str(free_port())
    (tmp_path / "rabbitmq.conf").write_text("loopback_users = none\n")
    (tmp_path / "plugins").write_text("[].\n")
    node = subprocess.Popen(
        [str(RABBITMQ)],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "ERL_EPMD_PORT": names_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"inception{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(tmp_path / "mnesia"),
            "RABBITMQ_LOG_BASE": str(tmp_path / "log"),
            "RABBITMQ_PID_FILE": str(tmp_path / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(tmp_path / "rabbitmq.conf"),
        },
        stdout=(tmp_path / "rabbitmq.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    said = tmp_path / "rabbitmq.log"
    try:
        eventually(lambda: b"completed with" in said.read_bytes(), 2 * WITHIN, "RabbitMQ")
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        node.terminate()
        node.wait(30)
        # Erlang's name server outlives the node that started it.
        subprocess.run(["epmd", "-port", names_port, "-kill"], capture_output=True, check=False)


def test_messages_go_through_rabbitmq_and_runs_are_kept_in_redis(
    broker_url: str, own_redis: PrivateRedis, own_stack: StartApplication
) -> None:
    stack = own_stack(REDIS_URL=own_redis.url, INCEPTION_BROKER_URL=broker_url)
    run_and_revoke(stack)
    with redis.Redis.from_url(own_redis.url, decode_responses=True) as client:
        assert [key for key in client.keys("*") if "kombu" in key or key == "children"] == []
