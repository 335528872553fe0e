from __future__ import annotations

from pathlib import Path

import pytest

from inception.runs.settings import Settings
from webapp.supervisor.commands import application_processes, state_mark
from webapp.supervisor.processes import ProcessSpec


@pytest.fixture
def specs(tmp_path: Path) -> dict[str, ProcessSpec]:
    settings = Settings(state_dir=tmp_path, concurrency=3)
    return {
        spec.name: spec for spec in application_processes(settings, tmp_path, {"PYTHONPATH": "x"})
    }


def test_parents_and_children_have_workers_of_their_own(specs: dict[str, ProcessSpec]) -> None:
    assert "-Q parents -P eventlet" in " ".join(specs["watcher"].command)
    assert "-Q children -P prefork -c 3" in " ".join(specs["compute"].command)


def test_the_web_is_asked_to_stop_first(specs: dict[str, ProcessSpec]) -> None:
    phases = {name: spec.stop_phase for name, spec in specs.items()}
    assert phases["web"] < phases["watcher"] == phases["compute"]


def test_nodes_of_two_state_folders_differ_in_name(tmp_path: Path) -> None:
    assert state_mark(tmp_path / "one") != state_mark(tmp_path / "two")
    assert state_mark(tmp_path / "one") == state_mark(tmp_path / "two" / ".." / "one")


def test_the_environment_is_passed_on(specs: dict[str, ProcessSpec]) -> None:
    assert all(spec.environment["PYTHONPATH"] == "x" for spec in specs.values())
