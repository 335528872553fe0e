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


def test_an_image_has_nothing_of_what_is_made_in_a_checkout() -> None:
    """A .venv of another machine would be taken for set up, and var/ holds passwords."""
    left_out = (FOLDER / "compose/Dockerfile.dockerignore").read_text().splitlines()
    made = (CHECKOUT / ".gitignore").read_text().splitlines()
    for line in made:
        if line and not line.startswith("#"):
            assert {line.strip("/"), f"**/{line.strip('/')}"} & set(left_out), line


def compose_command() -> list[str]:
    """Compose 2, as Docker's plugin or by itself. Skips, by name, where there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        said = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
        if re.search(r"version v?[2-9]", said.stdout):
            return command
    pytest.skip("docker compose is not here: its file was read as YAML alone")


def test_compose_understands_its_file_and_names_the_password_that_it_lacks() -> None:
    command = [*compose_command(), "-f", str(FOLDER / "compose/compose.yaml"), "config", "--quiet"]
    environ = {key: value for key, value in os.environ.items() if key != "REDIS_PASSWORD"}
    done = subprocess.run(
        command,
        env={**environ, "REDIS_PASSWORD": "chosen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    refused = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "REDIS_PASSWORD" in refused.stderr


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
