"""Each script says what it does, takes and answers, and its method can find it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import inception.runs
from inception.runs import keys
from inception.runs.scripts import load

PACKAGE = Path(inception.runs.__file__).parent
SCRIPTS = sorted(path for path in (PACKAGE / "lua").glob("*.lua") if path.stem != "prelude")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_opens_with_its_four_parts(script: Path) -> None:
    lines = script.read_text().splitlines()
    header = "\n".join(lines[: lines.index("")])
    assert all(line.startswith("--") for line in header.splitlines())
    parts = re.findall(r"^-- (KEYS|ARGV|Returns|Events?)\b", header, flags=re.MULTILINE)
    assert [part.rstrip("s") for part in parts] == ["KEYS", "ARGV", "Return", "Event"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_only_the_legend_spells_a_key(script: Path) -> None:
    assert keys.TAG not in script.read_text()


def test_each_script_is_called_by_a_method_and_each_call_has_its_script() -> None:
    source = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    called = re.findall(
        r'_(?:run|run_again_if_lost|run_until_answered|as_owner)\(\s*"(\w+)"', source
    )
    assert sorted(set(called)) == [script.stem for script in SCRIPTS]


def test_scripts_are_those_of_the_code_that_runs_whatever_is_installed_over_it(
    tmp_path: Path,
) -> None:
    """In a process of its own: it goes on with what it was started from."""
    shutil.copytree(PACKAGE.parent, tmp_path / "inception")
    program = """
import pathlib, sys
from inception.runs import scripts
folder = pathlib.Path(scripts.__file__).parent / "lua"
for file in folder.glob("*.lua"):
    file.write_text("return 'of another version'")
for file in folder.glob("*.lua"):
    assert "another version" not in scripts.load(file.stem).text, file
print(scripts.__file__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False,
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(tmp_path)), done.stderr


def test_a_script_is_read_once_with_what_it_stands_on() -> None:
    script = load("claim")
    assert script is load("claim")
    assert script.text.index("local FINAL") < script.text.index("local RUN, NODES")


def test_a_script_carries_only_what_it_calls_for() -> None:
    """Redis makes each of these functions anew whenever the script runs."""
    claim, spawn = load("claim").text, load("spawn").text
    assert "function is_revoked" in claim
    assert "function quote" in claim
    assert "function parse" not in claim
    assert "local STATES" not in claim
    assert "function parse" in spawn  # through others


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_that_numbers_events_knows_its_server_by_its_last_argument_alone(
    script: Path,
) -> None:
    """It is added to what a method gives, so no loop may run to the end of the arguments."""
    sent = load(script.stem)
    assert sent.numbers == ("emit(" in sent.text)
    if sent.numbers:
        assert sent.text.count("#ARGV") == 1
