"""A web of our own on a private Redis, clients that look at it, and an owner that moves runs."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.integration.webapp import serving
from tests.integration.webapp.clients import Client
from tests.integration.webapp.guarded import Browser, GuardedWeb
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.rest import COUNT_TWICE, Rest
from tests.integration.webapp.serving import Serve
from tests.integration.webapp.web import Web


@pytest.fixture
def web(redis_url: str) -> Iterator[Web]:
    """A web in threading mode on an empty Redis."""
    web = Web(redis_url)
    yield web
    web.stop()


@pytest.fixture
def guarded(redis_url: str, tmp_path: Path) -> Iterator[GuardedWeb]:
    """The same with users."""
    web = GuardedWeb(redis_url, tmp_path)
    yield web
    web.stop()


@pytest.fixture
def visitor(guarded: GuardedWeb) -> Browser:
    """A browser in which nobody has signed in."""
    return Browser(guarded.address)


@pytest.fixture
def store(redis_url: str) -> Store:
    """The store as a watcher sees it."""
    return Store(connect(redis_url, purpose="test"))


@pytest.fixture
def rest(web: Web, store: Store) -> Rest:
    """The REST interface of a web that knows one parent."""
    store.write_catalogue([COUNT_TWICE])
    return Rest(web.address)


@pytest.fixture
def owner(store: Store) -> Owner:
    """Somebody who holds runs and writes to them."""
    return Owner(store)


@pytest.fixture
def open_client(web: Web) -> Iterator[Callable[[], Client]]:
    """Opens one more client of the web each time it is called."""
    opened: list[Client] = []

    def open_one() -> Client:
        opened.append(Client(web.address))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def serve(redis_url: str, port: int) -> Iterator[Serve]:
    """Starts wsgi.py with settings of its own."""
    started: list[subprocess.Popen[str]] = []

    def start_one(
        files: int | None = None, first: str | None = None, **settings: str
    ) -> subprocess.Popen[str]:
        own = {"REDIS_URL": redis_url, "INCEPTION_PORT": str(port), **settings}
        started.append(serving.start(files, first, **own))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()
