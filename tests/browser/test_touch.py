"""What a finger has to hit, on a phone and on a tablet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

WINDOWS = {"phone": (360, 760), "tablet": (820, 1100)}
TOO_SMALL = """least => {
    const own = (one, x, y) => {
        const hit = document.elementFromPoint(x, y);
        const label = one.closest("label");
        return hit && (one.contains(hit) || label?.contains(hit) || hit.control === one);
    };
    const isText = (one) => one.matches("p a, li a:not(.tag), .table a, label a, td a");
    const found = [];
    const all = "a[href], button, select, input, textarea, summary";
    for (const one of document.querySelectorAll(all)) {
        if (isText(one) || one.type === "hidden" || one.matches(".skip")) continue;
        one.scrollIntoView({block: "center", inline: "center"});
        const box = one.getBoundingClientRect();
        const [x, y, half] = [box.x + box.width / 2, box.y + box.height / 2, least / 2 - 1];
        if (!box.width || !own(one, x, y)) continue;  // not seen, or something lies over it
        const points = [[x, y - half], [x, y + half], [x - half, y], [x + half, y]];
        const above = ([a, b]) => document.elementFromPoint(a, b)?.closest(".details, .bulk-bar");
        const isInside = ([a, b]) => a >= 0 && b >= 0 && a < innerWidth && b < innerHeight;
        const counts = (point) => isInside(point) && (!above(point) || above(point).contains(one));
        if (!points.filter(counts).every(([a, b]) => own(one, a, b)))
            found.push(`${one.outerHTML.slice(0, 90)} ${box.width} x ${box.height}`);
    }
    return found;
}"""
"""Where something else would be hit, so many px around. Links within text may be low."""
LEAST = 40


@pytest.fixture
def run_id(stack: Dashboard) -> str:
    run_id = stack.start("nesting.nest", label="Touched", depth=2, width=2, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    return run_id


@pytest.fixture(params=WINDOWS)
def touched(request: pytest.FixtureRequest) -> dict[str, object]:
    """How a page is opened there."""
    width, height = WINDOWS[request.param]
    return {"viewport": {"width": width, "height": height}, "has_touch": True}


def _settled(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_everything_is_large_enough_for_a_finger(
    viewer: Viewer, run_id: str, touched: dict[str, object]
) -> None:
    run, form = f"/runs/{run_id}", "/start?name=tests.browser.chatty.post"
    page = viewer.open("/docs", **touched)
    for path in ("/", run, f"{run}?node=0.0", form, "/workers", "/docs"):
        page.goto(path)
        _settled(page)
        assert page.evaluate(TOO_SMALL, LEAST) == [], path


def test_what_is_done_with_chosen_runs_is_large_enough_for_a_finger(
    viewer: Viewer, run_id: str, touched: dict[str, object]
) -> None:
    page = viewer.open("/?q=Touched", **touched)
    _settled(page)
    page.get_by_label("Select Touched").first.check()
    page.locator(".bulk-bar").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(TOO_SMALL, LEAST) == []
    page.get_by_role("button", name="Keep them").click()
    assert page.evaluate(TOO_SMALL, LEAST) == []
