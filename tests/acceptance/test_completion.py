"""Completion, tried in each shell itself: it reads what is printed for it, and offers it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest

from tests.acceptance.conftest import CHECKOUT, Stack

COUNT = "tasks.examples.counting.count_twice"
BEGUN = "tasks.examples.count"
WITHIN = 90
"""Seconds (s) for a shell and the commands that it asks."""

pytestmark = pytest.mark.timeout(180)


def shell(name: str) -> str:
    """The shell's path. Skips, by name, where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: its completion is untried here")
    return found


@pytest.fixture
def environ(stack: Stack) -> Mapping[str, str]:
    """A shell's environment in which `runs` is a command of the shared application."""
    return {
        **os.environ,
        "PATH": f"{CHECKOUT}:{os.environ['PATH']}",
        "INCEPTION_STATE_DIR": str(stack.application.state_dir),
        "REDIS_URL": "",
        "VENV": sys.prefix,
        "TERM": "dumb",
    }


def output_of(command: list[str], environ: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=WITHIN, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_bash_completes_parents_and_arguments(environ: Mapping[str, str]) -> None:
    script = f"""
        eval "$(runs completion bash)"
        COMP_WORDS=(runs start {BEGUN}) COMP_CWORD=2; _runs_completion runs
        printf '%s\\n' "${{COMPREPLY[@]}}"
        COMPREPLY=() COMP_WORDS=(runs start {COUNT} d) COMP_CWORD=3; _runs_completion runs
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    assert output_of([shell("bash"), "--norc", "-c", script], environ) == [COUNT, "delay="]


def test_fish_completes_parents_and_arguments(environ: Mapping[str, str]) -> None:
    script = f"""
        runs completion fish | source
        complete -C "runs start {BEGUN}"
        complete -C "runs start {COUNT} d"
    """
    found = output_of([shell("fish"), "--no-config", "-c", script], environ)
    assert [line.partition("\t")[0] for line in found] == [COUNT, "delay="]


class Terminal:
    """An interactive shell, typed into."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(command[0], command, dict(environ))

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait_for(self, pattern: str) -> None:
        """Return once the shell has written that since the last time."""
        said, deadline = "", time.monotonic() + WITHIN
        while not re.search(pattern, said):
            readable, _, _ = select.select([self._fd], [], [], deadline - time.monotonic())
            assert readable, f"no {pattern!r} within {WITHIN} s: {said!r}"
            said += os.read(self._fd, 65536).decode(errors="replace")

    def end(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._fd)


@pytest.fixture
def zsh(environ: Mapping[str, str]) -> Iterator[Terminal]:
    """zsh completes where somebody types, and nowhere else."""
    terminal = Terminal([shell("zsh"), "-f", "-i"], environ)
    yield terminal
    terminal.end()


def test_zsh_completes_parents_and_arguments(zsh: Terminal) -> None:
    zsh.type('autoload -U compinit; compinit -u -D; eval "$(runs completion zsh)"; echo re""ady\n')
    zsh.wait_for(r"ready\r?\n")
    zsh.type(f"runs start {BEGUN}\t")
    zsh.wait_for(re.escape(COUNT.removeprefix(BEGUN)))
    zsh.type("d\t")
    zsh.wait_for("delay=")
