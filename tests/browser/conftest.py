"""A real Chromium in front of the whole application, started as `make run` starts it.

`INCEPTION_TEST_URL` names a dashboard that runs already; tests that kill its processes are skipped
then.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.browser.dashboard import Dashboard
from tests.browser.elsewhere import Shop
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.running import Application

CHECKOUT = Path(__file__).resolve().parents[2]
SUPERVISOR = (sys.executable, "-m", "webapp.supervisor")
PATIENCE = 10_000
"""Milliseconds (ms) an expectation may take: the machines of CI are slow."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, server_available: None) -> Iterator[Dashboard]:
    """The running application, shared by all tests. Its `url` ends without a slash."""
    if url := os.environ.get("INCEPTION_TEST_URL"):
        yield Dashboard(url.rstrip("/"), None)
        return
    with _started(tmp_path_factory.mktemp("shared") / "state") as dashboard:
        yield dashboard


@pytest.fixture
def empty_stack(tmp_path: Path, server_available: None) -> Iterator[Dashboard]:
    """An application that has just been started for the first time."""
    with _started(tmp_path / "state") as dashboard:
        yield dashboard


@pytest.fixture(autouse=True)
def _runs_of_a_try_before_are_gone(request: pytest.FixtureRequest) -> None:
    """A test that is tried again counts its runs by their label: those of its first try go."""
    if getattr(request.node, "execution_count", 1) > 1 and "stack" in request.fixturenames:
        request.getfixturevalue("stack").clear()


@contextmanager
def _started(state_dir: Path) -> Iterator[Dashboard]:
    settings = {
        "INCEPTION_PORT": str(free_port()),
        "INCEPTION_CONCURRENCY": "4",
        "INCEPTION_TASKS": "tests.browser.chatty",
        "REDIS_URL": "",
    }
    application = Application(SUPERVISOR, CHECKOUT, state_dir, settings)
    try:
        yield Dashboard(application.wait_until_ready().rstrip("/"), application)
    finally:
        application.end()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session. Debian's Chromium serves; Playwright's own need not be there."""
    if chromium_path() is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium found: install one, or name it with CHROMIUM=/path")
        pytest.skip("NO BROWSER WAS TESTED: no Chromium found; name one with CHROMIUM=/path")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def chromium_path() -> str | None:
    """Return where this machine has its browser."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """Start the browser."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=chromium_path(), args=["--disable-dev-shm-usage", *sandbox]
    )


class Viewer:
    """Opens pages and remembers what they complained about."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        self.contexts: list[BrowserContext] = []

    def open(self, path: str, **options: object) -> Page:
        """Open a page in a context of its own; options are those of a browser context."""
        context = self.browser.new_context(**{"base_url": self.url, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def unexpected(self) -> list[str]:
        """Return the complaints that the test did not announce in `expected`."""
        return [said for said in self.complaints if not any(word in said for word in self.expected)]

    def close(self) -> None:
        """Close every page."""
        for context in self.contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Somebody else's site."""
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def web(redis_url: str) -> Iterator[Web]:
    """A web process by itself: its runs are moved by whoever holds them in the test."""
    web = Web(redis_url)
    yield web
    web.stop()


@pytest.fixture
def owner(redis_url: str) -> Owner:
    """Whoever holds those runs."""
    return Owner(Store(connect(redis_url, purpose="test")))


@pytest.fixture
def address(stack: Dashboard) -> str:
    """Where `viewer` looks. Tests that want `web` instead have a fixture of this name."""
    return stack.url


@pytest.fixture
def viewer(chromium: Browser, address: str) -> Iterator[Viewer]:
    """A browser user. The test fails if a page wrote an error to its console."""
    viewer = Viewer(chromium, address)
    yield viewer
    viewer.close()
    assert viewer.unexpected() == []
