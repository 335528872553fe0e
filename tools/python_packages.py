"""The virtual environment and the pinned packages in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.steps import SetupError, Stamps, Step, run, say

_VERSION = "import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment that works, and the version of its Python."""

    folder: Path
    version: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def stamps(self) -> Stamps:
        """What was done in it; gone when it is gone."""
        return Stamps(self.folder / "setup")

    def log(self, name: str) -> Path:
        """Where the output of that step is kept."""
        return self.folder / "setup" / f"{name}.log"


def ready_environment(folder: Path) -> Environment:
    """Return the environment in folder, made anew if it is missing or broken."""
    version = _version(folder)
    if version is None:
        say(f"making {folder} with Python {sys.version.split()[0]}")
        make_environment(folder)
        version = _version(folder)
    if version is None:
        raise SetupError(f"{folder} was made and does not work: remove it and try again")
    return Environment(folder=folder, version=version)


def make_environment(folder: Path) -> None:
    """Make a virtual environment with pip in it.

    Debian's Python has `venv` without the pip that goes into it; then pip from outside serves.
    """
    shutil.rmtree(folder, ignore_errors=True)
    log = folder.with_name(f"{folder.name}.log")
    command = [sys.executable, "-m", "venv", str(folder)]
    try:
        run(command, log=log, environment=isolated())
    except SetupError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if not _has_pip():
            raise SetupError(
                "this Python can't make a virtual environment: install its venv package "
                "(Debian: apt install python3-venv)"
            ) from error
        run([*command, "--without-pip"], log=log, environment=isolated())
    log.unlink(missing_ok=True)


def install(environment: Environment, requirements: Path, title: str) -> None:
    """Install pinned requirements, unless that is done."""
    environment.stamps.bring_about(_install_step(environment, requirements, title, ()))


def install_if_possible(
    environment: Environment, requirements: Path, title: str, without: str
) -> None:
    """Install requirements that one can do without where this platform has no wheel of them."""
    step = _install_step(environment, requirements, title, ("--only-binary", ":all:"))
    try:
        environment.stamps.bring_about(step)
    except SetupError as error:
        say(f"{requirements.name} could not be installed: {error}; {without}")


def pip_command(environment: Environment) -> list[str]:
    """Return the pip to use: the environment's own, or this Python's where it has none."""
    if list(environment.folder.glob("lib/python*/site-packages/pip")):
        return [str(environment.python), "-I", "-m", "pip"]
    return [sys.executable, "-I", "-m", "pip", "--python", str(environment.python)]


def isolated() -> Mapping[str, str]:
    """Return this process's environment without what would show pip packages of others."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _install_step(
    environment: Environment, requirements: Path, title: str, options: tuple[str, ...]
) -> Step:
    def action() -> None:
        run(
            [
                *pip_command(environment),
                *("install", "--no-input", "--require-hashes", *options),
                *("-r", str(requirements)),
            ],
            log=environment.log(requirements.stem),
            environment=isolated(),
        )

    return Step(
        name=requirements.stem,
        title=title,
        inputs=[requirements],
        results=[environment.python],
        action=action,
        context=environment.version,
    )


def _version(folder: Path) -> str | None:
    try:
        shown = subprocess.run(
            [str(folder / "bin" / "python"), "-I", "-c", _VERSION],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return shown.stdout.strip() if shown.returncode == 0 else None


def _has_pip() -> bool:
    shown = subprocess.run(
        [sys.executable, "-I", "-m", "pip", "--version"], capture_output=True, check=False
    )
    return shown.returncode == 0
