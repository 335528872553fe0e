"""Who signs in sees and does what their role allows; a foreign page in the same browser nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Viewer
from tests.integration.webapp.guarded import PASSWORD, GuardedWeb
from tests.integration.webapp.owner import Owner
from webapp.auth.roles import Role

SAME_HOST = "127.0.0.1"
"""A cookie knows no ports, so a page of this host is sent with it: the Origin alone tells."""


@pytest.fixture
def guarded(redis_url: str, tmp_path: Path) -> Iterator[GuardedWeb]:
    web = GuardedWeb(redis_url, tmp_path)
    yield web
    web.stop()


@pytest.fixture
def visitor(chromium: Browser, guarded: GuardedWeb) -> Iterator[Viewer]:
    viewer = Viewer(chromium, guarded.address)
    yield viewer
    viewer.close()


@pytest.fixture
def foreign_site() -> Iterator[str]:
    """The address of an empty page on another port of this machine."""
    server = ThreadingHTTPServer((SAME_HOST, 0), EmptyPage)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://{SAME_HOST}:{server.server_port}/"
    server.shutdown()
    server.server_close()


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

    def log_message(self, *_words: object) -> None:
        pass


def sign_in(page: Page, role: Role) -> None:
    page.get_by_label("Name").fill(str(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_an_operator_signs_in_revokes_a_run_and_signs_out(visitor: Viewer, owner: Owner) -> None:
    run = owner.begin()
    page = visitor.open(f"/runs/{run.id}")
    sign_in(page, Role.OPERATOR)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    assert page.url.endswith(f"/runs/{run.id}")
    page.get_by_role("button", name="Revoke").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("REVOKING", exact=False).first).to_be_visible()
    revoked = owner.store.read_run(run.id)["revoke"]
    assert revoked is not None
    assert revoked["by"] == "operator"
    assert visitor.unexpected() == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_nobody_is_offered_what_their_role_may_not_do(visitor: Viewer) -> None:
    page = visitor.open("/signin")
    start = page.get_by_role("link", name="Start a run")
    expect(start).to_have_count(0)
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.get_by_label("Name").fill("viewer")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    expect(page.get_by_label("Name")).to_have_value("viewer")
    expect(page.get_by_label("Password")).to_be_focused()
    sign_in(page, Role.VIEWER)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    expect(page.get_by_role("navigation")).to_be_visible()
    expect(start).to_have_count(0)


def test_a_foreign_page_gets_nothing_with_the_cookie(
    visitor: Viewer, guarded: GuardedWeb, owner: Owner, foreign_site: str
) -> None:
    run = owner.begin()
    page = visitor.open("/")
    sign_in(page, Role.ADMIN)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.goto(foreign_site)
    read = """url => fetch(url, {credentials: "include"}).then(() => "read", () => "refused")"""
    assert page.evaluate(read, f"{guarded.address}/api/v1/runs") == "refused"
    open_socket = """url => new Promise(done => {
        const socket = new WebSocket(url);
        socket.onopen = () => done("opened");
        socket.onerror = () => done("refused");
    })"""
    sockets = guarded.address.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    assert page.evaluate(open_socket, sockets) == "refused"
    send_form = """url => {
        const form = document.body.appendChild(document.createElement("form"));
        form.method = "post";
        form.action = url;
        form.submit();
    }"""
    with page.expect_navigation() as navigation:
        page.evaluate(send_form, f"{guarded.address}/api/v1/runs/{run.id}/revoke")
    assert navigation.value.status == 403
    assert owner.store.read_run(run.id)["revoke"] is None
