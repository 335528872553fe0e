"""The documentation's pages as tests see them: their blocks of code, and why some aren't run.

A block is run unless the line before its fence says why it is not:

    <!-- not run: needs root -->

What a shell is told is run beside the application; Python too, where that line says

    <!-- run beside the application -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
LANGUAGES = {"python", "console", "yaml", "nginx", "ini", "html", "text", "mermaid", "js", "json"}
FENCE = re.compile(
    r"^(?:<!-- (?:not run: (?P<why>[^\n]{8,})|(?P<beside>run beside the application)) -->\n)?"
    r"```(?P<language>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MARKER = re.compile(r"<!-- (?:not )?run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of code of a page; `line` counts from 0, `why_not` says why it isn't run.

    `beside` is for Python that needs the application.
    """

    page: Path
    line: int
    language: str
    text: str
    why_not: str | None
    beside: bool

    def commands(self) -> list[str]:
        """The commands of a console block, without what they print."""
        found = re.findall(r"^\$ ((?:.*\\\n)*.*)$", self.text, re.MULTILINE)
        return [str(command) for command in found]


def name_of(page: Path) -> str:
    """The page's path from the checkout on."""
    return page.relative_to(CHECKOUT).as_posix()


def blocks_of(page: Path, language: str | None = None) -> Iterator[Block]:
    """The page's blocks, of one language if that is named."""
    text = page.read_text()
    for fence in FENCE.finditer(text):
        if language in (None, fence["language"]):
            yield Block(
                page=page,
                line=text.count("\n", 0, fence.start("text")),
                language=fence["language"],
                text=fence["text"],
                why_not=fence["why"],
                beside=fence["beside"] is not None,
            )


def pages_with(language: str) -> list[Path]:
    """The pages that have such blocks."""
    return [page for page in PAGES if any(blocks_of(page, language))]
