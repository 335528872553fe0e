"""The Python in the documentation is run, in test mode: no server, no broker.

The blocks of one page are one program, from top to bottom. A block whose fence says
```` ```python needs-server ```` is compiled only.
"""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```python( needs-server)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")

pytestmark = pytest.mark.docs


def name_of(document: Path) -> str:
    return str(document.relative_to(CHECKOUT))


def pages_with_code() -> list[Path]:
    return [page for page in PAGES if FENCE.search(page.read_text())]


@pytest.mark.parametrize("document", pages_with_code(), ids=name_of)
def test_the_code_of_a_page_runs(document: Path) -> None:
    text = document.read_text()
    module = types.ModuleType("page")
    for number, block in enumerate(FENCE.finditer(text)):
        line = text.count("\n", 0, block.start(2))
        # Blank lines in front, so that a traceback names the line of the page.
        code = compile("\n" * line + block[2], str(document), "exec", dont_inherit=True)
        if not block[1]:
            # A task is named after its module; no two pages or blocks share a name.
            module.__name__ = f"{document.stem}_{number}_{abs(hash(str(document)))}"
            exec(code, module.__dict__)


def test_there_is_code_to_run() -> None:
    """A fence that is spelt otherwise would be passed over in silence."""
    assert {"README.md", "docs/writing-tasks.md"} <= {name_of(page) for page in pages_with_code()}
    spelt = [fence for page in PAGES for fence in re.findall(r"^```py.*$", page.read_text(), re.M)]
    assert set(spelt) <= {"```python", "```python needs-server"}


@pytest.mark.parametrize("document", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
