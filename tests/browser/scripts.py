"""When a page has all its scripts: some come after its first view."""

from __future__ import annotations

from playwright.sync_api import Page

_ALL_LOADED = """() => new Promise((resolve) => {
    const { imports } = JSON.parse(document.querySelector("[type=importmap]").text);
    const missing = new Set(Object.values(imports).map((one) => new URL(one, location).href));
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) missing.delete(one.name);
        if (!missing.size) resolve();
    }).observe({ type: "resource", buffered: true });
})"""


def wait_for_scripts(page: Page) -> None:
    """Return once all scripts of the page have been loaded."""
    page.evaluate(_ALL_LOADED)
