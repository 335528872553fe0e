"""The page of bounds says what the constants are, and names tests that there are."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in (CHECKOUT / "docs/bounds.md").read_text().splitlines()
    if line.startswith("| ") and "`" in line
]

pytestmark = pytest.mark.docs


def constant(name: str) -> float:
    """What a dotted name stands for; wsgi.py patches on import, so its text is read."""
    module, _, attribute = name.rpartition(".")
    if module == "wsgi":
        found = re.search(
            rf"^{attribute}: Final = ([\d_]+)", (CHECKOUT / "wsgi.py").read_text(), re.M
        )
        assert found is not None
        return float(found[1])
    value: float = getattr(importlib.import_module(module), attribute)
    return value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_bound_is_that_of_its_constant(row: list[str]) -> None:
    said = float(re.sub(r"[^\d]", "", row[1].split()[0]))
    value = constant(row[3].split("`")[1])
    between = 1 / value if "(s between)" in row[3] else value
    assert said == between


@pytest.mark.parametrize("row", [row for row in ROWS if row[4]], ids=lambda row: row[0])
def test_a_bound_names_a_test_that_there_is(row: list[str]) -> None:
    file, _, name = row[4].strip("`").partition("::")
    assert f"def {name}(" in (CHECKOUT / file).read_text()


def test_the_page_has_its_rows() -> None:
    assert len(ROWS) >= 19
