"""Steps of the set-up that are done once, and again only when what they stand on changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class SetupError(Exception):
    """The set-up can't go on; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do, done as long as inputs, context and the results are what they were."""

    name: str
    title: str
    inputs: Sequence[Path]
    results: Sequence[Path]
    action: Callable[[], None]
    context: str = ""

    def key(self) -> str:
        """Return a digest of all that this step's outcome depends on."""
        digest = hashlib.sha256(self.context.encode())
        for file in self.inputs:
            digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
        return digest.hexdigest()


class Stamps:
    """The folder that remembers which steps are done, by the digest of their inputs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_done(self, step: Step) -> bool:
        """Say whether this step was done with the same inputs and its results are there."""
        stamp = self._folder / step.name
        done = stamp.read_text() if stamp.exists() else ""
        return done == step.key() and all(result.exists() for result in step.results)

    def bring_about(self, step: Step) -> None:
        """Do the step unless it is done."""
        if self.is_done(step):
            return
        say(step.title)
        step.action()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / step.name).write_text(step.key())


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"inception: {text}", flush=True)


def run(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> None:
    """Run a command quietly; its output goes to the log.

    Raises SetupError with the first line that tells the cause.
    """
    done = subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"$ {' '.join(command)}\n{done.stdout}")
    if done.returncode != 0:
        raise SetupError(f"{first_error(done.stdout)} (all of it is in {log})")


def first_error(output: str) -> str:
    """Return the line of a tool's output that says what is wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = (line for line in lines if "error" in line.lower())
    return next(telling, lines[-1] if lines else "it ended without a word")


def fail(error: SetupError) -> int:
    """Print the one line that says what to do; return the exit code."""
    print(f"inception: {error}", file=sys.stderr, flush=True)
    return 1
