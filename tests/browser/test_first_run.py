"""What somebody sees who has just started the application for the first time."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard


def test_one_click_starts_the_example(empty_stack: Dashboard, viewer: Viewer) -> None:
    page = viewer.open("/", base_url=empty_stack.url)
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    page.get_by_role("button", name="Start the example").click()
    page.wait_for_url(re.compile("/runs/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("count_twice")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    expect(page.locator('[data-path="0"] .name')).to_have_text("Count")
