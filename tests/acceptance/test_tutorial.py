"""The tutorial, followed to the letter in an empty folder beside the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import free_port
from tests.documents import CHECKOUT, blocks_of
from tests.running import Application

PAGE = CHECKOUT / "docs/tutorial.md"
WITHIN = 90
"""Seconds (s) for a block of commands."""
MAKE = "make -C ../inception run"

pytestmark = [pytest.mark.docs, pytest.mark.timeout(240)]


class Reader:
    """Somebody who does what the page says, from its top to its end."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self._folder = folder
        self._state = folder / "state"
        self._application: Application | None = None
        (folder / "inception").symlink_to(CHECKOUT)
        self._environ = {
            "VENV": sys.prefix,
            "PYTHON": sys.executable,
            "REDIS_URL": "",
            "INCEPTION_PORT": str(free_port()),
            "INCEPTION_STATE_DIR": str(self._state),
            "INCEPTION_CONCURRENCY": "2",
        }

    def follow(self, page: Path) -> None:
        """Write what is to be written, and type what is to be typed."""
        before = page.read_text().splitlines()
        for block in blocks_of(page):
            if block.language == "python":
                named = re.search(r"`(\w+\.py)`", before[block.line - 3])
                assert named
                (self._here / named[1]).write_text(block.text)
            else:
                self._type(block.commands())

    def stop(self) -> None:
        """Press Ctrl-C."""
        if self._application is not None:
            self._application.end()

    @property
    def _here(self) -> Path:
        return self._folder / "hello" if (self._folder / "hello").exists() else self._folder

    def _type(self, commands: list[str]) -> None:
        if commands[0].endswith(MAKE):
            command = ["bash", "-c", self._of_this_test(commands[0])]
            self._application = Application(command, self._here, self._state, self._environ)
            self._application.wait_until_ready(WITHIN)
            return
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", self._of_this_test("\n".join(commands))],
            cwd=self._here,
            env={**os.environ, **self._environ},
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
        self.said.append(done.stdout)

    def _of_this_test(self, text: str) -> str:
        """The same with this test's state folder and Python, which are not the checkout's."""
        text = text.replace("../inception/var", str(self._state))
        return text.replace("../inception/.venv/bin/python", f"{sys.prefix}/bin/python")


@pytest.fixture
def reader(tmp_path: Path, server_available: None) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    reader.stop()


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    reader.follow(PAGE)

    _made, watched, killed, revoked, called = reader.said
    assert re.search(r"^-\s+SUCCESS", watched, re.MULTILINE)
    assert re.search(r"^-\s+SUCCESS", killed, re.MULTILINE)
    assert "Hello Ada! Hello Grace! Yours, Celery" in killed
    assert "REVOKED" in revoked
    assert "its exit code was 1" in revoked
    assert called == "Hello Ada! Yours, Celery\n"
