"""Takes a page in every look, and shows all pictures side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 760},
        "color_scheme": "light",
        "has_touch": True,
    },
    "phone-dark": {
        "viewport": {"width": 360, "height": 760},
        "color_scheme": "dark",
        "has_touch": True,
    },
    "tablet": {"viewport": {"width": 820, "height": 1100}, "color_scheme": "light"},
    "wide": {"viewport": {"width": 2560, "height": 1300}, "color_scheme": "light"},
}

SHEET = ("light", "dark", "phone")
"""The looks that stand side by side on a sheet,"""
ON_A_SHEET = 3
"""and of how many states: as many as can be read at once."""
STYLE = "<style>p{white-space:nowrap;overflow:auto;margin:0}img{margin:4px}h2{margin:4px}</style>"

Act = Callable[[Page], None]


class Album:
    """Takes the pictures, and the page that shows them."""

    def __init__(self, browser: Browser, folder: Path, words: list[str]) -> None:
        self.browser = browser
        self.folder = folder
        self.words = words
        self.missing: list[str] = []
        """What could not be taken; the other states are worth their pictures all the same."""
        folder.mkdir(parents=True, exist_ok=True)

    def take(
        self, name: str, url: str, act: Act | None = None, before: Act | None = None, **how: Any
    ) -> None:
        """Take one state in every look; `act` brings it about, `before` runs ahead of the page."""
        if self.words and not any(word in name for word in self.words):
            return
        for look, options in LOOKS.items():
            context = self.browser.new_context(**options, **how)
            context.set_default_timeout(10_000)
            page = context.new_page()
            try:
                if before:
                    before(page)
                page.goto(url)
                if how.get("java_script_enabled", True):
                    settle(page, loaded=before is None)
                if act:
                    act(page)
                page.screenshot(path=self.folder / f"{name}--{look}.png", animations="disabled")
            except (PlaywrightError, AssertionError) as error:
                self.missing.append(f"{name}--{look}")
                print(f"{name}, {look}: {str(error).splitlines()[0]}", file=sys.stderr)
            context.close()

    def bind(self) -> None:
        """Write the page with all of them, and sheets of a few states each, to be looked at."""
        names = sorted({one.name.split("--")[0] for one in self.folder.glob("*--*.png")})
        rows = "".join(_row(name, tuple(LOOKS)) for name in names)
        (self.folder / "index.html").write_text(f"<!doctype html>{STYLE}{rows}")
        page = self.browser.new_page(viewport={"width": 1600, "height": 900})
        for number in range(0, len(names), ON_A_SHEET):
            rows = "".join(_row(name, SHEET) for name in names[number : number + ON_A_SHEET])
            sheet = self.folder / f"sheet-{number // ON_A_SHEET + 1:02}"
            sheet.with_suffix(".html").write_text(f"<!doctype html>{STYLE}{rows}")
            page.goto(sheet.with_suffix(".html").absolute().as_uri())
            page.screenshot(path=sheet.with_suffix(".png"), full_page=True)
        page.close()


def _row(name: str, looks: tuple[str, ...]) -> str:
    images = "".join(f'<img height="420" src="{name}--{look}.png">' for look in looks)
    return f"<h2>{name}</h2><p>{images}</p>"


def settle(page: Page, loaded: bool = True) -> None:
    """Wait until the page has been drawn and nothing in it moves by itself any more."""
    if loaded:
        expect(page.locator("h1, h2").first).to_be_attached()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator("[data-connection=behind]")).to_have_count(0)
    page.evaluate("document.fonts.ready")
