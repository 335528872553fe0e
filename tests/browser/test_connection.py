"""What the dashboard says and does when its connection goes and comes."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

CUT = ("ERR_", "WebSocket", "503")
"""The browser itself complains of a connection that was cut; these are the words it uses."""


def _is(page: Page, connection: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-connection", connection, timeout=20_000)


def test_a_lost_connection_is_said_at_once_and_caught_up(stack: Dashboard, viewer: Viewer) -> None:
    viewer.expected = CUT
    run_id = stack.start("counting.count_twice", limit=40, delay=0.2)
    page = viewer.open(f"/runs/{run_id}")
    _is(page, "live")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    with stack.without_web():
        _is(page, "lost")
        expect(page.get_by_role("status")).to_have_text("Connection lost")
        banner = page.get_by_text("The live connection is lost")
        expect(banner).to_contain_text(re.compile(r"as of \w+ \d+, \d{4}, \d+:\d\d:\d\d"))
    _is(page, "live")
    expect(banner).to_be_hidden()
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


def test_nothing_moves_because_the_connection_goes(stack: Dashboard, viewer: Viewer) -> None:
    viewer.expected = CUT
    run_id = stack.start("counting.count_twice", label="stay there", limit=1, delay=0)
    for width in (360, 1440):
        page = viewer.open("/?q=stay+there", viewport={"width": width, "height": 800})
        _is(page, "live")
        row = page.locator(f'a[href="/runs/{run_id}"]')
        expect(page.locator(".strip").first).to_be_visible()
        place = row.bounding_box()
        page.context.set_offline(True)
        _is(page, "lost")
        expect(page.get_by_text("The live connection is lost")).to_be_visible()
        assert row.bounding_box() == place


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


def test_a_redis_that_dies_while_somebody_looks_needs_no_reload(
    empty_stack: Dashboard, chromium: Browser
) -> None:
    viewer = Viewer(chromium, empty_stack.url)
    run_id = empty_stack.start("chatty.count_down", steps=110, pause=0.1)
    page = viewer.open(f"/runs/{run_id}")
    _is(page, "live")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    page.evaluate("window.sameDocument = true")
    empty_stack.kill_redis()
    expect(page.locator(".run-head [data-state]")).to_have_attribute(
        "data-state", "SUCCESS", timeout=60_000
    )
    _is(page, "live")
    assert page.evaluate("window.sameDocument") is True
    assert empty_stack.run(run_id)["seq"] > 0
    viewer.close()


def test_while_redis_is_down_nothing_calls_itself_live_and_then_it_catches_up(
    empty_stack: Dashboard, chromium: Browser
) -> None:
    viewer = Viewer(chromium, empty_stack.url)
    viewer.expected = CUT
    run_id = empty_stack.start("chatty.count_down", steps=600, pause=0.1)
    page = viewer.open(f"/runs/{run_id}")
    listed = viewer.open("/")
    elapsed = page.locator(".run-facts .elapsed")
    expect(elapsed).to_have_text(re.compile("^[1-9] s$"))
    _is(listed, "live")
    page.evaluate("window.sameDocument = true")
    with empty_stack.without_redis():
        for each in (page, listed):
            _is(each, "lost")
            expect(each.get_by_role("status").first).to_have_text("Server cut off")
            expect(each.get_by_text("lost its own connection to Redis")).to_be_visible()
        frozen = elapsed.inner_text()
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 2200))")
        expect(elapsed).to_have_text(frozen)
        late = viewer.open("/workers")
        _is(late, "lost")
    for each in (page, listed, late):
        _is(each, "live")
        expect(each.get_by_text("lost its own connection to Redis")).to_be_hidden()
    expect(elapsed).not_to_have_text(frozen)
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    assert page.evaluate("window.sameDocument") is True
    empty_stack.revoke(run_id)
    viewer.close()
