from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
THREATS = [
    line.split("|")
    for line in (CHECKOUT / "docs/security.md").read_text().partition("## Threats")[2].splitlines()
    if line.startswith("|") and "`test" in line
]
DEFAULT = "tests/integration/webapp/"


def named_tests(cell: str) -> list[tuple[Path, str]]:
    """Files and functions; `…` stands for the file before, no function for the whole file."""
    found: list[tuple[Path, str]] = []
    for place in re.findall(r"`([^`]+)`", cell):
        file, _, function = place.partition("::")
        if file != "…":
            folder = "" if file.startswith("tests/") else DEFAULT
            path = CHECKOUT / f"{folder}{file}.py"
        found.append((path, function))
    return found


@pytest.mark.docs
@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat[1].strip())
def test_each_threat_names_tests_that_there_are(threat: list[str]) -> None:
    tests = named_tests(threat[3])
    assert tests
    for path, function in tests:
        text = path.read_text()
        assert f"def {function or 'test_'}" in text


@pytest.mark.docs
def test_the_page_names_threats() -> None:
    assert len(THREATS) > 15
