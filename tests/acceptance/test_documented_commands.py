"""What the documentation says to type in a shell is typed, beside a running application.

The commands of a page are one script, run by bash in the checkout, which ends at the first that
fails; so is its Python that needs the application. The address of the documentation is the
application's own here, and `/etc` and the home folder are folders of the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Stack
from tests.documents import CHECKOUT, PAGES, blocks_of, name_of

PASSWORD = "a long enough password"
WITHIN = 150
"""Seconds (s) for a page of a dozen commands; it takes a tenth of that without other load."""

pytestmark = [pytest.mark.docs, pytest.mark.timeout(180)]


def commands_of(page: Path) -> list[str]:
    """Every command of the page that is not marked."""
    blocks = (block for block in blocks_of(page, "console") if block.why_not is None)
    return [command for block in blocks for command in block.commands()]


def pages_to_try() -> list[Path]:
    # The tutorial begins in an empty folder, and has a test of its own.
    return [page for page in PAGES if commands_of(page) and page.name != "tutorial.md"]


def test_there_are_commands_to_try() -> None:
    assert {"README.md", "docs/command-line.md"} <= {name_of(page) for page in pages_to_try()}


def programs() -> list[Path]:
    return [page for page in PAGES if any(block.beside for block in blocks_of(page, "python"))]


@pytest.mark.parametrize("page", pages_to_try(), ids=name_of)
def test_the_commands_of_a_page_succeed(page: Path, stack: Stack, tmp_path: Path) -> None:
    script = "\n".join(commands_of(page)).replace("/etc/", f"{tmp_path}/")
    run(["bash", "-euxo", "pipefail", "-c", script], stack, tmp_path)


@pytest.mark.parametrize("page", programs(), ids=name_of)
def test_the_python_of_a_page_that_needs_the_application_runs(
    page: Path, stack: Stack, tmp_path: Path
) -> None:
    text = "\n".join(block.text for block in blocks_of(page, "python") if block.beside)
    run([sys.executable, "-c", text], stack, tmp_path)


def run(command: list[str], stack: Stack, home: Path) -> None:
    """Run it in the checkout, as somebody whose home is a folder of the test."""
    done = subprocess.run(
        [word.replace("http://127.0.0.1:8000", stack.url) for word in command],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "HOME": str(home),
            "INCEPTION_URL": stack.url,
            "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT / "clients/python"),
            "REDIS_URL": stack.redis_url,
            "VENV": sys.prefix,
        },
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{done.stdout[-2000:]}"
