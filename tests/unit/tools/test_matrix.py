"""Which cells of the matrix there are on this machine, and what a missing Python is called."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tools import matrix


@pytest.mark.parametrize("script", [None, "#!/bin/sh\nexit 127\n"])
def test_a_python_that_is_not_there_or_does_not_start_is_skipped_by_name(
    script: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    if script is not None:
        shim = tmp_path / "python3.12"
        shim.write_text(script)
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    assert matrix.of_python("3.12") == ()
    assert "Python 3.12: skipped" in capsys.readouterr().out


def test_one_red_cell_makes_the_matrix_red(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "of_python", lambda _version, _words: ())
    monkeypatch.setattr(matrix.Cell, "run", lambda cell: "gevent" not in cell.name)
    assert matrix.main() == 1
    said = capsys.readouterr().out
    assert "web on gevent: RED" in said
    assert "web on eventlet: green" in said


def test_a_python_that_pyenv_keeps_is_found_though_its_shim_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "versions/3.12.1/bin/python3.12"
    for file, script in ((tmp_path / "python3.12", "exit 127"), (kept, "exit 0")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.find_python("3.12") == str(kept)


def test_words_choose_the_cells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "find_python", lambda _version: "python")
    monkeypatch.setattr(matrix, "_environment", lambda python, _folder: python)
    monkeypatch.setattr(matrix.Cell, "run", lambda _cell: True)
    assert matrix.main(["3.12 unit", "gevent"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["inception: Python 3.12 unit: green", "inception: web on gevent: green"]
    assert matrix.main(["3.10"]) == 1


def test_the_parts_of_a_cell_have_each_of_its_files_once() -> None:
    cell = matrix.Cell(name="web", python="python", tests=("tests/unit/tools", "tests/acceptance"))
    parts = [cell.part(matrix.Part.read(f"{number}/3")) for number in (1, 2, 3)]
    dealt = [file for part in parts for file in part.tests]
    assert sorted(dealt) == matrix.files_of(cell.tests)
    assert len(set(dealt)) == len(dealt) > 10
    assert [part.name for part in parts[:2]] == ["web, part 1 of 3", "web, part 2 of 3"]


def test_a_part_without_a_file_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "OF_THE_WEB", ("tests/unit/tools/test_matrix.py",))
    monkeypatch.setattr(matrix.Cell, "run", lambda _cell: True)
    assert matrix.main(["gevent"], matrix.Part.read("2/2")) == 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        matrix.Part.read(text)
