"""The suite on each Python there is, and the web under each of its async modes.

`python -m tools.matrix` runs the tests without a browser on every Python of VERSIONS that is on
PATH or kept by pyenv, in an environment of its own, and under every async mode the tests with a
whole web process. What isn't there is skipped by its name. For a nightly run: it takes more than
an hour. `python -m tools.matrix 3.12 gevent` runs the cells that have one of these words in their
names, and `python -m tools.matrix "3.12 acceptance" --part 2/4` the second quarter of the files of
that cell: whoever runs all four has run the cell.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.python_packages import isolated
from tools.steps import say

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
MODES = ("eventlet", "gevent", "threading")
ENVIRONMENTS = ROOT / ".matrix"
OF_ANY_PYTHON = ("unit", "integration", "acceptance")
OF_THE_WEB = ("tests/integration/webapp/test_wsgi.py", "tests/acceptance")
WITHIN = 3600.0
"""Seconds (s) for one cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The `number`th, from 1, `of` so many parts of a cell."""

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str) -> Part:
        """Read `2/4`. Raises ValueError for what is no part."""
        number, of = (int(word) for word in text.split("/"))
        if not 1 <= number <= of:
            raise ValueError(f"{text} is no part; write 2/4 for the second of four")
        return cls(number=number, of=of)

    def dealt(self, files: Sequence[str]) -> Sequence[str]:
        """Every `of`th file: neighbours, which are alike, come into different parts."""
        return files[self.number - 1 :: self.of]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One call of pytest."""

    name: str
    python: str
    tests: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)

    def part(self, which: Part) -> Cell:
        """The same with that part of its files alone."""
        if which.of == 1:
            return self
        name = f"{self.name}, part {which.number} of {which.of}"
        return replace(self, name=name, tests=which.dealt(files_of(self.tests)))

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


WHOLE = Part()


def main(words: Sequence[str] = (), part: Part = WHOLE) -> int:
    """Run every cell, then say how each came out; exit code 1 if one is not green."""
    cells = [cell for version in VERSIONS for cell in of_python(version, words)]
    cells += [cell for cell in map(of_mode, MODES) if is_asked_for(cell.name, words)]
    parts = [cell.part(part) for cell in cells]
    outcomes = {cell.name: cell.run() for cell in parts if cell.tests}
    if not outcomes:
        say("there is nothing to run")
        return 1
    for name, is_green in outcomes.items():
        say(f"{name}: {'green' if is_green else 'RED'}")
    return 0 if all(outcomes.values()) else 1


def files_of(tests: Sequence[str]) -> list[str]:
    """Every file of tests in these folders and files, in the order of their names."""
    found = set[Path]()
    for each in tests:
        place = ROOT / each
        found |= {place} if place.is_file() else set(place.rglob("test_*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in found)


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


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.matrix")
    parser.add_argument("words", nargs="*", help="in the names of the cells; none: all cells")
    parser.add_argument(
        "--part", type=Part.read, default=WHOLE, metavar="2/4", help="of each cell's files"
    )
    return parser.parse_args()


if __name__ == "__main__":
    asked = _asked()
    sys.exit(main(asked.words, asked.part))
