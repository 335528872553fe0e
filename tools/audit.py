"""Asks PyPI whether what is pinned has known vulnerabilities, by pip-audit.

`python -m tools.audit` reads the compiled requirement files, so that what will be installed is
asked about, not what happens to be. It only tells: an advisory that came overnight must not keep
an unrelated change from being built, nor a mirror of PyPI that has no advisories, which pip-audit
itself passes over in silence. With `--required`, as `make audit` has it, exit code 1 says that
something is vulnerable or could not be asked about.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.steps import say

ROOT = Path(__file__).resolve().parent.parent
EXCUSED: Mapping[str, str] = {}
"""Advisories that don't concern us, by id, each with the reason."""
WITHIN = 120.0
"""Seconds (s) for all questions."""
_ANSWER_WITHIN = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came of asking: a line for each vulnerability, and how many packages were asked."""

    vulnerable: Sequence[str]
    asked: int
    unasked: int


def main(words: Sequence[str] = ()) -> int:
    """Ask, and say what was found; return the exit code."""
    findings = read_report(_report())
    for line in findings.vulnerable:
        say(f"vulnerable: {line}")
    is_whole = findings.asked > 0 and not findings.unasked
    if not is_whole:
        which = f"{findings.unasked} packages" if findings.asked else "the packages"
        say(f"{which} could not be asked about: PyPI's advisories are out of reach.")
        say("`make audit` fails for that.")
    elif not findings.vulnerable:
        say(f"none of {findings.asked} packages has a known vulnerability")
    is_sound = is_whole and not findings.vulnerable
    return 0 if is_sound or "--required" not in words else 1


def read_report(text: str) -> Findings:
    """What pip-audit's report says; none of it if it is no report."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        packages = []
    asked = [package for package in packages if "skip_reason" not in package]
    found = [line for package in asked for line in _lines(package)]
    return Findings(vulnerable=found, asked=len(asked), unasked=len(packages) - len(asked))


def _lines(package: Mapping[str, Any]) -> Sequence[str]:
    """A line for each of a package's vulnerabilities that isn't excused."""
    name = f"{package['name']} {package['version']}"
    return [
        f"{name}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
        for each in package["vulns"]
        if each["id"] not in EXCUSED
    ]


def _report() -> str:
    """pip-audit's report in JSON; empty if it did not come to one in time."""
    files = [word for file in sorted(ROOT.glob("requirements*.txt")) for word in ("-r", str(file))]
    command = [
        sys.executable, "-m", "pip_audit", *files, "--disable-pip", "--require-hashes",
        "--format", "json", "--progress-spinner", "off", "--timeout", _ANSWER_WITHIN,
    ]  # fmt: skip
    try:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=WITHIN, check=False
        ).stdout.decode()
    except subprocess.TimeoutExpired:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
