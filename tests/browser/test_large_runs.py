"""Runs of many tasks: a page begins with the first of them, and gets the others when wanted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.browser.conftest import Viewer
from tests.browser.scrolling import turn_the_wheel
from tests.integration.webapp.owner import HeldRun, Owner
from tests.integration.webapp.web import Web

CHILDREN = 2_100
"""Of the first task; more than one page of 500, and more than a snapshot holds whole."""
IS_PASSED = """path => {
    const numbers = text => text.split(".").map(Number);
    const [wanted, first] = [path, document.querySelector("[data-path]").dataset.path].map(numbers);
    const differs = wanted.findIndex((number, depth) => number !== first[depth]);
    return differs >= 0 && first[differs] > wanted[differs];
}"""
"""True if the first row that is drawn comes after this one."""
INTO_THE_MIDDLE = """path => {
    const row = document.querySelector(`[data-path="${path}"]`);
    if (row) scrollTo(0, scrollY + row.getBoundingClientRect().top - innerHeight / 2);
    return row !== null;
}"""
TURNS = 10
"""A wheel that was turned may go on for a moment, and take along a row that had been reached."""


@pytest.fixture
def address(web: Web) -> str:
    return web.address


@pytest.fixture
def large(redis_url: str) -> HeldRun:
    """Two tasks, the first with many children, the other with one."""
    run = Owner(Store(connect(redis_url, purpose="test"))).begin()
    run.spawn("0", "1", "1.0")
    _spawn_many(run, "0.")
    return run


def _spawn_many(run: HeldRun, under: str) -> None:
    for first in range(0, CHILDREN, 300):
        run.spawn(*(f"{under}{n}" for n in range(first, first + 300)))


def _opened(
    viewer: Viewer, run: HeldRun, query: str = "", *, clock: bool = False
) -> tuple[Page, list[str]]:
    """The run's page, and which pages of nodes it asks for; with a `clock` that can be turned."""
    page = viewer.open("about:blank")
    if clock:
        page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: "/nodes?" in request.url and asked.append(request.url))
    page.goto(f"/runs/{run.id}{query}")
    expect(page.locator('[data-path="0"]')).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page, asked


def _scroll_to(page: Page, path: str) -> None:
    """Turn the wheel until that row is drawn, and back if it was passed, as somebody would."""
    row = page.locator(f'[data-path="{path}"]')
    for _ in range(TURNS):
        turn_the_wheel(page, row, lambda: -600 if page.evaluate(IS_PASSED, path) else 3_000)
        if page.evaluate(INTO_THE_MIDDLE, path):
            return
    raise AssertionError(f"{path} did not stay in sight")


def test_children_are_read_as_they_are_scrolled_to(viewer: Viewer, large: HeldRun) -> None:
    page, asked = _opened(viewer, large)
    expect(page.locator(".tree-head")).to_contain_text("200 of 2,103 tasks")
    assert asked == []
    _scroll_to(page, "0.197")
    expect(page.locator('[data-path="0.198"]')).to_be_visible()
    expect(page.locator(".tree-head")).to_contain_text("700 of 2,103 tasks")
    expect(page.locator('[data-path="0.197"]')).to_be_in_viewport()  # it stayed where it was
    assert len(asked) == 1
    large.progress("0.210", 7, "moved")
    _scroll_to(page, "0.210")
    expect(page.locator('[data-path="0.210"]')).to_contain_text("moved")


def test_a_row_tells_how_many_siblings_it_has_as_they_come(viewer: Viewer, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0", "1", "0.0")
    page, _asked = _opened(viewer, run)
    first = page.locator('[data-path="0"]')
    expect(first).to_have_attribute("aria-setsize", "2")
    expect(page.locator('[data-path="0.0"]')).to_have_attribute("aria-setsize", "1")
    run.spawn("2", "3", "0.1")
    expect(first).to_have_attribute("aria-setsize", "4")
    expect(page.locator('[data-path="0.0"]')).to_have_attribute("aria-setsize", "2")


def test_the_end_of_a_large_parent_is_reached_by_scrolling(viewer: Viewer, large: HeldRun) -> None:
    page, _asked = _opened(viewer, large)
    for last in (197, 697, 1197, 1697, CHILDREN - 1):
        _scroll_to(page, f"0.{last}")
    expect(page.locator(".tree-head")).to_contain_text("2,102 of 2,103 tasks")
    _scroll_to(page, "1")
    expect(page.locator('[data-path="1"]')).to_be_visible()


def test_a_parent_of_whose_children_none_came_is_folded_until_it_is_opened(
    viewer: Viewer, large: HeldRun
) -> None:
    page, asked = _opened(viewer, large)
    page.get_by_role("button", name="Fold", exact=True).first.click()
    other = page.locator('[data-path="1"]')
    expect(other).to_have_attribute("aria-expanded", "false")
    expect(other.locator(".fold-count")).to_have_text("1")
    assert asked == []
    other.get_by_role("button", name="Unfold").click()
    expect(page.locator('[data-path="1.0"]')).to_be_visible()
    expect(page.locator(".tree-more")).to_have_count(0)


def test_a_folded_parent_reads_nothing_until_it_is_opened(viewer: Viewer, large: HeldRun) -> None:
    page, asked = _opened(viewer, large)
    page.locator('[data-path="0"]').get_by_role("button", name="Fold").click()
    expect(page.locator('[data-path="1"]')).to_be_in_viewport()
    expect(page.locator('[data-path="0.0"]')).to_have_count(0)
    assert asked == []
    page.locator('[data-path="0"]').get_by_role("button", name="Unfold").click()
    _scroll_to(page, "0.197")
    expect(page.locator('[data-path="0.198"]')).to_be_visible()


def test_the_runs_own_children_are_read_too(viewer: Viewer, redis_url: str, web: Web) -> None:
    run = Owner(Store(connect(redis_url, purpose="test"))).begin()
    _spawn_many(run, "")
    page, _asked = _opened(viewer, run)
    _scroll_to(page, "199")
    expect(page.locator('[data-path="200"]')).to_be_visible()


def test_a_link_to_a_task_that_the_snapshot_leaves_out_opens_it(
    viewer: Viewer, large: HeldRun
) -> None:
    page, _asked = _opened(viewer, large, "?node=0.2000")
    details = page.get_by_role("complementary", name="Task")
    expect(details).to_contain_text("0.2000")
    expect(details.get_by_text("There is no task")).to_have_count(0)


def test_the_next_failure_is_found_among_tasks_that_are_not_here_yet(
    viewer: Viewer, large: HeldRun
) -> None:
    for path in ("0.7", "0.1600"):
        large.write(path, state="FAILURE")
    page, _asked = _opened(viewer, large)
    for path in ("0.7", "0.1600", "0.7"):
        page.keyboard.press("n")
        expect(page.locator(f'[data-path="{path}"]')).to_be_focused()
        expect(page.locator(f'[data-path="{path}"]')).to_be_in_viewport()


def test_the_end_key_leaves_the_focus_on_a_task_while_more_are_read(
    viewer: Viewer, redis_url: str, web: Web
) -> None:
    run = Owner(Store(connect(redis_url, purpose="test"))).begin()
    _spawn_many(run, "")
    page, asked = _opened(viewer, run)
    page.locator('[data-path="0"]').focus()
    page.keyboard.press("End")
    expect(page.locator('[data-path="199"]')).to_be_focused()
    expect(page.locator(".tree-head")).to_contain_text("700 of")
    expect(page.locator('[data-path="199"]')).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator('[data-path="699"]')).to_be_focused()
    assert asked


def test_a_failure_that_the_snapshot_leaves_out_is_open_for_who_arrives(
    viewer: Viewer, large: HeldRun
) -> None:
    large.fail_by("0.2000", "ValueError: no such image")
    page, asked = _opened(viewer, large, clock=True)
    details = page.get_by_role("complementary", name="Task")
    expect(details).to_contain_text("ValueError: no such image")
    expect(page.locator('[data-path="0.2000"]')).to_be_in_viewport()
    expect(page.locator('[data-path="0.2000"]')).to_have_attribute("aria-selected", "true")
    expect(page.locator(".tree-more").first).to_be_in_viewport()
    page.clock.run_for(1_000)  # ms; what is read has stayed in sight for 100
    assert asked == []  # what comes in between would push it out of sight
    page.mouse.wheel(0, 10)
    expect(page.locator(".tree-head")).to_contain_text("701 of 2,103 tasks")


def test_on_a_phone_the_failure_is_above_its_details(viewer: Viewer, large: HeldRun) -> None:
    large.fail_by("0.2000", "ValueError: no such image")
    page = viewer.open(f"/runs/{large.id}", viewport={"width": 360, "height": 760})
    details = page.get_by_role("complementary", name="Task")
    expect(details).to_contain_text("ValueError: no such image")
    row = page.locator('[data-path="0.2000"]')
    expect(row).to_be_in_viewport()
    place, over = row.bounding_box(), details.bounding_box()
    assert place is not None
    assert over is not None
    assert 0 < place["y"] < place["y"] + place["height"] <= over["y"]
