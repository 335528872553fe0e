"""A browser whose clock is off: times are told by the server's."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

HOUR = 3_600_000
"""Milliseconds (ms)."""
SHIFTED = """(() => {
    const Right = Date;
    globalThis.Date = class extends Right {
        constructor(...given) {
            if (given.length) super(...given);
            else super(Right.now() + SHIFT);
        }
        static now() { return Right.now() + SHIFT; }
    };
})()"""
SECONDS = re.compile(r"^([1-9]|[1-5]\d) s$")
"""Some, but not none: who thinks that a run begins later than now shows none."""

shifts = pytest.mark.parametrize("shift", [-2 * HOUR, 2 * HOUR])


def _opened(viewer: Viewer, path: str, shift: int) -> Page:
    page = viewer.open("about:blank")
    page.add_init_script(SHIFTED.replace("SHIFT", str(shift)))
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page


@shifts
def test_the_list_shows_right_times(stack: Dashboard, viewer: Viewer, shift: int) -> None:
    run_id = stack.start("chatty.count_down", steps=2, pause=30)
    page = _opened(viewer, "/", shift)
    row = page.locator(f'[data-run-id="{run_id}"]')
    expect(row.locator(".elapsed")).to_have_text(SECONDS)
    expect(row.locator(".ago")).to_have_text("just now")
    stack.revoke(run_id)


@shifts
def test_a_run_that_says_nothing_shows_right_times(
    stack: Dashboard, viewer: Viewer, shift: int
) -> None:
    run_id = stack.start("chatty.count_down", steps=2, pause=30)
    page = _opened(viewer, f"/runs/{run_id}", shift)
    expect(page.locator(".run-facts .elapsed")).to_have_text(SECONDS)
    expect(page.locator('[data-path="0"] .elapsed')).to_have_text(SECONDS)
    stack.revoke(run_id)


def test_the_last_hour_is_the_servers(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", label="by the clock", limit=1, delay=0)
    page = _opened(viewer, "/?time=1h&q=by+the+clock", 2 * HOUR)
    expect(page.locator(f'[data-run-id="{run_id}"]')).to_be_visible()
    expect(page.locator(".segment").first).to_have_text(re.compile(r"All\s+[1-9]"))
