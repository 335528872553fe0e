"""The suite on each Python there is, and the web under each of its async modes.

`python -m tools.matrix` runs the unit and integration tests on every Python of VERSIONS that is on
PATH, in an environment of its own, and under every async mode the tests with a whole web process.
What isn't there is skipped by its name. For a nightly run: it takes tens of minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.python_packages import isolated
from tools.steps import say

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
MODES = ("eventlet", "gevent", "threading")
ENVIRONMENTS = ROOT / ".matrix"
OF_ANY_PYTHON = ("tests/unit", "tests/integration")
OF_THE_WEB = (
    "tests/integration/webapp/test_wsgi.py",
    "tests/acceptance/test_runs.py",
    "tests/acceptance/test_client_library.py",
)
WITHIN = 3600.0
"""Seconds (s) for one cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One call of pytest."""

    name: str
    python: str
    tests: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Run it; True if it is green."""
        command = [self.python, "-m", "pytest", "-q", "-m", "not chaos and not docs", *self.tests]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env={**os.environ, **self.environ}, timeout=WITHIN, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def main() -> int:
    """Run every cell, then say how each came out; exit code 1 if one is not green."""
    cells = [cell for version in VERSIONS for cell in of_python(version)]
    cells += [of_mode(mode) for mode in MODES]
    outcomes = {cell.name: cell.run() for cell in cells}
    for name, is_green in outcomes.items():
        say(f"{name}: {'green' if is_green else 'RED'}")
    return 0 if all(outcomes.values()) else 1


def of_python(version: str) -> Sequence[Cell]:
    """The suite on that Python; nothing, said, where there is none that starts."""
    found = shutil.which(f"python{version}")
    if found is None or not _starts(found):
        say(f"Python {version}: skipped, there is no python{version} on PATH that starts")
        return ()
    python = _environment(found, ENVIRONMENTS / version)
    return (Cell(name=f"Python {version}", python=python, tests=OF_ANY_PYTHON),)


def of_mode(mode: str) -> Cell:
    """What the web decides, under that async mode, on the Python that runs this."""
    environ = {"INCEPTION_ASYNC_MODE": mode}
    return Cell(name=f"web on {mode}", python=sys.executable, tests=OF_THE_WEB, environ=environ)


def _starts(python: str) -> bool:
    """A version manager leaves a command behind for each Python, chosen or not."""
    command = [python, "-c", "import sys"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _environment(python: str, folder: Path) -> str:
    """An environment of that Python with what is pinned for the tests."""
    say(f"installing into {folder.relative_to(ROOT)}")
    inside = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "venv", str(folder)], env=isolated(), check=True)
    install = [inside, "-m", "pip", "install", "--quiet", "--require-hashes"]
    for name in ("", "-dev", "-embedded", "-digits"):
        file = ROOT / f"requirements{name}.txt"
        subprocess.run([*install, "-r", str(file)], env=isolated(), check=True)
    return inside


if __name__ == "__main__":
    sys.exit(main())
