"""What MkDocs calls while it builds the site: patterns in the navigation, links out of docs/.

In `nav` of mkdocs.yml an entry with a `*` stands for all pages it matches, in order, none
included. Pages that no entry names come last, so that none is left out of the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

LAST: Final = "More"
LINK: Final = re.compile(r"\[([^\]]+)\]\((?P<target>\.\.?/[^)\s#]+)(?:#[^)]*)?\)")


def on_config(config: Any) -> Any:
    """Replace the patterns of the navigation by the pages they match."""
    docs = Path(config.docs_dir)
    pages = sorted(page.relative_to(docs).as_posix() for page in docs.rglob("*.md"))
    named = {name for name in _names(config.nav) if "*" not in name}
    config.nav = list(_filled(config.nav, pages, named))
    rest = [page for page in pages if page not in set(_names(config.nav))]
    if rest:
        config.nav.append({LAST: rest})
    return config


def on_page_markdown(markdown: str, *, page: Any, **_context: object) -> str:
    """Name the files of the checkout that a page links to: the site doesn't have them."""
    folder = PurePosixPath(page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        place = _resolved(folder / link["target"])
        if place is None:
            return link[0]
        if link[1].strip("`") == place:
            return f"{link[1]} in the checkout"
        return f"{link[1]} (`{place}` in the checkout)"

    return LINK.sub(named, markdown)


def _resolved(target: PurePosixPath) -> str | None:
    """The path from the checkout on, or None for what is under docs/."""
    parts: list[str] = ["docs"]
    for part in target.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return None if parts[:1] == ["docs"] else "/".join(parts)


def _names(entries: Any) -> Iterator[str]:
    """Every page and pattern of a navigation."""
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, dict):
        for value in entries.values():
            yield from _names(value)
    else:
        for entry in entries:
            yield from _names(entry)


def _filled(entries: list[Any], pages: list[str], named: set[str]) -> Iterator[Any]:
    for entry in entries:
        if isinstance(entry, str) and "*" in entry:
            matching = (page for page in pages if PurePosixPath(page).match(entry))
            yield from (page for page in matching if page not in named)
        elif isinstance(entry, dict):
            yield {
                title: list(_filled(value, pages, named)) if isinstance(value, list) else value
                for title, value in entry.items()
            }
        else:
            yield entry
