"""What one does on a run's page, another browser sees at once."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.states_seen import record_states, states_seen


def test_a_revoke_is_seen_by_two_with_each_tasks_fate(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.keep_tidy")
    acting, looking = viewer.open(f"/runs/{run_id}"), viewer.open(f"/runs/{run_id}")
    for page in (acting, looking):
        expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "PROGRESS")
    record_states(looking)
    acting.get_by_role("button", name="Revoke").first.click()
    dialog = acting.get_by_role("dialog")
    expect(dialog).to_contain_text("1 unfinished task gets a few seconds to clean up")
    dialog.get_by_label("Reason").fill("Wrong numbers")
    dialog.get_by_role("button", name="Revoke run").click()
    for page in (acting, looking):
        expect(page.get_by_text("Wrong numbers")).to_be_visible()
        expect(page.get_by_role("button", name="Revoking…")).to_be_disabled()
    for page in (acting, looking):
        expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "REVOKED")
        expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "REVOKED")
    assert states_seen(looking)[-2:] == ["REVOKING", "REVOKED"]


def test_why_a_branch_is_revoked_is_read_at_each_task_of_it(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("nesting.nest", depth=2, width=2, delay=0.1, steps=600)
    acting = viewer.open(f"/runs/{run_id}?node=0")
    above, below = acting, viewer.open(f"/runs/{run_id}?node=0.0")
    acting.get_by_role("button", name="Revoke this task").click()
    dialog = acting.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Not this branch")
    dialog.get_by_role("button", name="Revoke task").click()
    for page in (above, below):
        details = page.get_by_role("complementary", name="Task")
        expect(details).to_contain_text("Revoked by local: Not this branch")
    below.locator('[data-path="1"]').click()
    expect(details.get_by_role("heading", level=2)).to_be_visible()
    expect(details).not_to_contain_text("Not this branch")
    stack.revoke(run_id)


def test_a_label_and_tags_are_given_on_the_page_and_seen_elsewhere(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    acting, looking = viewer.open(f"/runs/{run_id}"), viewer.open(f"/runs/{run_id}")
    expect(looking.get_by_role("heading", level=1)).to_have_text("count_twice")
    acting.get_by_role("button", name="Label").click()
    acting.get_by_role("textbox", name="Label").fill("Nightly")
    acting.get_by_role("textbox", name="Tags").fill("north, weekly, north")
    acting.get_by_role("button", name="Save").click()
    expect(acting.get_by_role("dialog")).to_have_count(0)
    for page in (acting, looking):
        expect(page.get_by_role("heading", level=1)).to_have_text("Nightly")
        expect(page.locator(".run-facts .tag")).to_have_text(["north", "weekly"])
    assert stack.run(run_id)["state"] == "SUCCESS"
