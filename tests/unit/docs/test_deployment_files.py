"""The files for systemd and Compose say what the application takes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from inception.runs.settings import NAMES, Settings
from tests.documents import CHECKOUT
from webapp.supervisor.commands import application_processes

FOLDER = CHECKOUT / "docs/deployment"
UNITS = sorted((FOLDER / "systemd").glob("*@.service"))
WORKERS = re.compile(r"worker\s(?:\\\n)?\s*(-Q .*?)\s*$", re.MULTILINE)

pytestmark = pytest.mark.docs


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose/compose.yaml").read_text())
    return read


def options(text: str) -> dict[str, str]:
    """Queue and pool out of a worker's command line."""
    return dict(re.findall(r"(-[QP]) (\w+)", text))


def started_by_make_run() -> dict[str, dict[str, str]]:
    specs = application_processes(Settings(), CHECKOUT, {})
    return {spec.name: options(" ".join(spec.command)) for spec in specs}


def test_units_and_containers_start_workers_as_make_run_does(compose: dict[str, Any]) -> None:
    for name in ("watcher", "compute"):
        unit = (FOLDER / f"systemd/inception-{name}@.service").read_text().replace("\\\n", "")
        assert options(unit) == options(compose["services"][name]["command"])
        assert options(unit) == started_by_make_run()[name]


def test_every_setting_that_is_named_is_one(compose: dict[str, Any]) -> None:
    named = set(re.findall(r"^([A-Z_]+)=", (FOLDER / "systemd/environment").read_text(), re.M))
    for service in compose["services"].values():
        named |= set(service["environment"])
    named |= {name for unit in UNITS for name in re.findall(r"INCEPTION_\w+", unit.read_text())}
    assert named - {"REDISCLI_AUTH"} <= NAMES


def test_every_container_has_a_health_check_and_is_started_again(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "always"


def test_compose_understands_its_file() -> None:
    asked = ["docker", "compose"]
    if (
        shutil.which("docker") is None
        or subprocess.run([*asked, "version"], check=False).returncode
    ):
        pytest.skip("docker compose is not here")
    command = [*asked, "-f", str(FOLDER / "compose/compose.yaml"), "config", "--quiet"]
    environ = {**os.environ, "REDIS_PASSWORD": "chosen"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    copies = [tmp_path / unit.name.replace("@", "@1") for unit in UNITS]
    for unit, copy in zip(UNITS, copies, strict=True):
        # It looks for the programs, which are where they are installed alone.
        copy.write_text(re.sub(r"/opt/inception/\.venv/bin/\w+", "/usr/bin/env", unit.read_text()))
    shutil.copy(FOLDER / "systemd/inception.target", tmp_path)
    done = subprocess.run(
        [analyze, "verify", *map(str, copies)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
