"""The suite on each Python there is, and the web under each of its async modes.

`python -m tools.matrix` runs the unit and integration tests on every Python of VERSIONS that is on
PATH or kept by pyenv, in an environment of its own, and under every async mode the tests with a
whole web process. What isn't there is skipped by its name. For a nightly run: it takes tens of
minutes. `python -m tools.matrix 3.12 gevent` runs the cells that have one of these words in their
names.
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
OF_ANY_PYTHON = ("unit", "integration")
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


def main(words: Sequence[str] = ()) -> int:
    """Run every cell, then say how each came out; exit code 1 if one is not green."""
    cells = [cell for version in VERSIONS for cell in of_python(version, words)]
    cells += [cell for cell in map(of_mode, MODES) if is_asked_for(cell.name, words)]
    if not cells:
        say("there is nothing to run")
        return 1
    outcomes = {cell.name: cell.run() for cell in cells}
    for name, is_green in outcomes.items():
        say(f"{name}: {'green' if is_green else 'RED'}")
    return 0 if all(outcomes.values()) else 1


def is_asked_for(name: str, words: Sequence[str]) -> bool:
    """True if one of the words is in that name, or there are none."""
    return not words or any(word in name for word in words)


def of_python(version: str, words: Sequence[str] = ()) -> Sequence[Cell]:
    """The suite on that Python; nothing, said, where there is none that starts."""
    tests = {f"Python {version} {kind}": f"tests/{kind}" for kind in OF_ANY_PYTHON}
    asked = {name: folder for name, folder in tests.items() if is_asked_for(name, words)}
    if not asked:
        return ()
    found = find_python(version)
    if found is None:
        say(f"Python {version}: skipped, there is no python{version} that starts")
        return ()
    python = _environment(found, ENVIRONMENTS / version)
    return [Cell(name=name, python=python, tests=(folder,)) for name, folder in asked.items()]


def find_python(version: str) -> str | None:
    """That Python's command: the one on PATH, or what pyenv has installed and not chosen."""
    command = f"python{version}"
    on_path = shutil.which(command)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(root.glob(f"versions/{version}.*/bin/{command}"), reverse=True)
    candidates = [*([on_path] if on_path else []), *map(str, kept)]
    return next((each for each in candidates if _starts(each)), None)


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
    for name in ("", "-dev", "-embedded"):
        file = ROOT / f"requirements{name}.txt"
        subprocess.run([*install, "-r", str(file)], env=isolated(), check=True)
    # Where there is no wheel the tests of the digits are skipped, as they are in a checkout.
    digits = ["--only-binary", ":all:", "-r", str(ROOT / "requirements-digits.txt")]
    subprocess.run([*install, *digits], env=isolated(), check=False)
    return inside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
