"""A machine that sleeps for longer than the server waits for a ping."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.browser.conftest import Viewer
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.running import eventually

PING = 0.5
"""Seconds (s) between two pings, and for the answer to one."""


@pytest.fixture
def web(redis_url: str) -> Iterator[Web]:
    web = Web(redis_url)
    engine = web.sockets.server.eio
    engine.ping_interval = engine.ping_timeout = PING
    yield web
    web.stop()


@contextmanager
def asleep(browser: Browser) -> Iterator[None]:
    """All processes of the browser stand still, as on a laptop that was closed."""
    session = browser.new_browser_cdp_session()
    pids = [one["id"] for one in session.send("SystemInfo.getProcessInfo")["processInfo"]]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_page_that_slept_catches_up_without_a_reload(
    chromium: Browser, web: Web, redis_url: str
) -> None:
    run = Owner(Store(connect(redis_url, purpose="test"))).begin()
    run.spawn("0")
    viewer = Viewer(chromium, web.address)
    page = viewer.open(f"/runs/{run.id}")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.evaluate("window.sameDocument = true")
    with asleep(chromium):
        eventually(lambda: len(web.services.relay.clients) == 0, 10, "the server gives it up")
        run.progress("0", 50, "moved meanwhile")
    expect(page.locator('[data-path="0"]')).to_contain_text("moved meanwhile")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.get_by_role("status").first).to_contain_text("Caught up")
    assert page.evaluate("window.sameDocument") is True
    viewer.close()
