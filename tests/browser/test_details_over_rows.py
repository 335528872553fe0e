"""Without room beside the rows the details lie over them, but never over the row that is read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

TABLET = {"viewport": {"width": 820, "height": 1100}, "has_touch": True}
PHONE = {"viewport": {"width": 360, "height": 760}, "has_touch": True}


@pytest.fixture
def run_id(stack: Dashboard) -> str:
    """A run of 39 tasks."""
    run_id = stack.start("nesting.nest", depth=3, width=3, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    return run_id


def _row(page: Page, path: str) -> Locator:
    return page.locator(f'.tree-row[data-path="{path}"]')


def _details(page: Page) -> Locator:
    details = page.get_by_role("complementary", name="Task")
    expect(details.get_by_text("Task id")).to_be_attached()  # it is as high as it gets
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return details


def _assert_stands_above(row: Locator, details: Locator) -> None:
    expect(row).to_be_in_viewport()
    place, over = row.bounding_box(), details.bounding_box()
    assert place is not None
    assert over is not None
    assert place["y"] >= 0
    assert place["y"] + place["height"] <= over["y"], (place, over)


@pytest.mark.parametrize("window", [TABLET, PHONE], ids=["tablet", "phone"])
def test_who_comes_for_a_task_sees_its_row_above_the_details(
    viewer: Viewer, run_id: str, window: dict[str, object]
) -> None:
    page = viewer.open(f"/runs/{run_id}?node=0.0", **window)
    _assert_stands_above(_row(page, "0.0"), _details(page))


@pytest.mark.parametrize("window", [TABLET, PHONE], ids=["tablet", "phone"])
def test_a_row_that_is_tapped_stays_in_sight(
    viewer: Viewer, run_id: str, window: dict[str, object]
) -> None:
    page = viewer.open(f"/runs/{run_id}", **window)
    lowest = page.locator(".tree-row[data-path]").filter(visible=True)
    expect(lowest.first).to_be_visible()
    path = page.evaluate(
        """() => [...document.querySelectorAll(".tree-row[data-path]")]
            .filter(row => row.getBoundingClientRect().bottom < innerHeight)
            .at(-1).dataset.path"""
    )
    _row(page, path).tap()
    _assert_stands_above(_row(page, path), _details(page))


def test_the_arrow_keys_never_lead_under_the_details_or_the_head(
    viewer: Viewer, run_id: str
) -> None:
    page = viewer.open(f"/runs/{run_id}?node=0", **TABLET)
    details = _details(page)
    _row(page, "0").focus()
    for _ in range(25):
        page.keyboard.press("ArrowDown")
        _assert_stands_above(page.locator(".tree-row:focus"), details)
    head = page.locator(".bar").bounding_box()
    assert head is not None
    for _ in range(12):
        page.keyboard.press("ArrowUp")
        place = page.locator(".tree-row:focus").bounding_box()
        assert place is not None
        assert place["y"] >= head["height"]
