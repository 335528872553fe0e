"""What somebody does with an ended run, and what is not offered to who may only look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from inception.runs.model import State
from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.browser.roles import as_role
from tests.browser.states_seen import record_states, states_seen
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web


def test_a_retry_goes_on_from_the_failure(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", step=2, steps=3, once=True)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open(f"/runs/{run_id}")
    kept = stack.node(run_id, "0")
    expect(page.locator('[data-path="1"]')).to_have_attribute("data-state", "FAILURE")
    record_states(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator('[data-path="2"]')).to_have_attribute("data-state", "SUCCESS")
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "SUCCESS")
    expect(page.locator('[data-path="1"] .attempt')).to_have_count(1)
    assert states_seen(page)[0] == "FAILURE"
    assert states_seen(page)[-1] == "SUCCESS"
    assert stack.node(run_id, "0") == kept
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)


def test_who_retries_by_keyboard_stays_where_the_run_is_acted_on(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("failing.fail_at", step=2, steps=3, once=True)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Retry").press("Enter")
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "SUCCESS")
    expect(page.get_by_role("button", name="Label")).to_be_focused()


def test_an_ended_run_is_deleted_after_asking(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", label="to be deleted", limit=1, delay=0)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    other = viewer.open("/?q=to+be+deleted")
    row = other.locator(f'a[href="/runs/{run_id}"]')
    expect(row).to_be_visible()
    watching = viewer.open(f"/runs/{run_id}")
    expect(watching).to_have_title(re.compile("^Success"))
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete run").click()
    page.wait_for_url(lambda address: run_id not in address)
    expect(row).to_have_count(0)
    expect(watching).to_have_title("No such run · Inception")
    viewer.expected = ("404",)
    page.goto(f"/runs/{run_id}")
    expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()


def test_who_may_only_look_is_offered_nothing_to_do(stack: Dashboard, viewer: Viewer) -> None:
    ended = stack.start("failing.fail_at", step=1, steps=1)
    assert stack.wait_for_end(ended) == "FAILURE"
    page = viewer.open("/docs")
    as_role(page, "viewer")
    page.goto(f"/runs/{ended}")
    expect(page.get_by_role("tab", name="Error")).to_be_visible()
    for action in ("Retry", "Rerun", "Delete", "Revoke"):
        expect(page.get_by_role("button", name=action)).to_have_count(0)
    expect(page.get_by_role("link", name="Edit and run")).to_have_count(0)
    page.goto("/start")
    expect(page.get_by_role("heading", name="You may look, not start")).to_be_visible()
    expect(page.get_by_role("button", name="Start run")).to_have_count(0)


def test_an_operator_is_not_offered_to_delete(stack: Dashboard, viewer: Viewer) -> None:
    ended = stack.start("failing.fail_at", step=1, steps=1)
    assert stack.wait_for_end(ended) == "FAILURE"
    page = viewer.open("/docs")
    as_role(page, "operator")
    page.goto(f"/runs/{ended}")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)


def test_failures_are_gone_through_by_key_and_by_their_number(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("failing.fail_at", step=2, steps=3)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = viewer.open(f"/runs/{run_id}?node=0")
    details, failed = (
        page.get_by_role("complementary", name="Task"),
        page.locator('[data-path="1"]'),
    )
    expect(details).to_be_visible()
    for go in (
        lambda: page.keyboard.press("n"),
        page.get_by_role("button", name="1 Failure").click,
    ):
        go()
        expect(failed).to_be_focused()
        expect(details).to_contain_text("fails on purpose")
        page.keyboard.press("Escape")
        expect(details).to_have_count(0)


def test_text_selected_beyond_a_dialogs_edge_leaves_it_open(
    stack: Dashboard, viewer: Viewer
) -> None:
    run_id = stack.start("chatty.count_down", steps=600, pause=0.1)
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("button", name="Revoke").first.click()
    reason = page.get_by_label("Reason")
    reason.fill("given with care")
    place = reason.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 30, place["y"] + 10)
    page.mouse.down()
    page.mouse.move(5, place["y"] + 10)
    page.mouse.up()
    expect(reason).to_have_value("given with care")
    page.mouse.click(5, 300)
    expect(page.get_by_role("dialog")).to_have_count(0)
    stack.revoke(run_id)


def test_a_dialog_that_is_closed_gives_the_focus_back(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("chatty.count_down", steps=600, pause=0.1)
    page = viewer.open(f"/runs/{run_id}")
    revoke = page.get_by_role("button", name="Revoke").first
    revoke.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(revoke).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").fill("by keyboard alone")
    page.keyboard.press("Enter")
    expect(page.locator(".run-head [data-state]")).to_have_attribute("data-state", "REVOKED")
    assert stack.run(run_id)["revoke"]["reason"] == "by keyboard alone"


@pytest.mark.parametrize("path", ["", "?node=0"])
def test_who_is_asked_about_what_ends_meanwhile_is_told_and_types_on_in_peace(
    viewer: Viewer, web: Web, owner: Owner, path: str
) -> None:
    held = owner.begin()
    held.spawn("0")
    held.progress("0", 1)
    page = viewer.open(f"{web.address}/runs/{held.id}{path}")
    name = "Revoke this task" if path else "Revoke"
    page.get_by_role("button", name=name, exact=True).click()
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    page.keyboard.type("e")
    held.write("0", state=State.SUCCESS)
    held.end()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("has ended meanwhile: there is nothing left to revoke.")
    page.keyboard.type("f n")
    expect(reason).to_have_value("ef n")
    expect(dialog.get_by_role("button", name=re.compile("Revoke"))).to_be_disabled()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
