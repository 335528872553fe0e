"""The browser's modules: installed by npm from the lock file, copied to where they are served.

No bundler: every package ships the modules a browser takes as they are. The copies are ignored
by git, and each has its licence beside it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.node import ROOT, find_node
from tools.steps import SetupError, Stamps, Step, run

MODULES = ROOT / "node_modules"
SERVED = ROOT / "static" / "vendor"
STAMPS = Stamps(MODULES / ".setup")

FILES: Mapping[str, Sequence[str]] = {
    "preact": ("dist/preact.mjs", "hooks/dist/hooks.mjs"),
    "htm": ("dist/htm.mjs", "preact/index.mjs"),
    "@preact/signals": ("dist/signals.mjs",),
    "@preact/signals-core": ("dist/signals-core.mjs",),
    "socket.io-client": ("dist/socket.io.esm.min.js",),
}
_LOCK = (ROOT / "package.json", ROOT / "package-lock.json")


def serve_modules() -> None:
    """Put the modules that pages import under static/vendor, unless they are there."""
    stamps, step = Stamps(SERVED / ".setup"), _copy_step()
    if not stamps.is_done(step):
        if not STAMPS.is_done(_install_step("all", ())):
            STAMPS.bring_about(_install_step("served", ("--omit=dev",)))
        stamps.bring_about(step)


def install_checkers() -> None:
    """Install what the checks of the browser side need as well."""
    STAMPS.bring_about(_install_step("all", ()))


def _install_step(name: str, options: Sequence[str]) -> Step:
    def action() -> None:
        node = find_node()
        # None of the packages has an install script; should one get one, it does not run here.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
        log = ROOT / ".npm.log"
        run([*node.npm, "ci", *options, *quiet], log=log, environment=node.environment)
        log.unlink()

    return Step(
        name=name,
        title="installing the browser's modules",
        inputs=_LOCK,
        results=[MODULES / package for package in FILES],
        action=action,
    )


def _copy_step() -> Step:
    return Step(
        name="copied",
        title="copying the browser's modules to static/vendor",
        inputs=[*_LOCK, Path(__file__)],
        results=[SERVED / package / file for package, files in FILES.items() for file in files],
        action=copy_modules,
    )


def copy_modules() -> None:
    """Copy the served files and their licences, all of them or none."""
    draft = SERVED.with_name("vendor.new")
    shutil.rmtree(draft, ignore_errors=True)
    for package, files in FILES.items():
        for file in files:
            _copy(MODULES / package / file, draft / package / file)
        for licence in sorted((MODULES / package).glob("LICEN[CS]E*")):
            _copy(licence, draft / package / licence.name)
    shutil.rmtree(SERVED, ignore_errors=True)
    draft.rename(SERVED)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise SetupError(f"{source} is missing: remove node_modules and try again")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
