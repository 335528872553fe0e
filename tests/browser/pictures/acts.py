"""What is done to a page before its picture is taken."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.pictures.album import DRAWN, Act


def click(role: Any, name: str, **more: Any) -> Act:
    """Click the first of that name."""
    return lambda page: page.get_by_role(role, name=name, **more).first.click()


def both(*acts: Act) -> Act:
    """Do one after another."""

    def act(page: Page) -> None:
        for one in acts:
            one(page)

    return act


def hold_socket(page: Page) -> None:
    """Let the page's socket connect to nothing."""
    page.route_web_socket(re.compile("/socket.io/"), lambda _socket: None)
    page.route(re.compile("/socket.io/"), lambda route: None)


def lose(page: Page) -> None:
    """Cut the connection."""
    page.context.set_offline(True)
    expect(page.locator("html")).to_have_attribute("data-connection", "lost", timeout=40_000)


def lack(file: str) -> Act:
    """Let a file of the page not come, and the server seem to be away after that."""

    def before(page: Page) -> None:
        page.route(f"**/static/{file}*", lambda route: route.fulfill(status=503))
        page.route("**/healthz", lambda route: route.abort())

    return before


def scroll(by: int) -> Act:
    """Scroll down (px), and wait until that has been drawn."""
    return lambda page: page.evaluate(f"scrollTo(0, {by}); {DRAWN}")


def select(count: int) -> Act:
    """Tick the first boxes of the list."""

    def act(page: Page) -> None:
        for box in page.locator(".runs .pick input").all()[:count]:
            box.check()

    return act


def sign_in(password: str) -> Act:
    """Send the form."""

    def act(page: Page) -> None:
        page.get_by_label("Name").fill("viewer")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    return act
