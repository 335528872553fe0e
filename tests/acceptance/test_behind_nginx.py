"""Several web processes behind nginx with TLS, as docs/deployment says: websockets and REST."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest
import requests
import socketio
from inception_client import Client, Refused, WrongServer, aio, connect

from tests.acceptance.authority import Authority
from tests.acceptance.conftest import Stack, free_port
from tests.acceptance.nginx import Nginx, find_nginx
from tests.documents import CHECKOUT
from tests.running import eventually
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account, UsersFile

COUNT = "tasks.examples.counting.count_twice"
KWARGS = '{"limit": 2, "delay": 0.01}'
WITHIN = 60
"""Seconds (s) for what takes one or two."""

pytestmark = pytest.mark.timeout(180)


class WebProcess:
    """One `python wsgi.py` behind the proxy."""

    def __init__(self, redis_url: str, users: Path) -> None:
        self.port = free_port()
        self._environ = {
            "REDIS_URL": redis_url,
            "INCEPTION_PORT": str(self.port),
            "INCEPTION_USERS": str(users),
            "INCEPTION_TRUSTED_PROXIES": "1",
        }
        self.start()

    def start(self) -> None:
        """Start it, again if it was killed."""
        self._process = subprocess.Popen(
            [sys.executable, "wsgi.py"], cwd=CHECKOUT, env={**os.environ, **self._environ}
        )

    def answers(self) -> bool:
        """Say whether it serves."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).ok
        except requests.ConnectionError:
            return False

    def sockets(self, token: str) -> int:
        """How many sockets it carries, by its own metrics."""
        text = requests.get(
            f"http://127.0.0.1:{self.port}/metrics",
            headers={"Authorization": f"Bearer {token}"},
            timeout=5,
        ).text
        line = next(line for line in text.splitlines() if line.startswith("inception_sockets "))
        return int(float(line.split()[1]))

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(10)


class Site:
    """What a user of the site is given: its address, its certificate, a token."""

    def __init__(self, stack: Stack, webs: tuple[WebProcess, WebProcess], nginx: Nginx) -> None:
        self.webs = webs
        self.nginx = nginx
        self.url = nginx.url
        self.token = make_token(stack.redis_url)

    def session(self) -> requests.Session:
        """A session that trusts the site's certificate and signs in by the token."""
        session = self.stranger()
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    def stranger(self) -> requests.Session:
        """A session that trusts the site's certificate."""
        session = requests.Session()
        session.trust_env = False  # else REQUESTS_CA_BUNDLE is trusted instead
        session.verify = str(self.nginx.certificate)
        return session

    def socket(self, transports: list[str]) -> socketio.Client:
        """A connected socket."""
        client = socketio.Client(http_session=self.session(), reconnection_delay=0.1)
        client.connect(
            self.url, transports=transports, auth={"token": self.token}, wait_timeout=WITHIN
        )
        return client


def make_token(redis_url: str) -> str:
    """A token of an operator, as the command line gives one."""
    command = [sys.executable, "-m", "webapp.cli", "tokens", "add", "test", "--role", "operator"]
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def site(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    binary = find_nginx()
    if binary is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not here: apt-get install nginx-light openssl")
    folder = tmp_path_factory.mktemp("site")
    users = UsersFile(folder / "users")
    users.add(Account(name="ann", role=Role.ADMIN, hash=hash_password("a long password")))
    with ExitStack() as ends:
        webs = (
            WebProcess(stack.redis_url, folder / "users"),
            WebProcess(stack.redis_url, folder / "users"),
        )
        for web in webs:
            ends.callback(web.kill)
        for web in webs:
            eventually(web.answers, WITHIN, "a web process that answers")
        ports = (webs[0].port, webs[1].port)
        nginx = Nginx(binary, folder / "nginx", free_port(), ports)
        ends.callback(nginx.stop)
        site = Site(stack, webs, nginx)
        eventually(lambda: answers(site), WITHIN, "nginx that answers")
        yield site


def answers(site: Site) -> bool:
    """Say whether the site is there."""
    try:
        return site.session().get(f"{site.url}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def start(site: Site, **kwargs: object) -> str:
    """Start a run over REST."""
    answer = site.session().post(
        f"{site.url}/api/v1/runs", json={"name": COUNT, "kwargs": kwargs}, timeout=10
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Follower:
    """A socket that watches a run until its end."""

    def __init__(self, socket: socketio.Client, run_id: str) -> None:
        self.ended = threading.Event()
        self._socket = socket
        socket.on("events", self._on_events)
        socket.on("connect", lambda: self._watch(run_id))
        self._watch(run_id)

    def _watch(self, run_id: str) -> None:
        # Not `call`: the library gives a connection up whose handler takes longer than a second.
        self._socket.emit("watch", {"run_id": run_id}, callback=self._on_answer)

    def _on_answer(self, answer: dict[str, dict[str, object]]) -> None:
        self._look([answer["snapshot"]])

    def _on_events(self, batch: dict[str, list[dict[str, object]]]) -> None:
        self._look(batch["events"])

    def _look(self, records: list[dict[str, object]]) -> None:
        if any(one["run"]["state"] == "SUCCESS" for one in records if "run" in one):  # type: ignore[index]
            self.ended.set()


def test_websockets_are_carried_by_both_processes_and_outlive_one(site: Site) -> None:
    run_id = start(site, limit=30, delay=0.1)
    with ExitStack() as ends:
        followers = []
        for _ in range(4):
            socket = site.socket(["websocket"])
            ends.callback(socket.disconnect)
            followers.append(Follower(socket, run_id))
        assert [web.sockets(site.token) for web in site.webs] == [2, 2]

        site.webs[0].kill()

        assert all(follower.ended.wait(WITHIN) for follower in followers)
        assert site.webs[1].sockets(site.token) == 4
    assert site.nginx.complaints() == []


def test_long_polling_comes_back_to_the_process_it_began_with(site: Site) -> None:
    run_id = start(site, limit=3, delay=0.1)
    socket = site.socket(["polling"])
    assert Follower(socket, run_id).ended.wait(WITHIN)
    socket.disconnect()


def test_a_browser_signs_in_over_tls_and_its_cookie_is_secure(site: Site) -> None:
    session = site.stranger()
    answer = session.post(
        f"{site.url}/signin",
        data={"name": "ann", "password": "a long password"},
        headers={"Origin": site.url},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 302
    assert [cookie.secure for cookie in session.cookies] == [True]
    assert session.get(f"{site.url}/workers", timeout=10).ok


def test_clients_trust_the_authority_that_they_are_told_and_no_other(
    site: Site, tmp_path: Path
) -> None:
    trusting = site.stranger()
    with connect(site.url, site.token, session=trusting) as client:
        assert client.start(COUNT, limit=2, delay=0.01).value == 2

    distrusting = site.stranger()
    distrusting.verify = str(Authority(tmp_path / "other").certificate)
    with connect(site.url, site.token, session=distrusting) as client:
        with pytest.raises(WrongServer, match="certificate"):
            client.parents()
        with pytest.raises(WrongServer, match="certificate"):
            client.run("any").wait(WITHIN)


def test_a_token_that_is_none_is_refused_at_once(site: Site) -> None:
    with connect(site.url, "no-such-token", session=site.stranger()) as client:
        with pytest.raises(Refused, match="unauthorized"):
            client.parents()
        with pytest.raises(Refused, match="unauthorized"):
            client.run("any").wait(WITHIN)


def test_asyncio_clients_do_so_too(site: Site, tmp_path: Path) -> None:
    async def value(authority: Path) -> object:
        trust = ssl.create_default_context(cafile=authority)
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session,
            aio.connect(site.url, site.token, session=session) as client,
        ):
            run = await client.start(COUNT, limit=2, delay=0.01)
            await run.wait(WITHIN)
            return run.value

    assert asyncio.run(value(site.nginx.certificate)) == 2
    with pytest.raises(WrongServer, match="certificate"):
        asyncio.run(value(Authority(tmp_path / "other").certificate))


@pytest.mark.parametrize("is_trusted", [True, False])
def test_programs_in_node_do_so_too(site: Site, tmp_path: Path, is_trusted: bool) -> None:
    authority = site.nginx.certificate if is_trusted else Authority(tmp_path / "o").certificate
    done = subprocess.run(
        [sys.executable, "-m", "tools.node", "docs/clients/watch.mjs", "start", COUNT, KWARGS],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "INCEPTION_URL": site.url,
            "INCEPTION_TOKEN": site.token,
            "NODE_EXTRA_CA_CERTS": str(authority),
        },
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == (0 if is_trusted else 2), done.stderr
    assert ("certificate" in done.stderr) is not is_trusted


def test_clients_wait_for_a_site_whose_processes_all_start_again(site: Site) -> None:
    with connect(site.url, site.token, session=site.stranger()) as client:
        run = client.start(COUNT, limit=20, delay=0.1)
        events = iter(run)
        next(events)
        for web in site.webs:
            web.kill()
        assert requests.get(site.url, verify=site.nginx.certificate, timeout=5).status_code == 502
        with ThreadPoolExecutor() as beside:
            listed = beside.submit(lambda: list(another_client(site).runs(name=COUNT)))
            for web in site.webs:
                web.start()
            assert list(events)[-1].state == "SUCCESS"
            assert run.id in {each["id"] for each in listed.result(WITHIN)}


def another_client(site: Site) -> Client:
    return connect(site.url, site.token, session=site.stranger())
