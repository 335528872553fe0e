"""A file of a page that does not come, as when the server is started again while a page loads."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Response, Route, WebSocket, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

COMPLAINTS = ("503", "Failed to fetch", "WebSocket is closed before")
"""What the browser says of it itself, and of a socket that a page's loading again cuts short."""
SAID = "A part of this page did not load"
LONGEST_WAIT = 16_000
"""Milliseconds (ms) after which the page has looked again whether the server is there."""


class Outage:
    """While it lasts that file of any page is answered with 503."""

    def __init__(self, page: Page, file: str) -> None:
        self.lasts = True
        page.route(f"**/static/{file}*", self._answer)

    def _answer(self, route: Route) -> None:
        if self.lasts:
            route.fulfill(status=503)
        else:
            route.continue_()


def _opened(viewer: Viewer, path: str, file: str) -> tuple[Page, Outage]:
    """The page without that file. Its clock stands still until the test turns it, or lets it go."""
    viewer.expected = COMPLAINTS
    page = viewer.open("about:blank")
    page.clock.install()
    page.clock.pause_at(time.time() + 1)
    outage = Outage(page, file)
    page.goto(path)
    return page, outage


def _look_again(page: Page) -> None:
    """Let the page look whether the server is there, and hear that it is."""
    with page.expect_response(_of_healthz):
        page.clock.run_for(LONGEST_WAIT)


def _of_healthz(response: Response) -> bool:
    return response.url.endswith("/healthz")


@pytest.mark.parametrize("file", ["js/live/link.js", "js/view/tree.js"])
def test_a_page_that_lacks_a_script_says_so_and_loads_again_once_it_can(
    stack: Dashboard, viewer: Viewer, file: str
) -> None:
    run_id = stack.start("counting.count_twice", label="all the same", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page, outage = _opened(viewer, f"/runs/{run_id}", file)
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Not loaded")
    expect(page.locator("html")).to_have_attribute("data-connection", "lost")
    expect(page.get_by_role("heading", name="all the same")).to_be_visible()
    expect(page.locator('[data-plain-path="1"]')).to_be_visible()
    outage.lasts = False
    _look_again(page)
    page.clock.resume()
    expect(page.locator('.tree-row[data-path="1"]')).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.get_by_text(SAID)).to_be_hidden()


def test_what_fails_again_and_again_is_left_to_who_looks(stack: Dashboard, viewer: Viewer) -> None:
    stack.start("counting.count_twice", label="still listed", limit=1, delay=0)
    page, outage = _opened(viewer, "/?q=still+listed", "js/live/list-feed.js")
    for _ in range(3):
        expect(page.get_by_text("loads again as soon as it can")).to_be_visible()
        with page.expect_navigation():
            _look_again(page)
    expect(page.get_by_text("and does not move")).to_be_visible()
    expect(page.get_by_role("link", name="still listed").first).to_be_visible()
    outage.lasts = False
    page.clock.resume()
    page.get_by_role("button", name="Load again").click()
    expect(page.locator(".run-row[data-run-id]").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_nothing_is_loaded_anew_under_somebody_who_types(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.count_down", steps=600, pause=0.1)
    page, outage = _opened(viewer, f"/runs/{run_id}", "js/live/link.js")
    reason = page.get_by_label("Reason")
    reason.fill("not needed any more")
    outage.lasts = False
    page.evaluate("window.sameDocument = true")
    _look_again(page)
    _look_again(page)  # it says that the look before did not load the page again
    assert page.evaluate("window.sameDocument") is True
    page.clock.resume()
    page.get_by_role("button", name="Revoke this run").click()
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "REVOKED")
    assert stack.run(run_id)["revoke"]["reason"] == "not needed any more"


FIELDS = {
    "<textarea></textarea>": "field.value = 'a long reason'",
    "<select><option>one<option selected>two</select>": "field.value = 'one'",
    "<input type=checkbox>": "field.checked = true",
}
"""What a page may come to ask, and what filling that in does."""
FILL_IN = """([field, fill]) => {
    document.querySelector("#added")?.remove();
    document.querySelector("#plain").insertAdjacentHTML("beforeend", `<p id=added>${field}</p>`);
    new Function("field", fill)(document.querySelector("#added").firstElementChild);
}"""


def test_any_kind_of_field_that_is_filled_in_keeps_the_page(
    stack: Dashboard, viewer: Viewer
) -> None:
    page, outage = _opened(viewer, "/", "js/live/link.js")
    expect(page.get_by_text(SAID)).to_be_visible()
    page.evaluate("window.sameDocument = true")
    outage.lasts = False
    for field, fill in FIELDS.items():
        page.evaluate(FILL_IN, [field, fill])
        _look_again(page)
        _look_again(page)
        assert page.evaluate("window.sameDocument") is True, field
    page.evaluate("document.querySelector('#added').remove()")
    _look_again(page)
    page.clock.resume()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


class Held:
    """That file of any page is kept back until the test lets it go."""

    def __init__(self, page: Page, file: str) -> None:
        self.routes: list[Route] = []
        self._is_let_go = False
        page.route(f"**/static/{file}*", self._keep)

    def let_go(self) -> None:
        self._is_let_go = True
        for route in self.routes:
            route.continue_()

    def _keep(self, route: Route) -> None:
        if self._is_let_go:
            route.continue_()
        else:
            self.routes.append(route)


def _sockets(page: Page) -> list[WebSocket]:
    """Those that the page opens from now on."""
    opened: list[WebSocket] = []

    def note(socket: WebSocket) -> None:
        opened.append(socket)

    page.on("websocket", note)
    return opened


def test_rows_do_not_wait_for_what_is_needed_later(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.count_down", steps=600, pause=0.1)
    page = viewer.open("about:blank")
    held = Held(page, "js/view/revoke-dialog.js")
    page.goto(f"/runs/{run_id}")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.locator('.tree-row[data-path="0"]')).to_be_visible()
    page.get_by_role("button", name="Revoke", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    held.let_go()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Revoke run").click()
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "REVOKED")


def test_a_page_that_lacks_what_is_asked_of_it_later_loads_again_once_it_can(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    viewer.expected = COMPLAINTS
    page = viewer.open("about:blank")
    outage = Outage(page, "js/view/delete-dialog.js")
    page.goto(f"/runs/{run_id}")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.get_by_role("complementary", name="Run")).to_be_visible()
    expect(page.get_by_text(SAID)).to_be_hidden()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "lost")
    outage.lasts = False
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_comes_late_comes_once_a_lost_connection_is_back(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = (*COMPLAINTS, "ERR_", "WebSocket")
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open("about:blank")
    held = Held(page, "js/view/run-details.js")
    page.goto(f"/runs/{run_id}")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.evaluate("window.sameDocument = true")
    with stack.without_web():
        with page.expect_event("requestfailed", lambda one: "run-details" in one.url):
            held.let_go()
        expect(page.get_by_role("status")).to_have_text("Connection lost")
        expect(page.locator('.tree-row[data-path="1"]')).to_be_visible()
    expect(page.get_by_role("complementary", name="Run")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_what_does_not_come_though_the_connection_stands_is_not_asked_for_for_ever(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = (*COMPLAINTS, "ERR_")
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open("about:blank")
    asked: list[Route] = []

    def refuse(route: Route) -> None:
        asked.append(route)
        route.abort()

    page.route("**/static/js/view/run-details.js*", refuse)
    page.route("**/healthz", lambda route: route.abort())
    page.goto(f"/runs/{run_id}")
    expect(page.get_by_text(SAID)).to_be_visible()
    assert len(asked) <= 4  # three times since it is needed, and once because others may be


def test_the_rows_are_asked_for_while_what_draws_them_is_on_its_way(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    page = viewer.open("about:blank")
    held, sockets = Held(page, "js/view/tree.js"), _sockets(page)
    page.goto(f"/runs/{run_id}", wait_until="commit")
    expect(page.get_by_role("status")).to_have_text("Live")  # so the question was answered
    assert held.routes
    expect(page.locator(".tree-row[data-path]")).to_have_count(0)
    held.let_go()
    expect(page.locator('.tree-row[data-path="0"]')).to_be_visible()
    assert len(sockets) == 1


def test_the_connection_is_made_while_the_modules_are_on_their_way(
    stack: Dashboard, viewer: Viewer
) -> None:
    page = viewer.open("about:blank")
    held, sockets = Held(page, "vendor/socket.io-client/dist/socket.io.esm.min.js"), _sockets(page)
    with page.expect_websocket() as opened:
        page.goto("/", wait_until="commit")
    opened.value.wait_for_event("framereceived")  # the server's greeting, to nobody yet
    held.let_go()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    assert len(sockets) == 1
