"""Scrolling to a row of a long page, which draws only those that are looked at."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page

WITHIN = 20.0
"""Seconds (s) until a row must have been reached."""


def turn_the_wheel(page: Page, row: Locator, pixels: Callable[[], int]) -> None:
    """Turn it by so many pixels a frame until the row is drawn, however late its page comes."""
    page.mouse.move(300, 600)
    deadline = time.monotonic() + WITHIN
    while not row.count():
        assert time.monotonic() < deadline, f"{row} was not reached"
        page.mouse.wheel(0, pixels())
        page.evaluate("new Promise(requestAnimationFrame)")
