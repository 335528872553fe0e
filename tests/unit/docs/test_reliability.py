"""Every cell of the fault matrix leads to a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
PAGE = (TESTS.parent / "docs/reliability.md").read_text()

pytestmark = pytest.mark.docs

MATRIX, _, LIST = PAGE.partition("## What dies, and when")[2].partition("| | test, ")


def test_every_cell_names_tests_of_the_list_and_each_is_named() -> None:
    cells = {cell for row in re.findall(r"\| .* \|", MATRIX) for cell in row.split("|")}
    named = {code for cell in cells for code in re.findall(r"\b[A-J][1-9]\b", cell)}
    listed = re.findall(r"^\| ([A-J][1-9]) \|", LIST, re.MULTILINE)

    assert len(listed) == len(set(listed))
    assert named == set(listed)


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 25
    for file, name in named:
        module = ast.parse((TESTS / file).read_text())
        assert name in {part.name for part in ast.walk(module) if isinstance(part, ast.FunctionDef)}
