"""Acting on many runs at once: choosing them, being asked, following it, seeing it elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.roles import as_role
from tests.running import eventually

SHORT = {"limit": 1, "delay": 0}
MORE_THAN_A_PAGE = 60
"""Runs; a page of the list holds 40."""


def _ended(stack: Dashboard, label: str, count: int) -> list[str]:
    ids = [stack.start("counting.count_twice", label=label, **SHORT) for _ in range(count)]
    for run_id in ids:
        assert stack.wait_for_end(run_id) == "SUCCESS"
    return ids


def _box(page: Page, run_id: str) -> Locator:
    frame = page.get_by_role("listitem").filter(has=page.locator(f'a[href="/runs/{run_id}"]'))
    return frame.get_by_role("checkbox")


def _bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Selected runs")


def test_chosen_runs_are_revoked_at_once_and_two_browsers_see_it(
    stack: Dashboard, viewer: Viewer
) -> None:
    ids = [stack.start("chatty.keep_tidy", label="stop us") for _ in range(3)]
    spared = stack.start("chatty.keep_tidy", label="stop us")
    page, other = viewer.open("/?q=stop+us"), viewer.open("/?q=stop+us")
    for each in (page, other):
        expect(each.get_by_role("listitem")).to_have_count(4)
    for run_id in ids:
        _box(page, run_id).check()
    expect(_bar(page)).to_contain_text("3 selected")
    _bar(page).get_by_role("button", name="Revoke 3").click()
    dialog = page.get_by_role("dialog", name="Revoke 3 runs?")
    expect(dialog).to_contain_text("everything under it")
    dialog.get_by_role("button", name="Revoke 3 runs").click()
    expect(dialog).to_have_count(0)
    expect(_bar(page)).to_contain_text("Asked to stop 3 runs.")
    for each in (page, other):
        for run_id in ids:
            row = each.locator(f'a[href="/runs/{run_id}"]')
            expect(row).to_have_attribute("data-state", "REVOKED", timeout=20_000)
        expect(each.locator(f'a[href="/runs/{spared}"]')).not_to_have_attribute(
            "data-state", "REVOKED"
        )
    stack.revoke(spared)


def test_a_range_is_chosen_by_mouse_and_by_key(stack: Dashboard, viewer: Viewer) -> None:
    oldest, *_, newest = _ended(stack, "in a range", 4)
    page = viewer.open("/?q=in+a+range")
    expect(page.get_by_role("listitem")).to_have_count(4)
    _box(page, newest).click()
    _box(page, oldest).click(modifiers=["Shift"])
    expect(_bar(page)).to_contain_text("4 selected")
    page.get_by_role("button", name="Clear the selection").click()
    expect(_bar(page)).to_have_count(0)
    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(_bar(page)).to_contain_text("3 selected")
    page.keyboard.press("a")
    expect(_bar(page)).to_contain_text("4 selected")
    page.keyboard.press("a")
    expect(_bar(page)).to_have_count(0)


def test_all_that_match_are_deleted_also_those_not_listed(stack: Dashboard, viewer: Viewer) -> None:
    for _ in range(MORE_THAN_A_PAGE):
        stack.start("chatty.do_nothing", label="sweep me")
    page = viewer.open("/?state=success&q=sweep+me")
    tab = page.get_by_role("button", name=re.compile("^Success [0-9]"))
    expect(tab).to_have_text(re.compile(f"Success\\s+{MORE_THAN_A_PAGE}$"), timeout=40_000)
    page.reload()
    page.get_by_label("Select all shown").check()
    expect(_bar(page)).to_contain_text("40 selected")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_label("Select all shown")).not_to_be_checked()  # more of them are listed
    _bar(page).get_by_role("button", name=f"Select all {MORE_THAN_A_PAGE} that match").click()
    expect(_bar(page)).to_contain_text(f"All {MORE_THAN_A_PAGE} selected")
    spared = stack.start("chatty.do_nothing", label="sweep me not")
    assert stack.wait_for_end(spared) == "SUCCESS"
    _bar(page).get_by_role("button", name=re.compile("^Delete")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("state Success, “sweep me”")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(_bar(page)).to_contain_text(f"Deleted {MORE_THAN_A_PAGE} runs.", timeout=30_000)
    expect(page.get_by_role("listitem")).to_have_count(1)
    assert stack.exists(spared)
    expect(page.locator("#announcer")).to_contain_text(f"Deleted {MORE_THAN_A_PAGE} runs.")
    page.get_by_role("button", name="Dismiss").click()
    expect(_bar(page)).to_have_count(0)


def test_it_is_shown_how_far_the_server_is(stack: Dashboard, viewer: Viewer) -> None:
    """As it answered: an action on sixty runs is over before anybody has looked."""
    (run_id,) = _ended(stack, "part of many", 1)
    answer = {
        "id": "0" * 32, "action": "delete", "by": "", "total": 60, "done": 15, "failed": 0,
        "failures": [], "created_at": 0, "finalized_at": None,
    }  # fmt: skip
    page = viewer.open("/?q=part+of+many")
    page.route("**/api/v1/bulk", lambda route: route.fulfill(status=202, json=answer))
    _box(page, run_id).check()
    _bar(page).get_by_role("button", name="Delete 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 run").click()
    progress = _bar(page).get_by_role("progressbar")
    expect(progress).to_have_attribute("aria-valuenow", "15")
    expect(progress).to_have_attribute("aria-valuemax", "60")


def test_what_the_server_refuses_is_named(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", label="refuse me", step=1, steps=1)
    other = stack.start("failing.fail_at", label="refuse me", step=1, steps=1)
    for each in (run_id, other):
        assert stack.wait_for_end(each) == "FAILURE"
    page = viewer.open("/?q=refuse+me")
    expect(page.get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Select all shown").check()
    _bar(page).get_by_role("button", name="Delete 2").click()
    stack.delete(run_id)
    page.get_by_role("dialog").get_by_role("button", name="Delete 2 runs").click()
    expect(_bar(page)).to_contain_text("Deleted 1 of 2 runs.")
    _bar(page).get_by_text("1 refusal").click()
    expect(_bar(page).get_by_role("link", name=run_id[:8])).to_be_visible()
    eventually(lambda: not stack.exists(other), 10, "the other one is deleted")


@pytest.mark.parametrize(("role", "offered"), [("viewer", []), ("operator", ["Revoke", "Retry"])])
def test_only_what_a_role_may_do_is_offered(
    stack: Dashboard, viewer: Viewer, role: str, offered: list[str]
) -> None:
    _ended(stack, f"as {role}", 1)
    page = viewer.open("/docs")
    as_role(page, role)
    page.goto(f"/?q=as+{role}")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("x")
    names = _bar(page).locator(".actions .button")
    expect(names).to_have_text(offered)
    expect(page.get_by_role("checkbox")).to_have_count(2 if offered else 0)


def test_letting_go_of_all_leaves_the_focus_at_the_list(stack: Dashboard, viewer: Viewer) -> None:
    (run_id,) = _ended(stack, "let go", 1)
    page = viewer.open("/?q=let+go")
    _box(page, run_id).check()
    page.keyboard.press("b")
    expect(_bar(page).get_by_role("button", name="Delete 1")).to_be_visible()
    page.get_by_role("button", name="Clear the selection").press("Enter")
    expect(_bar(page)).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()
