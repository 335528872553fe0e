"""What opens beside the tree: output, values too large for an event, the task's own revoke."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.chatty import LARGE
from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.scripts import wait_for_scripts


def test_a_row_tells_what_its_task_was_called_with_and_what_it_does(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("chatty.count_down", steps=600, pause=0.1)
    for width in (1440, 1000):
        page = viewer.open(f"/runs/{run_id}", viewport={"width": width, "height": 800})
        row = page.locator('[data-path="0"]')
        expect(row).to_have_attribute("data-state", "PROGRESS")
        expect(row.locator(".name-call")).to_contain_text("600")
        expect(row.get_by_text("Ticking").locator("visible=true")).to_have_count(1)
    stack.revoke(run_id)


def test_what_a_task_prints_is_followed_live(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=20, pause=0.2)
    page = viewer.open(f"/runs/{run_id}?node=0&tab=log")
    output = page.get_by_role("group", name="Output")
    expect(output).to_contain_text("line 3 <b>of</b> 20")
    assert stack.run(run_id)["state"] not in ("SUCCESS", "FAILURE")
    expect(output).to_contain_text("line 19 <b>of</b> 20")
    expect(output.locator("b")).to_have_count(0)
    expect(output.locator(".log-line")).to_have_count(20)


def test_a_large_value_is_read_once_the_task_is_opened(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=1, pause=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    page.locator('[data-path="0"]').click()
    details = page.get_by_role("complementary", name="Task")
    expect(details.get_by_text(re.compile(f"^v{{{LARGE}}}$"))).to_be_visible()


def test_a_value_that_could_not_be_read_is_read_once_the_connection_is_back(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = ("ERR_", "WebSocket")
    run_id = stack.start("chatty.listen", lines=1, pause=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    expect(page.get_by_role("complementary", name="Run")).to_be_visible()
    wait_for_scripts(page)
    with stack.without_web():
        expect(page.get_by_role("status")).to_have_text("Connection lost")
        page.locator('[data-path="0"]').click()
        details = page.get_by_role("complementary", name="Task")
        expect(details.get_by_text("The server did not answer.")).to_be_visible()
    expect(details.get_by_text(re.compile(f"^v{{{LARGE}}}$"))).to_be_visible()
    expect(details.get_by_text("The server did not answer.")).to_be_hidden()


def test_one_task_can_be_revoked_by_itself(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("nesting.nest", depth=1, width=2, delay=0.5, steps=100)
    page = viewer.open(f"/runs/{run_id}?node=0")
    page.get_by_role("button", name="Revoke this task").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke task").click()
    first, second = (page.locator(f'[data-path="{path}"]') for path in ("0", "1"))
    expect(first).to_have_attribute("data-state", "REVOKED", timeout=20_000)
    expect(second).not_to_have_attribute("data-state", "REVOKED")
    page.get_by_role("button", name="Revoke", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke run").click()
    expect(second).to_have_attribute("data-state", "REVOKED", timeout=20_000)


def test_every_tab_of_a_task_has_an_address(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=1, pause=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}?node=0")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_text(["Overview", "Value", "Arguments", "Log"])
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Value")).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("?node=0&tab=arguments")
    page.reload()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Arguments")
    expect(page.get_by_role("tabpanel")).to_contain_text("[ 1, 0 ]")


def test_leaving_a_task_by_key_leads_back_to_its_row(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=3, pause=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    row, details = page.locator('[data-path="0"]'), page.get_by_role("complementary", name="Task")
    row.focus()
    page.keyboard.press("Enter")
    details.get_by_role("tab", name="Log").click()
    search = page.get_by_label("Search the output")
    search.fill("line")
    search.press("Escape")
    expect(search).to_have_value("")
    expect(details).to_be_visible()
    search.press("Escape")
    expect(details).to_have_count(0)
    expect(row).to_be_focused()


def test_a_log_is_searched_and_kept_as_a_file(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.listen", lines=12, pause=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}?node=0&tab=log")
    lines = page.get_by_role("group", name="Output").locator(".log-line")
    expect(lines).to_have_count(12)
    page.get_by_label("Search the output").fill("LINE 1")
    expect(lines).to_have_count(3)
    expect(page.get_by_text("3 of 12 lines")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"{run_id[:8]}-0-attempt-1.log"
    kept = download.value.path().read_text().splitlines()
    assert len(kept) == 12
    assert kept[0].endswith("line 0 <b>of</b> 12")
