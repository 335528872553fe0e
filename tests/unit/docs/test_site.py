"""The documentation's site: built without a warning, and nothing in it asks another server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.documents import CHECKOUT, PAGES, name_of

ASKS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "srcset"}
"""What a browser loads by itself, and the attribute that says from where."""

pytestmark = pytest.mark.docs


class Loaded(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(ASKS.get(tag, "")) or ""
        if re.match(r"(?:https?:)?//", address):
            self.foreign.append(f"{tag} {address}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=CHECKOUT,
        # No proxy answers there: whatever asked another server while it builds would fail.
        env={
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            **dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:1"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    return folder


def built_pages(site: Path) -> list[Path]:
    """What the pages under docs/ became."""
    names = [name_of(page).removeprefix("docs/") for page in PAGES[1:]]
    names = [name.replace("README.md", "index.md") for name in names]
    return [(site / name).with_suffix(".html") for name in names]


def test_every_page_is_built(site: Path) -> None:
    assert [page.name for page in built_pages(site) if not page.exists()] == []


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    found = {}
    for page in built_pages(site):
        loaded = Loaded()
        loaded.feed(page.read_text())
        found[page.name] = loaded.foreign
    assert len(found) > 10
    assert {page: foreign for page, foreign in found.items() if foreign} == {}


def test_the_reference_is_made_of_the_docstrings(site: Path) -> None:
    text = (site / "reference/python.html").read_text()
    assert "watch_all" in text
    assert "Start a signature as a child" in text or "at most" in text
