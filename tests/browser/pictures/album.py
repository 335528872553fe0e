"""Takes a page in every look, and shows all pictures side by side."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.axe import AXE, broken_rules


@dataclass(frozen=True, slots=True)
class Look:
    """How wide and high (px) a window is, and in which theme."""

    width: int
    height: int
    theme: Literal["light", "dark"] = "light"


MOUSE = {
    "light": Look(1440, 900),
    "dark": Look(1440, 900, "dark"),
    "wide": Look(2560, 1300),
}
TOUCH = {
    "phone": Look(360, 760),
    "phone-dark": Look(360, 760, "dark"),
    "tablet": Look(820, 1100),
}
LOOKS = {**MOUSE, **TOUCH}
BROWSERS = ((False, MOUSE), (True, TOUCH))
"""A page is opened once with a mouse and once with a finger, and takes all the looks of each."""
SCANNED = ("light", "dark", "phone", "phone-dark") if AXE.exists() else ()
"""The looks that are held to the rules of accessibility: each theme, wide and narrow. None where
axe-core isn't installed: `npm ci` brings it."""

SHEET = ((("light", "phone"), 560), (("dark", "phone-dark"), 560), (("wide", "tablet"), 420))
"""The looks that stand on a state's sheet, row by row, and how high (px): all are seen at once."""
STYLE = "<style>body,p{margin:0;white-space:nowrap}img{margin:2px}h2{margin:4px}</style>"

DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Until what was changed is on the screen."""

Act = Callable[[Page], None]


class Album:
    """Takes the pictures, and the page that shows them."""

    def __init__(self, browser: Browser, folder: Path, words: list[str]) -> None:
        self.browser = browser
        self.folder = folder
        self.words = words
        self.missing: list[str] = []
        """What could not be taken; the other states are worth their pictures all the same."""
        self.broken: list[str] = []
        """The states that break a rule of accessibility."""
        folder.mkdir(parents=True, exist_ok=True)

    def take(
        self, name: str, url: str, act: Act | None = None, before: Act | None = None, **how: Any
    ) -> None:
        """Take one state in every look; `act` brings it about, `before` runs ahead of the page."""
        if self.words and not any(word in name for word in self.words):
            return
        for has_touch, looks in BROWSERS:
            first = next(iter(looks.values()))
            size: ViewportSize = {"width": first.width, "height": first.height}
            context = self.browser.new_context(
                viewport=size, color_scheme=first.theme, has_touch=has_touch, **how
            )
            context.set_default_timeout(10_000)
            page = context.new_page()
            try:
                if before:
                    before(page)
                page.goto(url)
                has_scripts = how.get("java_script_enabled", True)
                if has_scripts:
                    settle(page, loaded=before is None)
                if act:
                    act(page)
                self.look_at(page, name, looks, has_scripts)
            except (PlaywrightError, AssertionError) as error:
                self.missing.append(name)
                print(f"{name}, {'/'.join(looks)}: {str(error).splitlines()[0]}", file=sys.stderr)
            context.close()

    def look_at(self, page: Page, name: str, looks: dict[str, Look], has_scripts: bool) -> None:
        """Take the page as it stands, in each of the looks."""
        for look, window in looks.items():
            resize(page, window, has_scripts)
            page.screenshot(path=self.folder / f"{name}--{look}.png", animations="disabled")
            if look in SCANNED:
                self.scan(page, f"{name}, {look}", has_scripts)

    def scan(self, page: Page, what: str, has_scripts: bool) -> None:
        """Say which rules of accessibility the page breaks as it stands."""
        scanned = page if has_scripts else self.copied(page)
        for rule in broken_rules(scanned):
            self.broken.append(what)
            print(f"{what}: {rule}", file=sys.stderr)
        if scanned is not page:
            scanned.close()

    def copied(self, page: Page) -> Page:
        """The document as it is shown without scripts, where axe-core's own can run."""
        shown = re.sub(r"<script.*?</script>|</?noscript>", "", page.content(), flags=re.DOTALL)
        copy = self.browser.new_page(viewport=page.viewport_size)
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        copy.emulate_media(color_scheme="dark" if dark else "light")
        copy.route(page.url, lambda route: route.fulfill(body=shown, content_type="text/html"))
        copy.goto(page.url)
        return copy

    def bind(self) -> None:
        """Write the page with all of them, and a sheet of each state, to be looked at."""
        names = sorted({one.name.split("--")[0] for one in self.folder.glob("*--*.png")})
        everything = "".join(f"<h2>{name}</h2>{_row(name, tuple(LOOKS), 420)}" for name in names)
        (self.folder / "index.html").write_text(f"<!doctype html>{STYLE}{everything}")
        page = self.browser.new_page(viewport={"width": 1180, "height": 1570})
        for name in names:
            rows = "".join(_row(name, looks, height) for looks, height in SHEET)
            sheet = self.folder / f"sheet-{name}"
            sheet.with_suffix(".html").write_text(f"<!doctype html>{STYLE}{rows}")
            page.goto(sheet.with_suffix(".html").absolute().as_uri())
            page.screenshot(path=sheet.with_suffix(".png"))
        page.close()


def _row(name: str, looks: tuple[str, ...], height: int) -> str:
    images = "".join(f'<img height="{height}" src="{name}--{look}.png">' for look in looks)
    return f"<p>{images}</p>"


def resize(page: Page, look: Look, has_scripts: bool) -> None:
    """Look at the page that way; without scripts it has nothing to draw anew by itself."""
    page.set_viewport_size({"width": look.width, "height": look.height})
    page.emulate_media(color_scheme=look.theme)
    if has_scripts:
        page.evaluate(DRAWN)


def settle(page: Page, loaded: bool = True) -> None:
    """Wait until the page has been drawn and nothing in it moves by itself any more."""
    if loaded:
        expect(page.locator("h1, h2").first).to_be_attached()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator("[data-connection=behind]")).to_have_count(0)
        page.wait_for_load_state("networkidle")  # also what is loaded after the first rows
    page.evaluate("document.fonts.ready")
