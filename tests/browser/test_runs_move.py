"""What somebody sees who only looks: runs appear, move and end without a reload."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.states_seen import record_states, states_seen

LIVE = re.compile("^live$")


def test_a_run_moves_and_ends_without_a_reload(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=10, delay=0.2)
    page = viewer.open(f"/runs/{run_id}")
    bar = page.get_by_role("progressbar", name="Progress of the run")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d(\.\d)?$"))
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "SUCCESS")
    expect(bar).to_have_attribute("aria-valuenow", "100")
    expect(page.get_by_role("row")).to_have_count(2)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_the_tab_tells_how_the_run_ended(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", label="in the tab", limit=2, delay=0)
    page = viewer.open(f"/runs/{run_id}")
    expect(page).to_have_title("Success · in the tab · Inception")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/svg"))


def test_how_a_run_ended_is_said_to_who_does_not_see_it(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.count_down", label="said aloud", steps=600, pause=0.1)
    page = viewer.open(f"/runs/{run_id}")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    stack.revoke(run_id)
    expect(page.locator("#announcer")).to_contain_text("Run said aloud: Revoked.")


def test_a_new_run_appears_in_an_open_list(stack: Dashboard, viewer: Viewer) -> None:
    stack.start("counting.count_twice", limit=1, delay=0)
    page = viewer.open("/")
    expect(page.locator("html")).to_have_attribute("data-connection", LIVE)
    expect(page.get_by_role("listitem").first).to_be_visible()
    run_id = stack.start("counting.count_twice", label="fresh from the oven", limit=3, delay=0.1)
    row = page.locator(f'a[href="/runs/{run_id}"]')
    expect(row).to_contain_text("fresh from the oven")
    expect(row).to_have_attribute("data-state", "SUCCESS")
    expect(page.get_by_role("listitem").first.locator("a")).to_have_attribute(
        "href", f"/runs/{run_id}"
    )


def test_a_row_leads_to_its_run(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", label="follow me", limit=1, delay=0)
    page = viewer.open("/")
    page.locator(f'a[href="/runs/{run_id}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("follow me")
    assert page.url.endswith(f"/runs/{run_id}")


def test_the_list_is_narrowed_by_state_and_keeps_that_in_its_address(
    stack: Dashboard, viewer: Viewer
) -> None:
    failed = stack.start("failing.fail_at", step=1, steps=1)
    good = stack.start("counting.count_twice", limit=1, delay=0)
    assert stack.wait_for_end(failed) == "FAILURE"
    assert stack.wait_for_end(good) == "SUCCESS"
    page = viewer.open("/")
    page.get_by_role("button", name="Failure").click()
    expect(page.locator(f'a[href="/runs/{failed}"]')).to_be_visible()
    expect(page.locator(f'a[href="/runs/{good}"]')).to_have_count(0)
    assert page.url.endswith("/?state=failure")


def test_the_tree_shows_every_depth_and_folds_by_keyboard(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("nesting.nest", depth=2, width=2, delay=0.05, steps=2)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    first = page.locator('[data-path="0"]')
    inner = page.locator('[data-path="0.0"]')
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(inner).to_have_attribute("aria-level", "2")
    first.focus()
    first.press("ArrowLeft")
    expect(inner).to_have_count(0)
    first.press("ArrowRight")
    first.press("ArrowDown")
    expect(inner).to_be_focused()
    inner.press("Enter")
    expect(page.get_by_role("complementary", name="Task")).to_be_visible()
    assert page.url.endswith("?node=0.0")


def test_who_arrives_at_a_failed_run_sees_the_failure(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", step=2, steps=2)
    assert stack.wait_for_end(run_id) == "FAILURE"
    details = viewer.open(f"/runs/{run_id}").get_by_role("complementary", name="Task")
    expect(details.get_by_text("Traceback (most recent call last)")).to_be_visible()
    expect(details.locator("[data-state]").first).to_have_attribute("data-state", "FAILURE")


def test_what_users_supply_is_shown_as_text(stack: Dashboard, viewer: Viewer) -> None:
    label = "<img src=x onerror=alert(1)><b>bold</b>"
    run_id = stack.start("counting.count_twice", label=label, limit=1, delay=0)
    page = viewer.open(f"/runs/{run_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(label)
    expect(page.locator("main img, main b")).to_have_count(0)


def test_a_revoke_is_asked_back_then_seen_by_every_viewer(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.keep_tidy")
    page, other = viewer.open(f"/runs/{run_id}"), viewer.open(f"/runs/{run_id}")
    state = page.locator(".run-head [data-state]")
    for each in (page, other):
        expect(each.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
        record_states(each)
    page.get_by_role("button", name="Revoke").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("no longer needed")
    dialog.get_by_role("button", name="Revoke").click()
    for each in (page, other):
        shown = each.locator(".run-head [data-state]")
        expect(shown).to_have_attribute("data-state", "REVOKED", timeout=20_000)
        expect(each.locator(".run-message")).to_contain_text("no longer needed")
        assert states_seen(each)[-2:] == ["REVOKING", "REVOKED"]
    expect(dialog).to_have_count(0)
    expect(state).to_have_text("Revoked")
    expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "REVOKED")


def test_a_revoke_can_be_thought_better_of(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=1000, delay=0.1)
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stack.run(run_id)["revoke"] is None


def test_an_ended_run_starts_again_with_the_same_arguments(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("counting.count_twice", limit=3, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    page.get_by_role("button", name="Rerun").click()
    page.wait_for_url(lambda address: run_id not in address)
    expect(page.get_by_text(f"rerun of {run_id[:8]}")).to_be_visible()
    again = stack.run(page.url.rsplit("/", 1)[1])
    assert again["kwargs"] == stack.run(run_id)["kwargs"]


def test_an_unknown_run_says_so(viewer: Viewer) -> None:
    viewer.expected = ("404",)
    page = viewer.open("/runs/00000000-0000-0000-0000-000000000000")
    expect(page.get_by_role("heading").first).to_contain_text(
        re.compile("no such run|not found", re.I)
    )
