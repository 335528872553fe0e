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
    ("text", "at_home", "in_ci"),
    [
        (report(SOUND), 0, 0),
        (report(SOUND, LEAKY), 1, 1),
        (report(SOUND, UNKNOWN), 0, 1),
        (report(UNKNOWN, LEAKY), 1, 1),
        ("", 0, 1),
        ("Traceback", 0, 1),
    ],
)
def test_the_exit_code_says_whether_it_may_be_built(
    text: str, at_home: int, in_ci: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_report", lambda: text)
    monkeypatch.delenv("CI", raising=False)
    assert audit.main() == at_home
    monkeypatch.setenv("CI", "true")
    assert audit.main() == in_ci


def test_a_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    (line,) = audit.read_report(report(LEAKY)).vulnerable
    assert line == "leaky 1: PYSEC-1, mended in 2"


def test_an_excused_one_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "EXCUSED", {"PYSEC-1": "Its part that leaks is not used."})
    assert audit.read_report(report(LEAKY)).vulnerable == []
