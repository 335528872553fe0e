"""Widths, themes, accessibility, and what is left without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import broken_rules
from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.pictures.acts import hold_socket, lack, lose
from tests.browser.pictures.album import Act

PAGES = ("/", "/start", "/workers", "/docs")
NO_RUN = "/runs/00000000-0000-4000-8000-000000000000"
NO_MATCH = "/?q=nothing+is+called+that"


@pytest.fixture
def run_page(stack: Dashboard) -> str:
    """The address of a run that has ended, with a node chosen, and with names of all lengths."""
    label, tags = "A rather long label " * 5 + "w" * 100, ["W" * 50, "short"]
    run_id = stack.start("nesting.nest", label=label, tags=tags, depth=2, width=2)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    return f"/runs/{run_id}?node=0.0"


def _settled(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_no_page_scrolls_sideways(viewer: Viewer, run_page: str) -> None:
    page = viewer.open("/")
    for path in (*PAGES, run_page):
        page.goto(path)
        _settled(page)
        for width in (360, 600, 820, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("innerWidth") == width
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{path} is {needed} px wide in {width}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(viewer: Viewer, run_page: str, scheme: str) -> None:
    viewer.expected = ("404",)
    page = viewer.open("/", color_scheme=scheme, reduced_motion="reduce")
    for path in (*PAGES, run_page, NO_RUN, NO_MATCH, "/signin"):
        page.goto(path)
        _settled(page)
        for width in (360, 820, 2560):
            page.set_viewport_size({"width": width, "height": 1100})
            assert broken_rules(page) == [], (path, width)


@pytest.mark.parametrize(
    "lacks", [hold_socket, lack("js/live/link.js"), None], ids=["loading", "incomplete", "lost"]
)
def test_no_rule_is_broken_while_something_is_missing(
    viewer: Viewer, run_page: str, lacks: Act | None
) -> None:
    viewer.expected = ("503", "Failed to", "ERR_", "WebSocket", "did not load")
    for path in ("/", run_page.partition("?")[0]):
        page = viewer.open("/docs", reduced_motion="reduce")
        if lacks:
            lacks(page)
        page.goto(path)
        expect(
            page.locator("[aria-busy=true], #plain, .row-frame, .tree-row").first
        ).to_be_visible()
        if not lacks:
            lose(page)
            expect(page.get_by_role("region", name="Connection")).to_be_visible()
        assert broken_rules(page) == [], path


def test_on_a_tablet_the_list_and_the_tree_say_what_failed(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("failing.fail_at", label="Torn", step=1)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open("/?q=Torn", viewport={"width": 820, "height": 1100})
    expect(page.get_by_text("Step 1 fails on purpose.")).to_be_visible()
    page.goto(f"/runs/{run_id}")
    row = page.locator('.tree-row[data-path="0"]')
    expect(row.get_by_text("Step 1 fails on purpose.").filter(visible=True)).to_be_visible()
    note, cell = row.locator(".name-note").bounding_box(), row.locator(".names").bounding_box()
    assert note is not None
    assert cell is not None
    assert note["y"] < cell["y"] + cell["height"], "it wraps out of sight"


def test_the_head_of_a_narrow_page_has_two_lines(viewer: Viewer) -> None:
    for width in (360, 720):
        page = viewer.open("/workers", viewport={"width": width, "height": 600})
        brand, places = page.locator(".brand"), page.locator(".bar-nav")
        start, connection = page.get_by_role("link", name="Start"), page.locator("#connection")
        expect(places).to_be_visible()
        tops = [one.bounding_box() for one in (brand, start, places, connection)]
        middles = [box["y"] + box["height"] / 2 for box in tops if box]
        assert abs(middles[0] - middles[1]) < 3
        assert abs(middles[2] - middles[3]) < 3
        assert middles[2] - middles[0] > 30, width


def test_all_that_is_done_with_a_run_stands_in_one_line_of_a_phone(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("failing.fail_at", step=1)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open(f"/runs/{run_id}", viewport={"width": 360, "height": 760}, has_touch=True)
    actions = page.locator(".run-head .actions .button")
    expect(actions).to_have_text(["Label", "Retry", "Rerun", "Edit and run", "Delete"])
    # At once: the page scrolls to the failure on its own.
    tops = actions.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert len(set(tops)) == 1


def test_a_dark_page_is_printed_dark_on_white(viewer: Viewer, run_page: str) -> None:
    page = viewer.open(run_page, color_scheme="dark")
    page.get_by_label("Theme").select_option("dark")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.emulate_media(media="print")
    colour = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert max(int(part) for part in re.findall("[0-9]+", colour)[:3]) < 100, colour
    expect(page.get_by_role("button", name="Rerun")).to_be_hidden()


def test_a_chosen_theme_outlives_the_page(viewer: Viewer) -> None:
    page = viewer.open("/", color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Theme").select_option("dark")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    expect(page.get_by_label("Theme")).to_have_value("dark")


def test_a_phone_and_a_dark_screen_show_the_run(
    viewer: Viewer, run_page: str, tmp_path: Path
) -> None:
    page = viewer.open(
        run_page, viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True
    )
    details = page.get_by_role("complementary", name="Task")
    expect(details).to_be_in_viewport()
    picture = tmp_path / "phone.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000
    details.get_by_role("button", name="Close").click()
    expect(page.get_by_role("row").first).to_be_visible()


def test_workers_are_listed_with_their_slots(viewer: Viewer) -> None:
    page = viewer.open("/workers")
    for title in ("Watchers", "Compute", "Queues"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_role("cell", name="children")).to_be_visible()


def test_names_are_read_ten_levels_down_beside_the_details(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("nesting.nest", depth=10, width=1, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    deepest = ".".join("0" * 10)
    page = viewer.open(f"/runs/{run_id}?node={deepest}", viewport={"width": 1440, "height": 900})
    name = page.locator(f'.tree-row[data-path="{deepest}"] .name')
    expect(name).to_be_visible()
    assert name.evaluate("shown => shown.scrollWidth <= shown.clientWidth"), "it is cut"
