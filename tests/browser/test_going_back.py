"""Who goes back to the list finds it where it was left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.scrolling import turn_the_wheel
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web

RUNS = 120
"""More than the first page of the list has."""
READ = 90
"""One that is read with the second page only."""


@pytest.fixture
def address(web: Web) -> str:
    return web.address


@pytest.fixture
def ids(owner: Owner) -> list[str]:
    """The runs of the list, the newest first."""
    return [owner.create() for _ in range(RUNS)][::-1]


def _row(page: Page, run_id: str) -> Locator:
    return page.locator(f'.run-row[data-run-id="{run_id}"]')


def _scroll_to(page: Page, run_id: str) -> None:
    turn_the_wheel(page, _row(page, run_id), lambda: 600)
    _row(page, run_id).scroll_into_view_if_needed()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _place(row: Locator) -> int:
    box = row.bounding_box()
    assert box is not None
    return round(box["y"])


def test_back_from_a_run_the_rows_stand_where_they_stood(
    viewer: Viewer, owner: Owner, ids: list[str]
) -> None:
    page = viewer.open("/")
    expect(_row(page, ids[0])).to_be_visible()
    _scroll_to(page, ids[READ])
    before = _place(_row(page, ids[READ]))
    _row(page, ids[READ]).click()
    expect(page.locator(".run-head")).to_be_visible()
    owner.create()  # it stands above, and must push nothing
    page.go_back()
    row = _row(page, ids[READ])
    expect(row).to_be_in_viewport()
    expect(row).to_be_focused()
    assert abs(_place(row) - before) <= 2


def test_back_from_a_run_at_the_beginning_what_is_new_is_seen(
    viewer: Viewer, owner: Owner, ids: list[str]
) -> None:
    page = viewer.open("/")
    _row(page, ids[2]).click()
    expect(page.locator(".run-head")).to_be_visible()
    new = owner.create()
    page.go_back()
    expect(_row(page, new)).to_be_in_viewport()
    expect(_row(page, ids[2])).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_loaded_again_the_rows_stand_where_they_stood(viewer: Viewer, ids: list[str]) -> None:
    page = viewer.open("/")
    expect(_row(page, ids[0])).to_be_visible()
    _scroll_to(page, ids[READ])
    before = _place(_row(page, ids[READ]))
    page.reload()
    expect(_row(page, ids[READ])).to_be_in_viewport()
    assert abs(_place(_row(page, ids[READ])) - before) <= 2


def test_going_back_undoes_what_the_list_was_narrowed_by(viewer: Viewer, owner: Owner) -> None:
    run_id = owner.create(label="Import of November")
    page = viewer.open("/")
    expect(_row(page, run_id)).to_be_visible()
    states = page.get_by_role("group", name="State")
    states.get_by_role("button", name="Failure").click()
    expect(_row(page, run_id)).to_have_count(0)
    states.get_by_role("button", name="All").click()
    page.get_by_label("Search runs").press_sequentially("no such")
    expect(page).to_have_url(re.compile(r"\?q=no\+such$"))
    expect(_row(page, run_id)).to_have_count(0)
    page.go_back()
    expect(page.get_by_label("Search runs")).to_have_value("")
    expect(_row(page, run_id)).to_be_visible()
    page.go_back()
    failure = states.get_by_role("button", name="Failure")
    expect(failure).to_have_attribute("aria-pressed", "true")
    expect(_row(page, run_id)).to_have_count(0)
    page.go_forward()
    expect(_row(page, run_id)).to_be_visible()
