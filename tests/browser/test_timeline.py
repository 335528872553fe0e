"""The timeline beside the tree: what waited, what ran, and that it moves by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.scripts import wait_for_scripts

MOVED = """([lane, before]) => new Promise((resolve) => {
    const look = () => {
        const now = lane.getBoundingClientRect().width;
        if (now !== before) resolve(now); else requestAnimationFrame(look);
    };
    look();
})"""
COUNT_FRAMES = """() => new Promise((resolve) => {
    let asked = 0;
    const own = window.requestAnimationFrame;
    window.requestAnimationFrame = (act) => { asked += 1; return own.call(window, act); };
    setTimeout(() => { window.requestAnimationFrame = own; resolve(asked); }, 500);
})"""


def _lane(page: Page, path: str, kind: str) -> Locator:
    return page.locator(f'[data-path="{path}"] .lane-{kind}')


def _left(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["x"]


def test_a_running_task_grows_without_any_news(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=2, pause=8)
    page = viewer.open(f"/runs/{run_id}")
    running = _lane(page, "0", "running")
    expect(running).to_be_visible()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Whole run").click()
    handle = running.element_handle()
    before = running.evaluate("(lane) => lane.getBoundingClientRect().width")
    assert page.evaluate(MOVED, [handle, before]) != before
    stack.revoke(run_id)
    stack.wait_for_end(run_id)


def test_steps_stand_one_after_another_and_then_rest(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=5, delay=0.1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    first, second = (_lane(page, path, "running") for path in ("0", "1"))
    expect(second).to_be_visible()
    expect(page.locator(".axis-mark").first).to_have_text(re.compile(r"^0(\.0+)? m?s$"))
    box = first.bounding_box()
    assert box is not None
    assert _left(second) >= box["x"] + box["width"] - 1
    expect(_lane(page, "0", "waiting")).to_have_count(1)
    wait_for_scripts(page)  # what they draw asks for a frame or two
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(COUNT_FRAMES) == 0


def test_zooming_in_widens_and_the_whole_run_comes_back(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=5, delay=0.1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    second = _lane(page, "1", "running")
    expect(second).to_be_visible()
    before = _left(second)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_role("button", name="Whole run")).to_be_visible()
    assert _left(second) != before
    page.get_by_role("button", name="Whole run").click()
    expect(page.get_by_role("button", name="Whole run")).to_have_count(0)


def test_each_attempt_has_its_part(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", step=1, steps=1, once=True)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "SUCCESS")
    parts = page.locator('[data-path="0"] .lane-running')
    expect(parts).to_have_count(2)
    expect(parts.first).to_have_class(re.compile("tone-failure"))
    expect(parts.last).to_have_class(re.compile("tone-success"))
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "SUCCESS")
    page.get_by_role("tab", name="Attempts").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Step 1 fails on purpose.")


def test_the_timeline_can_be_put_away(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    page = viewer.open(f"/runs/{run_id}")
    expect(page.locator(".lane").first).to_be_visible()
    page.get_by_role("button", name="Timeline").click()
    expect(page.locator(".lane")).to_have_count(0)
    page.reload()
    expect(page.locator('[data-path="0"]')).to_be_visible()
    expect(page.locator(".lane")).to_have_count(0)


def test_keys_zoom_the_timeline_and_fold_the_tree(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("nesting.nest", depth=2, width=1, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    inner = page.locator('[data-path="0.0"]')
    expect(inner).to_be_visible()
    page.keyboard.press("f")
    expect(inner).to_have_count(0)
    page.keyboard.press("e")
    expect(inner).to_be_visible()
    page.keyboard.press("+")
    whole = page.get_by_role("button", name="Whole run")
    expect(whole).to_be_visible()
    page.keyboard.press("0")
    expect(whole).to_have_count(0)
