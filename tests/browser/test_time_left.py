"""The estimate of the time left: shown where it is known, and where it isn't, not."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

FIRST_SHOWN = """() => new Promise(shown => {
    const look = () => {
        if (!document.querySelector(".run-facts .left")) return requestAnimationFrame(look);
        shown(parseFloat(document.querySelector(".run-head [role=progressbar]").ariaValueNow));
    };
    look();
})"""
"""Resolves to the run's progress in the frame that shows an estimate for the first time."""


def progress_when_shown(page: Page) -> float:
    progress: float = page.evaluate(FIRST_SHOWN)
    return progress


def test_time_left_is_shown_as_soon_as_it_can_be_known(stack: Dashboard, viewer: Viewer) -> None:
    unknown = stack.start("chatty.count_alone", steps=100, pause=0.2)
    page = viewer.open(f"/runs/{unknown}")
    assert 10 <= progress_when_shown(page) < 50
    left = page.locator(".run-facts .left")
    expect(left).to_have_text(re.compile("^(about [0-9]+ s|a few seconds) left$"))
    stack.revoke(unknown)
    for _ in range(3):
        assert stack.wait_for_end(stack.start("chatty.count_alone", steps=3)) == "SUCCESS"
    known = stack.start("chatty.count_alone", steps=100, pause=2)
    page.goto(f"/runs/{known}")
    assert progress_when_shown(page) < 10
    stack.revoke(known)
    expect(left).to_have_count(0)
