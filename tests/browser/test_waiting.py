"""A run that waits says why, and its bar does not sway as if something went on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

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
