"""The example page of another origin that shows one run's progress."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from inception.runs.connection import connect
from inception.runs.model import State
from inception.runs.store import Store
from tests.browser.axe import broken_rules
from tests.browser.conftest import CHECKOUT, Viewer
from tests.browser.elsewhere import Shop
from tests.integration.webapp.owner import HeldRun, Owner
from tests.integration.webapp.web import Web
from webapp.auth.gate import Gate

EXAMPLE = CHECKOUT / "docs" / "clients" / "progress.html"
NAME = """(element, named) => Object.entries(named).forEach(
    ([name, value]) => element.setAttribute(name, value))"""


@pytest.fixture
def web(redis_url: str, shop: Shop) -> Iterator[Web]:
    web = Web(redis_url, embed_origins=frozenset({shop.origin}))
    yield web
    web.stop()


@pytest.fixture
def run(redis_url: str) -> HeldRun:
    held = Owner(Store(connect(redis_url, purpose="test"))).begin()
    held.spawn("0")
    return held


@pytest.fixture
def visitor(chromium: Browser, shop: Shop) -> Iterator[Viewer]:
    viewer = Viewer(chromium, shop.origin)
    yield viewer
    viewer.close()
    assert viewer.unexpected() == []


def offer(web: Web, shop: Shop, run_id: str, token_of: str | None = None) -> str:
    """Have the shop serve the example page; return the token that it holds."""
    gate: Gate = web.app.extensions["inception_gate"]
    token = gate.door.give_run_token(token_of or run_id, lifetime=60, by="test")[0]
    page = EXAMPLE.read_text("utf-8").replace("https://runs.example", web.address)
    shop.page = page.replace("RUN_ID", run_id).replace('token="TOKEN"', f'token="{token}"')
    return token


def element(page: Page) -> Locator:
    return page.locator("inception-progress")


def bar(page: Page) -> Locator:
    return page.get_by_role("progressbar", name="We are packing it")


def cut_sockets(web: Web) -> None:
    """As a web process does that dies."""
    for sid, _engine_sid in list(web.sockets.server.manager.get_participants("/", None)):
        web.services.relay.clients.close(sid)


def rolled_up(run: HeldRun, completion: float, message: str = "") -> None:
    meta = {
        "iteration": 1,
        "total": 100,
        "completion": completion,
        "status": "PROGRESS",
        "message": message,
        "error": None,
    }
    run.roll_up(state=State.PROGRESS, meta=meta)


def test_a_page_elsewhere_shows_a_run_moving_to_its_end(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "live")
    rolled_up(run, 42.5, "Folding the box")
    expect(bar(page)).to_have_attribute("aria-valuenow", "42")
    expect(page.get_by_text("Folding the box")).to_be_visible()
    expect(element(page)).to_have_attribute("state", "PROGRESS")
    run.write("0", state=State.SUCCESS)
    run.end()
    expect(bar(page)).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_text("✓ Done")).to_be_visible()
    expect(page.get_by_text("It is on its way.")).to_be_visible()
    expect(element(page)).to_have_attribute("connection", "ended")


def test_an_error_is_shown_in_words(web: Web, shop: Shop, run: HeldRun, visitor: Viewer) -> None:
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "live")
    run.write("0", state=State.FAILURE)
    meta = {"iteration": 0, "total": None, "completion": 0, "status": "ERROR", "message": ""}
    run.end(State.FAILURE, meta={**meta, "error": "No box <b>fits</b>"})
    expect(page.get_by_text("✕ Failed")).to_be_visible()
    expect(page.get_by_text("No box <b>fits</b>")).to_be_visible()


def test_a_lost_connection_is_said_and_caught_up(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    visitor.expected = ("ERR_", "WebSocket")
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "live")
    cut_sockets(web)
    expect(element(page)).to_have_attribute("connection", "lost")
    expect(page.get_by_text("Connection lost")).to_be_visible()
    rolled_up(run, 70)
    expect(bar(page)).to_have_attribute("aria-valuenow", "70")
    expect(element(page)).to_have_attribute("connection", "live")
    expect(page.get_by_text("Connection lost")).to_be_hidden()


def policy(web: Web) -> str:
    """As strict as the documentation says it may be, with what the example page itself does."""
    own = f"default-src 'none'; style-src 'unsafe-inline'; script-src {web.address} 'unsafe-inline'"
    return f"{own}; connect-src {web.address.replace('http', 'ws', 1)}"


def test_a_strict_policy_of_the_page_lets_it_move(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    shop.policy = policy(web)
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "live")
    rolled_up(run, 42.5)
    expect(bar(page)).to_have_attribute("aria-valuenow", "42")


def test_a_connection_that_never_came_about_is_said_at_once(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    visitor.expected = ("Content Security Policy",)
    shop.policy = policy(web).partition("; connect-src")[0]
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(page.get_by_text("No connection yet. Trying again")).to_be_visible()
    expect(element(page)).to_have_attribute("connection", "lost")


def test_it_can_be_moved_in_the_page_and_given_another_run(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer, redis_url: str
) -> None:
    offer(web, shop, run.id)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "live")
    element(page).evaluate("element => document.body.prepend(element)")
    rolled_up(run, 30)
    expect(bar(page)).to_have_attribute("aria-valuenow", "30")
    other = Owner(Store(connect(redis_url, purpose="test"))).begin()
    gate: Gate = web.app.extensions["inception_gate"]
    token = gate.door.give_run_token(other.id, lifetime=60, by="test")[0]
    element(page).evaluate("element => element.after(element.cloneNode())")
    element(page).first.evaluate(NAME, {"run": other.id, "token": token})
    rolled_up(other, 80)
    expect(bar(page).first).to_have_attribute("aria-valuenow", "80")
    expect(bar(page).last).to_have_attribute("aria-valuenow", "30")
    expect(element(page).last).to_have_attribute("connection", "live")


def test_a_token_of_another_run_shows_nothing(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer, redis_url: str
) -> None:
    other = Owner(Store(connect(redis_url, purpose="test"))).create()
    offer(web, shop, run.id, token_of=other)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "refused")
    expect(page.get_by_text("may not be shown any more")).to_be_visible()
    expect(element(page)).not_to_have_attribute("state", re.compile(".*"))


def test_a_token_that_was_taken_back_shows_nothing_until_there_is_another(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    token = offer(web, shop, run.id)
    gate: Gate = web.app.extensions["inception_gate"]
    gate.door.tokens.end(token)
    page = visitor.open("/")
    expect(element(page)).to_have_attribute("connection", "refused")
    fresh = gate.door.give_run_token(run.id, lifetime=60, by="test")[0]
    element(page).evaluate("(element, token) => element.setAttribute('token', token)", fresh)
    expect(element(page)).to_have_attribute("connection", "live")


def test_the_page_gives_it_its_colours_and_breaks_no_rule_of_accessibility(
    web: Web, shop: Shop, run: HeldRun, visitor: Viewer
) -> None:
    offer(web, shop, run.id)
    rolled_up(run, 50, "Half")
    page = visitor.open("/", color_scheme="light", reduced_motion="reduce")
    expect(bar(page)).to_have_attribute("aria-valuenow", "50")
    fill = page.locator("inception-progress .fill")
    assert fill.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(10, 127, 111)"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert broken_rules(page) == []
