"""What is made of pip-audit's report: nothing that could not be asked passes for well."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools import audit


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


SOUND = {"name": "sound", "version": "1", "vulns": []}
UNKNOWN = {"name": "unknown", "version": "1", "skip_reason": "not found on PyPI"}
LEAKY = {
    "name": "leaky",
    "version": "1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": "It leaks."}],
}


@pytest.mark.parametrize(
    ("text", "required"),
    [
        (report(SOUND), 0),
        (report(SOUND, LEAKY), 1),
        (report(SOUND, UNKNOWN), 1),
        (report(UNKNOWN, LEAKY), 1),
        ("", 1),
        ("Traceback", 1),
    ],
)
def test_what_is_found_fails_only_where_that_is_asked_for(
    text: str, required: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_report", lambda: text)
    assert audit.main() == 0
    assert audit.main(["--required"]) == required


def test_a_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    (line,) = audit.read_report(report(LEAKY)).vulnerable
    assert line == "leaky 1: PYSEC-1, mended in 2"


def test_an_excused_one_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "EXCUSED", {"PYSEC-1": "Its part that leaks is not used."})
    assert audit.read_report(report(LEAKY)).vulnerable == []
