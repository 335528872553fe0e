"""What the dashboard says and does when its connection goes and comes."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

CUT = ("ERR_", "WebSocket")
"""The browser itself complains of a connection that was cut; these are the words it uses."""


def _is(page: Page, connection: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-connection", connection, timeout=20_000)


def test_a_lost_connection_is_said_at_once_and_caught_up(stack: Dashboard, viewer: Viewer) -> None:
    viewer.expected = CUT
    run_id = stack.start("counting.count_twice", limit=60, delay=0.2)
    page = viewer.open(f"/runs/{run_id}")
    _is(page, "live")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    stack.kill_web()
    _is(page, "lost")
    expect(page.get_by_role("status")).to_have_text("Connection lost")
    expect(page.get_by_text("The live connection is lost")).to_be_visible()
    _is(page, "live")
    expect(page.get_by_text("The live connection is lost")).to_be_hidden()
    expect(page.locator(".run-head [data-state]")).to_have_attribute(
        "data-state", "SUCCESS", timeout=40_000
    )


def test_times_stand_still_while_the_connection_is_lost(stack: Dashboard, viewer: Viewer) -> None:
    viewer.expected = CUT
    run_id = stack.start("counting.count_twice", limit=100, delay=0.1)
    page = viewer.open(f"/runs/{run_id}")
    elapsed = page.locator(".run-facts .elapsed")
    expect(elapsed).to_have_text(re.compile("^[2-9] s$"))
    page.context.set_offline(True)
    _is(page, "lost")
    frozen = elapsed.inner_text()
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 2200))")
    expect(elapsed).to_have_text(frozen)
    page.context.set_offline(False)
    _is(page, "live")
    expect(page.get_by_role("status")).to_contain_text("Caught up")
    expect(elapsed).not_to_have_text(frozen)


def test_the_list_catches_up_with_runs_started_meanwhile(stack: Dashboard, viewer: Viewer) -> None:
    viewer.expected = CUT
    stack.start("counting.count_twice", limit=1, delay=0)
    page = viewer.open("/")
    _is(page, "live")
    page.context.set_offline(True)
    _is(page, "lost")
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    page.context.set_offline(False)
    expect(page.locator(f'a[href="/runs/{run_id}"]')).to_be_visible()
