"""Starting a run from the form that is drawn from the parent's schema."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard

COUNT_TWICE = "/start?name=tasks.examples.counting.count_twice"


def _start(page: Page) -> None:
    page.get_by_role("button", name="Start run").click()


def test_the_arguments_are_reached_past_the_list_of_parents(
    stack: Dashboard, viewer: Viewer
) -> None:
    page = viewer.open("/start?name=tests.browser.chatty.count_down")
    page.get_by_role("link", name="Skip to the arguments").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(
        page.get_by_role("button", name="Use these arguments").or_(page.locator("#arg-steps")).first
    ).to_be_focused()
    assert page.url.endswith("/start?name=tests.browser.chatty.count_down")


def test_a_run_starts_with_what_was_typed(stack: Dashboard, viewer: Viewer) -> None:
    page = viewer.open(COUNT_TWICE)
    expect(page.get_by_label("limit")).to_have_value("10")
    page.get_by_label("limit").fill("3")
    page.get_by_label("delay").fill("0.05")
    page.get_by_label("Name of this run").fill("typed")
    _start(page)
    page.wait_for_url(re.compile("/runs/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("typed")
    run = stack.run(page.url.rsplit("/", 1)[1])
    assert run["kwargs"] == {"limit": 3, "delay": 0.05}


def test_what_is_no_number_is_said_beside_its_field(viewer: Viewer) -> None:
    page = viewer.open(COUNT_TWICE)
    page.get_by_label("limit").fill("ten")
    _start(page)
    expect(page.get_by_label("limit")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("limit")).to_be_focused()
    expect(page.locator("#arg-limit-problem")).to_have_text("This must be a whole number.")
    assert "/start" in page.url


def test_an_objection_goes_as_soon_as_its_field_is_changed(viewer: Viewer) -> None:
    page = viewer.open(COUNT_TWICE)
    limit, delay = page.get_by_label("limit"), page.get_by_label("delay")
    limit.fill("ten")
    delay.fill("soon")
    _start(page)
    expect(page.get_by_role("alert")).to_contain_text("limit, delay need another value")
    limit.press("End")
    limit.press("Backspace")
    expect(page.locator("#arg-limit-problem")).to_have_count(0)
    expect(limit).not_to_have_attribute("aria-invalid", "true")
    assert "problem" not in (limit.get_attribute("aria-describedby") or "")
    expect(limit).to_be_focused()
    expect(delay).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("delay needs another value")
    delay.fill("0.1")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (2560, 1440)])
def test_the_chosen_parent_stands_whole_in_the_window(
    viewer: Viewer, size: tuple[int, int]
) -> None:
    page = viewer.open("/start")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.locator(".parent").first.wait_for()
    addresses = page.locator(".parent").evaluate_all("all => all.map(one => one.href)")
    for address in (addresses[-1], addresses[len(addresses) // 2]):
        page.goto(address)
        expect(page.locator(".parent[aria-current]")).to_be_in_viewport(ratio=1)


def test_the_server_s_objections_stand_beside_their_fields(viewer: Viewer) -> None:
    viewer.expected = ("422",)

    def refuse(route: Route) -> None:
        fields = [{"path": "/delay", "message": "is less than 0"}, {"path": "", "message": "odd"}]
        error = {"code": "invalid_arguments", "message": "no", "fields": fields}
        route.fulfill(status=422, json={"error": error})

    page = viewer.open(COUNT_TWICE)
    page.route("**/api/v1/runs", refuse)
    _start(page)
    expect(page.locator("#arg-delay-problem")).to_have_text("is less than 0")
    expect(page.get_by_role("alert")).to_contain_text("odd")
    expect(page.get_by_label("limit")).not_to_have_attribute("aria-invalid", "true")


def test_choosing_another_parent_draws_its_form(viewer: Viewer) -> None:
    page = viewer.open("/start")
    page.get_by_role("link", name="fail_at").click()
    expect(page.get_by_label("once")).to_be_visible()
    assert page.url.endswith("name=tasks.examples.failing.fail_at")
    expect(page.get_by_label("once")).not_to_be_checked()


def test_a_run_can_be_edited_and_run_again(stack: Dashboard, viewer: Viewer) -> None:
    more = {"label": "Edited", "tags": ["nightly", "eu"]}
    run_id = stack.start("counting.count_twice", limit=4, delay=0, **more)  # type: ignore[arg-type]
    assert stack.wait_for_end(run_id) == "SUCCESS"
    page = viewer.open(f"/runs/{run_id}")
    page.get_by_role("link", name="Edit and run").click()
    expect(page.get_by_label("limit")).to_have_value("4")
    expect(page.get_by_label("Name of this run")).to_have_value("Edited")
    expect(page.get_by_label("Tags")).to_have_value("nightly, eu")


def test_every_kind_of_argument_arrives_as_what_it_is(stack: Dashboard, viewer: Viewer) -> None:
    page = viewer.open("/start?name=tests.browser.chatty.choose")
    page.get_by_label("colour").select_option("green")
    page.get_by_label("regions").fill("north\nsouth")
    page.get_by_label("ratio").fill("0.5")
    page.get_by_label("loud").uncheck()
    page.get_by_label("extra").fill('{"a": 1}')
    _start(page)
    page.wait_for_url(re.compile("/runs/"))
    run_id = page.url.rsplit("/", 1)[1]
    assert stack.wait_for_end(run_id) == "SUCCESS"
    assert stack.run(run_id)["value"] == ["green", ["north", "south"], 0.5, False, {"a": 1}]


def test_a_limit_the_server_knows_is_said_beside_its_field(viewer: Viewer) -> None:
    viewer.expected = ("422",)
    page = viewer.open("/start?name=tasks.examples.digits.select_model")
    page.get_by_label("folds").fill("1")
    _start(page)
    expect(page.locator("#arg-folds-problem")).to_contain_text("minimum of 2")


def _fill_the_letter(page: Page) -> None:
    page.locator("#arg-letter\\.to\\.street").fill("High Street")
    page.get_by_role("button", name="Add lines").click()
    page.get_by_role("button", name="Add lines").click()
    page.locator("#arg-lines\\.1\\.street").fill("Second")
    page.get_by_role("button", name="Remove lines 1").click()
    page.get_by_label("day").fill("2026-11-22")
    page.get_by_label("at", exact=True).fill("2026-11-22T10:30:00")


def test_objects_lists_of_objects_and_dates_are_typed_as_fields(
    stack: Dashboard, viewer: Viewer
) -> None:
    page = viewer.open("/start?name=tests.browser.chatty.post", timezone_id="Europe/Berlin")
    _fill_the_letter(page)
    page.get_by_label("Tags").fill("mail, nightly")
    _start(page)
    page.wait_for_url(re.compile("/runs/"))
    run = stack.run(page.url.rsplit("/", 1)[1])
    assert run["tags"] == ["mail", "nightly"]
    assert run["kwargs"]["letter"]["to"] == {"street": "High Street", "number": 1}
    assert run["kwargs"]["lines"] == [{"street": "Second", "number": 1}]
    assert (run["kwargs"]["day"], run["kwargs"]["at"]) == ("2026-11-22", "2026-11-22T09:30:00.000Z")


def test_the_last_arguments_are_offered_again_but_no_secret(
    stack: Dashboard, viewer: Viewer
) -> None:
    page = viewer.open("/start?name=tests.browser.chatty.post")
    expect(page.get_by_label("password")).to_have_attribute("type", "password")
    _fill_the_letter(page)
    _start(page)
    page.wait_for_url(re.compile("/runs/"))
    page.goto("/start?name=tests.browser.chatty.post")
    page.get_by_role("button", name="Use these arguments").click()
    expect(page.locator("#arg-lines\\.0\\.street")).to_have_value("Second")
    expect(page.get_by_label("day")).to_have_value("2026-11-22")
    expect(page.get_by_label("password")).to_have_value("")


def test_an_objection_to_a_list_stands_beside_its_place(viewer: Viewer) -> None:
    viewer.expected = ("422",)
    page = viewer.open("/start?name=tests.browser.chatty.post")
    _fill_the_letter(page)
    page.get_by_label("day").fill("")
    page.locator("#arg-lines\\.0\\.number").fill("many")
    _start(page)
    expect(page.locator("#arg-lines\\.0\\.number-problem")).to_contain_text("whole number")


def test_who_comes_back_finds_what_was_typed_but_no_secret(viewer: Viewer) -> None:
    page = viewer.open("/start?name=tests.browser.chatty.post")
    _fill_the_letter(page)
    page.get_by_label("password").fill("hunter2")
    page.get_by_label("Tags").fill("mail")
    page.reload()
    expect(page.locator("#arg-lines\\.0\\.street")).to_have_value("Second")
    expect(page.get_by_label("day")).to_have_value("2026-11-22")
    expect(page.get_by_label("Tags")).to_have_value("mail")
    expect(page.get_by_label("password")).to_have_value("")
    _start(page)
    page.wait_for_url(re.compile("/runs/"))
    page.go_back()
    expect(page.locator("#arg-letter\\.to\\.street")).to_have_value("High Street")
    expect(page.get_by_label("password")).to_have_value("")
    assert "hunter2" not in page.evaluate("JSON.stringify(history.state)")


def test_each_parent_s_form_is_left_as_it_is_while_another_is_looked_at(viewer: Viewer) -> None:
    page = viewer.open(COUNT_TWICE)
    page.get_by_label("limit").fill("77")
    page.get_by_role("link", name="fail_at").click()
    page.get_by_label("once").check()
    page.get_by_role("link", name="count_twice").click()
    expect(page.get_by_label("limit")).to_have_value("77")
    page.reload()
    expect(page.get_by_label("limit")).to_have_value("77")
    page.get_by_role("link", name="fail_at").click()
    expect(page.get_by_label("once")).to_be_checked()
    page.goto("/workers")
    page.goto(COUNT_TWICE)
    expect(page.get_by_label("limit")).to_have_value("10")


def test_the_chosen_parent_is_in_sight_in_a_list_longer_than_its_place(viewer: Viewer) -> None:
    phone = {"width": 360, "height": 700}
    page = viewer.open("/start?name=tests.browser.chatty.post", viewport=phone)
    expect(page.locator(".parent[aria-current]")).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("scrollY") == 0


def test_what_was_not_answered_says_so_until_the_connection_is_back(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = ("ERR_", "WebSocket")
    page = viewer.open(COUNT_TWICE)
    page.get_by_label("Name of this run").fill("cut off")
    summary = page.get_by_role("alert")
    with stack.without_web():
        _start(page)
        expect(summary).to_contain_text("The server did not answer.")
        page.get_by_label("Tags").focus()
    expect(summary).to_contain_text("It is back: if it was not done, try again.")
    expect(page.get_by_label("Tags")).to_be_focused()
    _start(page)
    page.wait_for_url(re.compile("/runs/"))


def test_parents_that_could_not_be_read_are_read_once_the_connection_is_back(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = ("503", "ERR_", "WebSocket")
    page = viewer.open("about:blank")
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        if len(refused) == 1:
            error = {"code": "store_unavailable", "message": "Redis is away."}
            route.fulfill(status=503, json={"error": error})
        else:
            route.continue_()

    page.route("**/api/v1/parents", refuse)
    page.goto(COUNT_TWICE)
    expect(page.get_by_text("Redis is away.")).to_be_visible()
    with stack.without_web():
        expect(page.get_by_role("status")).to_have_text("Connection lost")
    expect(page.get_by_label("limit")).to_be_visible()


def test_who_would_begin_with_a_deleted_run_s_arguments_is_told(
    stack: Dashboard, viewer: Viewer
) -> None:
    viewer.expected = ("404",)
    page = viewer.open(f"{COUNT_TWICE}&from=00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("The run to begin with is gone")).to_be_visible()
    expect(page.get_by_label("limit")).to_have_value("10")
