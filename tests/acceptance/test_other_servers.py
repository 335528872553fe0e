"""Redis over TLS and on a socket, its users, and RabbitMQ as the broker: applications on each.

Both are servers of the machine, and a test is skipped where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
import requests

from tests.acceptance.authority import Authority
from tests.acceptance.conftest import (
    CHECKOUT,
    ODD_TASKS,
    SUPERVISOR,
    Stack,
    StartApplication,
    free_port,
)
from tests.acceptance.viewer import Viewer
from tests.private_redis import PrivateRedis
from tests.running import eventually
from webapp.supervisor.redis_server import find_binary

PASSWORD = "secret!word/50%"
"""An address can't hold it as it is."""
SECRET = quote(PASSWORD, safe="")
RIGHTS = "~* &* +@all -@dangerous +info"
"""What a user of Redis needs; no more is given here."""
DEPLOYMENT = CHECKOUT / "docs/deployment/index.md"
WITHIN = 60
NOBODYS = "nobody-is-here"
"""The queue of a task of the tests, which no worker consumes."""
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

pytestmark = pytest.mark.timeout(240)


class Server:
    """A server of this test's own, with a user who may do what the documentation says."""

    def __init__(self, binary: str, folder: Path, *options: str) -> None:
        folder.mkdir()
        users = f"user default on >{PASSWORD} ~* &* +@all\nuser inception on >{PASSWORD} {RIGHTS}\n"
        (folder / "users.acl").write_text(users)
        self._process = subprocess.Popen(
            [
                *(binary, "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
                *("--aclfile", str(folder / "users.acl"), "--appendonly", "yes", *options),
            ],
            stdout=(folder / "log").open("wb"),
        )

    def end(self) -> None:
        """Leave nothing behind."""
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Start a server: `start_server(binary, "--port", "1234")`."""
    servers: list[Server] = []

    def start(binary: str, *options: str) -> None:
        servers.append(Server(binary, tmp_path / f"server{len(servers)}", *options))

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who signs the server's certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: apt-get install openssl")
    return Authority(tmp_path / "authority")


@pytest.fixture
def tls_address(
    request: pytest.FixtureRequest, authority: Authority, start_server: Callable[..., None]
) -> str:
    """Host and port of a server that speaks TLS alone; whether clients have to show who they are.

    The parameter is Redis' `tls-auth-clients`: no unless it is given.
    """
    wanted = getattr(request, "param", "no")
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not here, and the embedded one has no TLS: apt-get install it")
    port, (key, certificate) = free_port(), authority.sign()
    start_server(
        *(binary, "--port", "0", "--tls-port", str(port), "--tls-auth-clients", wanted),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
        *("--tls-ca-cert-file", str(authority.certificate)),
    )
    trusting = f"?ssl_cert_reqs=required&ssl_ca_certs={authority.certificate}"
    url = f"rediss://:{SECRET}@127.0.0.1:{port}/0{trusting}"
    url += shown_by_clients(authority)
    eventually(lambda: pings(url), WITHIN, "Redis over TLS")
    return f"127.0.0.1:{port}"


def pings(url: str) -> bool:
    """Say whether a server answers there."""
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except (redis.ConnectionError, FileNotFoundError):
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


def queue_of(stack: Stack, name: str) -> dict[str, Any] | None:
    """What the web says of a queue, None while it lists none of that name or can't tell."""
    answer = requests.get(f"{stack.url}/api/v1/workers", timeout=WITHIN).json()
    told = (queue for queue in answer["queues"] if queue["problem"] is None)
    return next((queue for queue in told if queue["name"] == name), None)


def shown_by_clients(authority: Authority) -> str:
    """What an address says of the certificate that a client shows."""
    key, certificate = authority.sign("client")
    return f"&ssl_certfile={certificate}&ssl_keyfile={key}"


def refusal(url: str, state_dir: Path, **environ: str) -> str:
    """What the application says that doesn't start with this REDIS_URL."""
    done = subprocess.run(
        SUPERVISOR,
        cwd=CHECKOUT,
        env={
            **os.environ,
            "REDIS_URL": url,
            "INCEPTION_STATE_DIR": str(state_dir),
            "INCEPTION_PORT": str(free_port()),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.mark.parametrize("tls_address", ["no", "yes"], indirect=True)
def test_everything_works_over_tls_with_an_authority_of_its_own(
    tls_address: str,
    authority: Authority,
    own_stack: StartApplication,
    request: pytest.FixtureRequest,
) -> None:
    options = f"ssl_cert_reqs=required&ssl_ca_certs={authority.certificate}"
    if request.node.callspec.params["tls_address"] == "yes":
        options += shown_by_clients(authority)
    url = f"rediss://inception:{SECRET}@{tls_address}/0?{options}"
    run_and_revoke(own_stack(REDIS_URL=url))


def test_everything_works_over_tls_with_the_authorities_of_the_machine(
    tls_address: str, authority: Authority, own_stack: StartApplication
) -> None:
    url = f"rediss://:{SECRET}@{tls_address}/0?ssl_cert_reqs=required"
    run_and_revoke(own_stack(REDIS_URL=url, SSL_CERT_FILE=str(authority.certificate)))


def test_a_certificate_that_is_not_trusted_is_named_at_the_start(
    tls_address: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other").certificate
    options = f"ssl_cert_reqs=required&ssl_ca_certs={other}"
    said = refusal(f"rediss://:{SECRET}@{tls_address}/0?{options}", tmp_path / "state")
    assert "ssl_ca_certs" in said
    assert "certificate verify failed" in said


def test_a_socket_a_user_and_another_database_do_as_well(
    tmp_path: Path, start_server: Callable[..., None], own_stack: StartApplication
) -> None:
    place = tmp_path / "redis.sock"
    start_server(str(find_binary()), "--port", "0", "--unixsocket", str(place))
    url = f"unix://inception:{SECRET}@{place}?db=2"
    eventually(lambda: pings(url), WITHIN, "Redis on a socket")
    run_and_revoke(own_stack(REDIS_URL=url))
    with redis.Redis.from_url(url.replace("db=2", "db=0")) as client:
        assert client.dbsize() == 0


def test_a_password_or_a_user_that_is_wrong_is_named_at_the_start(
    tmp_path: Path, start_server: Callable[..., None]
) -> None:
    port = free_port()
    start_server(str(find_binary()), "--port", str(port))
    eventually(lambda: pings(f"redis://:{SECRET}@127.0.0.1:{port}"), WITHIN, "Redis")
    for credentials in (":wrong", "nobody:wrong", ""):
        at = f"{credentials}@" if credentials else ""
        said = refusal(f"redis://{at}127.0.0.1:{port}/0", tmp_path / "state")
        assert "the user or the password in it is not right" in said, credentials
        assert "wrong@" not in said


def test_the_rights_of_the_user_are_those_that_are_documented() -> None:
    assert f"ACL SETUSER inception on >PASSWORD {RIGHTS}" in DEPLOYMENT.read_text()


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


def test_what_waits_in_rabbitmq_is_told(
    broker_url: str, own_redis: PrivateRedis, own_stack: StartApplication
) -> None:
    stack = own_stack(REDIS_URL=own_redis.url, INCEPTION_BROKER_URL=broker_url)
    eventually(lambda: queue_of(stack, "children") is not None, WITHIN, "its queues")
    assert queue_of(stack, "children") == {
        "name": "children", "length": 0, "consumers": 1, "waiting": None, "problem": None,
    }  # fmt: skip
    viewer = Viewer(stack.url)
    try:
        viewer.start(f"{ODD_TASKS}.watch_one", child="never")
        eventually(lambda: queue_of(stack, NOBODYS) is not None, WITHIN, "what waits for nobody")
    finally:
        viewer.close()
    assert queue_of(stack, NOBODYS) == {
        "name": NOBODYS,
        "length": 1,
        "consumers": 0,
        "waiting": f"no worker consumes queue {NOBODYS}",
        "problem": None,
    }
