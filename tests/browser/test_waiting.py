"""A run that waits says why, and its bar does not sway as if something went on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from inception.runs.model import State
from inception.runs.records import Beat
from tests.browser.conftest import Viewer
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web

SWAYS = re.compile("progress-unknown")


@pytest.fixture
def address(web: Web) -> str:
    return web.address


def _tells(page: Page, words: str) -> None:
    expect(page.get_by_text(words, exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar").first).not_to_have_class(SWAYS)


@pytest.mark.parametrize("path", ["/", "/runs/{}"])
def test_a_run_tells_that_its_tasks_wait_and_then_moves(
    viewer: Viewer, owner: Owner, path: str
) -> None:
    held = owner.begin()
    held.spawn("0", "1")
    page = viewer.open(path.format(held.id))
    _tells(page, "2 tasks wait for a worker.")
    held.progress("0", 0)
    expect(page.get_by_text("wait for a worker")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/runs/{}"])
def test_a_run_that_nobody_has_begun_waits_for_its_turn(
    viewer: Viewer, owner: Owner, path: str
) -> None:
    page = viewer.open(path.format(owner.create()))
    _tells(page, "Waits for its turn to begin.")


def test_a_nested_run_stands_still_too_while_all_its_tasks_wait(
    viewer: Viewer, owner: Owner
) -> None:
    held = owner.begin()
    held.spawn("0", kind="parent")
    held.write("0", state=State.STARTED)
    held.spawn("0.0")
    page = viewer.open(f"/runs/{held.id}")
    _tells(page, "1 task waits for a worker.")
    bar = page.locator('.tree-row[data-path="0"] .progress-fill')
    expect(bar).to_be_hidden()
    held.write("0.0", state=State.STARTED)
    expect(bar).to_be_visible()
    expect(page.get_by_role("progressbar").first).to_have_class(SWAYS)
    expect(page.get_by_text("waits for a worker")).to_be_hidden()


def _beat(owner: Owner, busy: int) -> None:
    """The one compute worker, whose two slots are taken by `busy` tasks of others."""
    running = [("another", str(number), 1) for number in range(busy)]
    owner.store.beat(
        Beat(
            process="here:compute:1",
            kind="compute",
            host="here",
            pid=1,
            name="compute@here",
            slots=2,
            queues=["children"],
            running=running,
            stopping=False,
            counter=busy,
        )
    )


def test_that_all_slots_are_busy_is_said_of_a_run_and_of_a_task_that_wait(
    viewer: Viewer, owner: Owner
) -> None:
    held = owner.begin()
    held.spawn("0", "1")
    held.progress("1", 5)
    waits = owner.begin()
    waits.spawn("0")
    _beat(owner, busy=2)
    pages = [viewer.open(f"/runs/{held.id}?node=0"), viewer.open(f"/runs/{waits.id}")]
    for page in pages:
        expect(page.get_by_role("link", name="all 2 slots are busy")).to_have_attribute(
            "href", "/workers"
        )
    _beat(owner, busy=1)
    for page in pages:
        expect(page.get_by_text("slots are busy")).to_be_hidden()
    _beat(owner, busy=2)
    for page in pages:
        expect(page.get_by_text("slots are busy")).to_be_visible()
    held.progress("0", 1)
    expect(pages[0].get_by_text("slots are busy")).to_be_hidden()
