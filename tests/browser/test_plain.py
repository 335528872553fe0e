"""Without scripts: the list, a run with its tasks, values and errors, and a form that revokes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Viewer
from tests.browser.dashboard import Dashboard
from tests.running import eventually


def _open(viewer: Viewer, path: str, **options: object) -> Page:
    return viewer.open(path, java_script_enabled=False, **options)


def test_the_list_is_read_and_searched(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", label="plain <b>list</b>", step=1, steps=1)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = _open(viewer, "/")
    page.get_by_role("searchbox").fill("plain <b>")
    page.get_by_role("searchbox").press("Enter")
    row = page.get_by_role("row").filter(has_text="plain <b>list</b>")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Step 1 fails on purpose.")
    page.get_by_role("link", name="Success").click()
    expect(page.get_by_text("No run matches.")).to_be_visible()
    page.get_by_role("link", name="Failure").click()
    expect(page.get_by_role("searchbox")).to_have_value("plain <b>")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plain <b>list</b>")


def test_a_run_shows_its_tree_values_and_errors(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("failing.fail_at", step=2, steps=2)
    assert stack.wait_for_end(run_id) == "FAILURE"
    page = _open(viewer, f"/runs/{run_id}")
    failed = page.locator('[data-plain-path="1"]')
    expect(failed).to_contain_text("Failure")
    expect(failed.get_by_text("Traceback (most recent call last)")).to_be_visible()
    done = page.locator('[data-plain-path="0"]')
    done.get_by_text("Details").click()
    expect(done.get_by_role("heading", name="Value")).to_be_visible()
    expect(page.get_by_text("Connecting")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_plain_form_revokes(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=1000, delay=0.1)
    page = _open(viewer, f"/runs/{run_id}")
    page.get_by_label("Reason").fill("by form")
    page.get_by_role("button", name="Revoke").click()
    page.wait_for_url(f"**/runs/{run_id}")
    expect(page.get_by_text("by form")).to_be_visible()
    eventually(lambda: stack.run(run_id)["state"] == "REVOKED", 20, "it is revoked")
    page.reload()
    expect(page.get_by_text("Revoked", exact=True).first).to_be_visible()


def test_a_run_that_is_not_there_is_said_to_be_gone(viewer: Viewer) -> None:
    page = _open(viewer, "/runs/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("heading", level=1)).to_have_text("This run cannot be shown")
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_plain_pages_fit_a_phone(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("nesting.nest", depth=3, width=1, delay=0, steps=1)
    assert stack.wait_for_end(run_id) == "SUCCESS"
    for path in ("/", f"/runs/{run_id}"):
        page = _open(viewer, path, viewport={"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [721, 820, 1020, 1440])
def test_a_label_of_many_words_takes_few_lines_beside_what_else_is_said(
    stack: Dashboard, viewer: Viewer, width: int
) -> None:
    label = "Pictures of the archive " * 8
    stack.start("counting.count_twice", label=label, limit=1, delay=0)
    page = _open(viewer, "/?q=Pictures+of+the", viewport={"width": width, "height": 800})
    link = page.locator(".plain-runs").get_by_role("link").first
    expect(link).to_contain_text("Pictures of the archive Pictures")
    assert link.evaluate("one => one.getClientRects().length") <= 3


def test_scripts_take_the_plain_page_away(stack: Dashboard, viewer: Viewer) -> None:
    run_id = stack.start("counting.count_twice", limit=1, delay=0)
    page = viewer.open(f"/runs/{run_id}")
    expect(page.locator('[data-path="0"]')).to_be_visible()
    expect(page.locator("#plain")).to_have_count(0)


def test_a_label_written_backwards_turns_nothing_beside_it(
    stack: Dashboard, viewer: Viewer
) -> None:
    stack.start("counting.count_twice", label="plain \u202eexe.txt", limit=1, delay=0)
    page = _open(viewer, "/?q=plain+%E2%80%AEexe")
    row = page.get_by_role("row").filter(has_text="exe.txt")
    label, name = row.get_by_role("link").bounding_box(), row.locator(".muted").bounding_box()
    assert label is not None
    assert name is not None
    assert name["x"] >= label["x"] + label["width"] - 1
