"""What the project stands on is pinned, wherever it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
REQUIREMENTS = sorted(CHECKOUT.glob("requirements*.txt"))


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_requirement_has_one_version_and_its_hashes(file: Path) -> None:
    blocks = re.split(r"\n(?=\S)", file.read_text().strip())
    for block in blocks:
        assert re.match(r"[\w.\[\]-]+==[\w.]+", block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_file_of_pins_has_its_source(file: Path) -> None:
    assert file.with_suffix(".in").exists()


def test_the_browser_modules_are_locked_by_content_and_not_by_address() -> None:
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert all("integrity" in package for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
