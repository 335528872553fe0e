from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inception.installing.discovery import import_all
from inception.installing.errors import TasksNotFound


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of modules with a package in it, under a name of its own."""
    name = f"found_{tmp_path.name}"
    inner = tmp_path / name / "inner"
    inner.mkdir(parents=True)
    for path in ("__init__.py", "one.py", "inner/__init__.py", "inner/two.py"):
        (tmp_path / name / path).write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_every_module_of_a_package_is_imported_at_any_depth(package: str) -> None:
    import_all([], [package])
    assert f"{package}.one" in sys.modules
    assert f"{package}.inner.two" in sys.modules


def test_a_folder_without_an_init_file_is_a_package_too(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "__init__.py").unlink()
    import_all([], [package])
    assert f"{package}.one" in sys.modules


def test_a_package_that_is_not_there_is_passed_over() -> None:
    import_all([], ["no_such_package"])


def test_a_named_module_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(TasksNotFound, match=r"'no\.such' \(INCEPTION_TASKS\)"):
        import_all(["no.such"], [])


def test_a_module_that_fails_is_named_with_the_reason(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "one.py").write_text("1 / 0", encoding="utf-8")
    with pytest.raises(TasksNotFound, match=r"one'.*ZeroDivisionError"):
        import_all([], [package])
