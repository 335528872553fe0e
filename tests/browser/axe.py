"""The rules of accessibility that a page breaks, as axe-core finds them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import CHECKOUT

AXE = CHECKOUT / "node_modules" / "axe-core" / "axe.min.js"
_BROKEN = """async () => (await axe.run()).violations.map(
    ({help, nodes}) => `${help}: ${nodes.map(({target}) => target.join(" ")).join(", ")}`)"""


def broken_rules(page: Page) -> list[str]:
    """What it says of each that is broken, and where. Skips where axe-core isn't installed."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci brings it")
    page.evaluate(AXE.read_text())
    broken: list[str] = page.evaluate(_BROKEN)
    return broken
