"""A page of another origin, open beside the dashboard, reads nothing of it and does nothing there.

To a browser another port is another origin and the same *site*: a session's cookie goes along with
what such a page sends, so it is for the server to look where that comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from inception.runs.connection import connect
from inception.runs.records import RunFilter
from inception.runs.store import Store
from tests.browser.elsewhere import Shop
from tests.integration.webapp.guarded import PASSWORD, GuardedWeb
from tests.integration.webapp.owner import HeldRun, Owner
from tests.integration.webapp.web import Web
from webapp.auth.roles import Role

COUNT = "tasks.examples.counting.count_twice"
TRIES = """async ([target, run, name]) => {
    const order = JSON.stringify({ name, kwargs: {} });
    const api = `${target}/api/v1`;
    const cookies = { credentials: "include" };
    const json = { "Content-Type": "application/json" };
    const read = async (url, how) => (await fetch(url, { ...cookies, ...how })).text();
    const blind = (url, body, type) => fetch(url, {
        ...cookies, mode: "no-cors", method: "POST", body, headers: { "Content-Type": type },
    }).then(() => "sent unread");
    const form = (url, fields) => new Promise((done) => {
        const frame = Object.assign(document.createElement("iframe"), { name: url });
        frame.addEventListener("load", () => done("sent unread"));
        const form = Object.assign(document.createElement("form"),
            { method: "post", action: url, target: url });
        for (const [name, value] of Object.entries(fields))
            form.append(Object.assign(document.createElement("input"), { name, value }));
        document.body.append(frame, form);
        form.submit();
    });
    const socket = () => new Promise((done) => {
        const url = `${target.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
        const socket = new WebSocket(url);
        socket.onmessage = ({ data }) => done(`heard ${data}`);
        socket.onclose = () => done("refused");
    });
    const tries = {
        list: () => read(`${api}/runs`),
        snapshot: () => read(`${api}/runs/${run}`),
        page: () => read(`${target}/`),
        polling: () => read(`${target}/socket.io/?EIO=4&transport=polling`),
        start: () => read(`${api}/runs`, { method: "POST", headers: json, body: order }),
        revoke: () => read(`${api}/runs/${run}/revoke`, { method: "POST", headers: json }),
        remove: () => read(`${api}/runs/${run}`, { method: "DELETE" }),
        startBlindly: () => blind(`${api}/runs`, order, "text/plain"),
        revokeBlindly: () => blind(`${api}/runs/${run}/revoke`, "{}", "text/plain"),
        revokeEmpty: () => blind(`${api}/runs/${run}/revoke`, "", "text/plain"),
        revokeByForm: () => form(`${target}/runs/${run}/revoke`, { reason: "gone" }),
        socket,
    };
    const came = {};
    for (const [what, attempt] of Object.entries(tries))
        came[what] = await attempt().catch(() => "refused");
    return came;
}"""
"""What each try came to: what was read, or that it was sent and nobody may see the answer."""
UNREAD = {"refused", "sent unread"}


@pytest.fixture
def run(redis_url: str) -> HeldRun:
    """A run that goes on, and a parent that may be started."""
    store = Store(connect(redis_url, purpose="test"))
    store.write_catalogue([{"name": COUNT, "doc": "", "schema": {"type": "object"}, "steps": None}])
    held = Owner(store).begin()
    held.spawn("0")
    return held


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def attack(page: Page, shop: Shop, target: str, run_id: str) -> dict[str, str]:
    """Try it all from a page of the shop's; return what came of each try."""
    shop.page = "<!doctype html><title>A shop</title><body>"
    page.goto(shop.origin)
    came: dict[str, str] = page.evaluate(TRIES, [target, run_id, COUNT])
    return came


def assert_untouched(redis_url: str, run: HeldRun) -> None:
    (only,), _more = Store(connect(redis_url, purpose="test")).list_runs(RunFilter(), 10)
    assert (only["id"], only["revoke"]) == (run.id, None)


def test_where_everybody_is_admin_it_reads_nothing_and_does_nothing(
    page: Page, shop: Shop, redis_url: str, run: HeldRun
) -> None:
    web = Web(redis_url)
    try:
        assert set(attack(page, shop, web.address, run.id).values()) <= UNREAD
    finally:
        web.stop()
    assert_untouched(redis_url, run)


def test_beside_a_session_it_reads_nothing_and_does_nothing(
    page: Page, shop: Shop, redis_url: str, run: HeldRun, tmp_path: Path
) -> None:
    guarded = GuardedWeb(redis_url, tmp_path)
    try:
        page.goto(f"{guarded.address}/signin")
        page.get_by_label("Name").fill(str(Role.ADMIN))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{guarded.address}/")
        assert set(attack(page, shop, guarded.address, run.id).values()) <= UNREAD
    finally:
        guarded.stop()
    assert_untouched(redis_url, run)
