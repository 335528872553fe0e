"""A web of our own on a private Redis, clients that look at it, and an owner that moves runs."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from inception.runs.connection import connect
from inception.runs.settings import AsyncMode, Settings
from inception.runs.store import Store
from tests.integration.webapp import serving
from tests.integration.webapp.clients import Client
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.serving import Serve
from webapp.app import create_app
from webapp.services import Services


class Web:
    """A served app: its address and, for tests that look inside, its services."""

    def __init__(self, redis_url: str, users: Path | None = None, **more: Any) -> None:
        settings = Settings(
            redis_url=redis_url, async_mode=AsyncMode.THREADING, port=0, users=users, **more
        )
        self.app, self.sockets = create_app(settings)
        self.services: Services = self.app.extensions["inception"]
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.port: int = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"
        serve = lambda: self._server.serve_forever(poll_interval=0.02)  # noqa: E731
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.services.relay.stop()
        self.services.bulk.stop()
        self._server.shutdown()
        self._thread.join(5)


@pytest.fixture
def web(redis_url: str) -> Iterator[Web]:
    """A web in threading mode on an empty Redis."""
    web = Web(redis_url)
    yield web
    web.stop()


@pytest.fixture
def store(redis_url: str) -> Store:
    """The store as a watcher sees it."""
    return Store(connect(redis_url, purpose="test"))


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
