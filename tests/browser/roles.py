"""Pages as they are for another role than this browser's."""

from __future__ import annotations

from playwright.sync_api import Page

_AS_ROLE = """document.addEventListener("readystatechange", () => {
    if (document.readyState === "interactive") document.body.dataset.role = "%s";
})"""


def as_role(page: Page, role: str) -> None:
    """Let the pages opened from now on be those of that role."""
    page.add_init_script(_AS_ROLE % role)
