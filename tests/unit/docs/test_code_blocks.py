"""The Python in the documentation is run, in test mode: no server, no broker.

The blocks of one page are one program, from top to bottom. A block that is marked as not run is
compiled all the same. What needs the application is run by the acceptance tests.
"""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
import yaml

from tests.documents import LANGUAGES, MARKER, PAGES, Block, blocks_of, name_of, pages_with

LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")

pytestmark = pytest.mark.docs


@pytest.mark.parametrize("page", pages_with("python"), ids=name_of)
def test_the_code_of_a_page_runs(page: Path) -> None:
    module = types.ModuleType("page")
    for number, block in enumerate(blocks_of(page, "python")):
        # Blank lines in front, so that a traceback names the line of the page.
        code = compile("\n" * block.line + block.text, str(page), "exec", dont_inherit=True)
        if block.why_not is None and not block.beside:
            # A task is named after its module; no two pages or blocks share a name.
            module.__name__ = f"{page.stem}_{number}_{abs(hash(str(page)))}"
            exec(code, module.__dict__)


def test_there_is_code_to_run() -> None:
    assert {"README.md", "docs/writing-tasks.md"} <= {name_of(p) for p in pages_with("python")}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_fence_is_of_a_known_language_and_every_marker_before_one(page: Path) -> None:
    """A fence that is spelt otherwise would be passed over in silence."""
    text, blocks = page.read_text(), list(blocks_of(page))
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(blocks)
    assert {block.language for block in blocks} <= LANGUAGES
    assert len(MARKER.findall(text)) == sum(
        block.why_not is not None or block.beside for block in blocks
    )


def yaml_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page, "yaml")]


@pytest.mark.parametrize("block", yaml_blocks(), ids=lambda block: name_of(block.page))
def test_yaml_reads_as_a_mapping(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
