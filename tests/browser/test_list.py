"""The list of runs: how many there are, what it is narrowed to, keys, and a list held still."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

SHORT = {"limit": 1, "delay": 0}
POINT_AT_ROWS = """() => {
    const move = () => document.querySelector(".run-row[data-run-id]")
        .dispatchEvent(new PointerEvent("pointermove", {bubbles: true}));
    move();
    window.pointing = setInterval(move, 100);
}"""
"""A hand that rests on a mouse never holds it quite still."""


def _count(page: Page, word: str) -> int:
    shown = page.get_by_role("button", name=re.compile(f"^{word} [0-9]")).inner_text()
    return int(shown.rsplit(maxsplit=1)[1].replace(",", ""))


def _labelled(stack: Dashboard, label: str) -> str:
    run_id = stack.start("counting.count_twice", label=label, **SHORT)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    return run_id


def test_the_tabs_count_the_runs_and_go_on_counting(stack: Dashboard, viewer: Viewer) -> None:
    _labelled(stack, "counted by the tabs")
    page = viewer.open("/?q=counted+by+the+tabs")
    tab = page.get_by_role("button", name=re.compile("^Success [0-9]"))
    expect(tab).to_be_visible()
    before = _count(page, "Success")
    _labelled(stack, "counted by the tabs")
    expect(tab).to_have_text(re.compile(rf"Success\s+{before + 1}$"))
    assert _count(page, "All") >= before + 1


def test_the_other_tabs_count_on_while_one_is_chosen(stack: Dashboard, viewer: Viewer) -> None:
    _labelled(stack, "counted aside")
    page = viewer.open("/?state=success&q=counted+aside")
    tab = page.get_by_role("button", name=re.compile("^Failure [0-9]"))
    expect(tab).to_have_text(re.compile(r"Failure\s+0$"))
    failing = stack.start("failing.fail_at", label="counted aside", step=1, steps=1)
    assert stack.wait_for_end(failing) == "FAILURE"
    expect(tab).to_have_text(re.compile(r"Failure\s+1$"))
    stack.delete(failing)
    expect(tab).to_have_text(re.compile(r"Failure\s+0$"))


def test_what_is_typed_stays_as_it_is_typed(stack: Dashboard, viewer: Viewer) -> None:
    run_id = _labelled(stack, "typed by hand")
    page = viewer.open("/")
    box = page.get_by_role("searchbox")
    box.press_sequentially("typed ")
    page.wait_for_url("**/?q=typed")
    expect(page.locator(f'a[href="/runs/{run_id}"]')).to_be_visible()
    expect(box).to_have_value("typed ")
    box.press_sequentially("by")
    page.get_by_role("button", name=re.compile("^Success")).click()
    page.wait_for_url("**/?state=success&q=typed+by")
    expect(box).to_have_value("typed by")


def test_a_list_that_matches_nothing_shows_the_way_back(stack: Dashboard, viewer: Viewer) -> None:
    _labelled(stack, "somewhere else")
    page = viewer.open("/?state=failure&q=no+such+words")
    expect(page.get_by_text("There is none with")).to_contain_text("“no such words”")
    page.get_by_role("button", name="Show all runs").click()
    expect(page.get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")
    assert page.url.endswith("/")


def test_no_row_moves_while_the_page_is_drawn_or_paused(stack: Dashboard, viewer: Viewer) -> None:
    run_id = _labelled(stack, "stays in place")
    page = viewer.open("about:blank")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/parents", hold)
    page.goto("/?q=stays+in+place")
    row = page.locator(f'a[href="/runs/{run_id}"]')
    expect(row).to_be_visible()
    place = row.bounding_box()
    for route in held:
        route.continue_()
    expect(page.locator(".strip").first).to_be_visible()
    assert row.bounding_box() == place
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Paused")).to_be_visible()
    assert row.bounding_box() == place


def test_no_row_comes_between_under_the_pointer(stack: Dashboard, viewer: Viewer) -> None:
    leaving = stack.start("chatty.keep_tidy", label="pointed at")
    pointed = stack.start("chatty.keep_tidy", label="pointed at")
    page = viewer.open("/?state=active&q=pointed+at")
    rows, row = page.get_by_role("listitem"), page.locator(f'a[href="/runs/{pointed}"]')
    expect(rows).to_have_count(2)
    place = row.bounding_box()
    page.evaluate(POINT_AT_ROWS)
    new = stack.start("chatty.keep_tidy", label="pointed at")
    stack.revoke(leaving)
    expect(page.get_by_role("button", name="1 new run")).to_be_visible()
    assert row.bounding_box() == place
    page.evaluate("clearInterval(pointing)")
    expect(page.locator(f'a[href="/runs/{new}"]')).to_be_visible()
    expect(page.locator(f'a[href="/runs/{leaving}"]')).to_have_count(0)
    for run_id in (pointed, new):
        stack.revoke(run_id)


def test_the_list_is_narrowed_by_parent_and_time_in_its_address(
    stack: Dashboard, viewer: Viewer
) -> None:
    counted = _labelled(stack, "narrowed")
    nested = stack.start("nesting.nest", label="narrowed", depth=1, width=1, delay=0, steps=1)
    page = viewer.open("/?q=narrowed")
    rows = page.get_by_role("listitem")
    expect(rows).to_have_count(2)
    page.get_by_label("Parent").select_option("tasks.examples.nesting.nest")
    expect(rows).to_have_count(1)
    expect(page.locator(f'a[href="/runs/{nested}"]')).to_be_visible()
    page.get_by_label("Time").select_option("1h")
    assert page.url.endswith("/?name=tasks.examples.nesting.nest&time=1h&q=narrowed")
    page.reload()
    expect(rows).to_have_count(1)
    expect(page.locator(f'a[href="/runs/{counted}"]')).to_have_count(0)
    expect(page.get_by_label("Time")).to_have_value("1h")


def test_single_keys_lead_through_the_list(stack: Dashboard, viewer: Viewer) -> None:
    older = _labelled(stack, "by key")
    newer = _labelled(stack, "by key")
    page = viewer.open("/?q=by+key")
    expect(page.locator(f'a[href="/runs/{older}"]')).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(f'a[href="/runs/{newer}"]')).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f'a[href="/runs/{older}"]')).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{newer}")


def test_keys_are_listed_and_can_be_switched_off(stack: Dashboard, viewer: Viewer) -> None:
    _labelled(stack, "keys off")
    page = viewer.open("/?q=keys+off")
    expect(page.get_by_role("listitem").first).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Next run")
    dialog.get_by_label("Single keys act at once").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    expect(page.get_by_role("listitem").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator(".run-row:focus, dialog")).to_have_count(0)
    page.get_by_role("button", name="Keyboard").click()
    expect(dialog.get_by_label("Single keys act at once")).not_to_be_checked()


def test_a_paused_list_stands_still_and_says_what_waits(stack: Dashboard, viewer: Viewer) -> None:
    _labelled(stack, "held still")
    page = viewer.open("/?q=held+still")
    rows = page.get_by_role("listitem")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Pause", exact=True).click()
    _labelled(stack, "held still")
    pill = page.get_by_role("button", name="1 new run")
    expect(pill).to_be_visible()
    expect(rows).to_have_count(1)
    pill.click()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("Paused"))).to_have_count(0)


def test_older_runs_are_read_as_the_end_comes_near_and_are_followed(
    stack: Dashboard, viewer: Viewer
) -> None:
    oldest = stack.start("chatty.keep_tidy", label="a long list")
    for _ in range(60):
        stack.start("chatty.do_nothing", label="a long list")
    page = viewer.open("/?q=a+long+list")
    row = page.get_by_role("listitem").first
    expect(row).to_have_attribute("aria-setsize", "40")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(row).to_have_attribute("aria-setsize", "61")
    last = page.locator(f'a[href="/runs/{oldest}"]')
    last.scroll_into_view_if_needed()
    expect(last).to_have_attribute("data-state", re.compile("STARTED|PROGRESS"))
    stack.revoke(oldest)
    expect(last).to_have_attribute("data-state", "REVOKED", timeout=20_000)


def test_runs_that_come_while_somebody_reads_wait_above(stack: Dashboard, viewer: Viewer) -> None:
    for _ in range(38):
        stack.start("chatty.do_nothing", label="read in peace")
    page = viewer.open("/?q=read+in+peace")
    expect(page.get_by_role("listitem").first).to_have_attribute("aria-setsize", "38")
    page.evaluate("scrollTo(0, 600)")
    under = "document.elementFromPoint(600, 400).closest('[data-run-id]').dataset.runId"
    read = page.evaluate(under)
    new = [stack.start("chatty.do_nothing", label="read in peace") for _ in range(3)]
    pill = page.get_by_role("button", name="3 new runs")
    expect(pill).to_be_visible()
    assert page.evaluate(under) == read
    pill.click()
    expect(page.locator(f'a[href="/runs/{new[-1]}"]')).to_be_in_viewport()
    expect(pill).to_have_count(0)


def test_who_comes_by_key_sees_the_whole_of_a_parents_outcomes(
    stack: Dashboard, viewer: Viewer
) -> None:
    for name in ("counting.count_twice", "failing.fail_at", "nesting.nest"):
        few = {"limit": 1, "delay": 0} if "count" in name else {}
        stack.wait_for_end(stack.start(name, **few))
    page = viewer.open("/", viewport={"width": 360, "height": 760})
    strips = page.get_by_role("group", name="Recent outcomes").get_by_role("button")
    expect(strips.nth(2)).to_be_visible()
    strips.nth(0).focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(strips.nth(2)).to_be_focused()
    expect(strips.nth(2)).to_be_in_viewport(ratio=0.99)


def test_outcomes_are_told_of_runs_that_the_list_does_not_show(
    stack: Dashboard, viewer: Viewer
) -> None:
    stack.wait_for_end(stack.start("chatty.choose", colour="red"))
    page = viewer.open("/?state=active&q=nothing+like+it")
    bars = page.get_by_role("button", name="choose").locator("rect")
    expect(bars.first).to_be_visible()
    before = bars.count()
    stack.wait_for_end(stack.start("chatty.choose", colour="green"))
    expect(bars).to_have_count(before + 1)
