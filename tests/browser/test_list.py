"""The list of runs: how many there are, what it is narrowed to, keys, and a list held still."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

SHORT = {"limit": 1, "delay": 0}


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
