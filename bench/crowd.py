"""A crowd of websocket clients in a process of their own, from the outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.application import Application
from bench.figures import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a crowd got: frames and bytes in all, milliseconds (ms) of a sample."""

    frames: int
    bytes: int
    latencies: Samples


class Crowd:
    """So many clients that watch the same runs."""

    def __init__(
        self, app: Application, url: str, clients: int, seconds: float, runs: Sequence[str]
    ) -> None:
        command = (sys.executable, "-m", "bench.raw_clients", url, str(clients), str(seconds))
        self._process = app.start_talking(*command, *runs)
        self._expect("ready")

    def begin(self) -> None:
        """Count from now on, for the crowd's seconds."""
        self._go_on()

    def leave(self) -> None:
        """Let all of them go."""
        self._go_on()
        self._process.wait(10)

    def received(self) -> Received:
        """Wait until the time is over, and return what came; they are connected still."""
        said = json.loads(self._line())
        return Received(
            frames=said["frames"], bytes=said["bytes"], latencies=Samples(said["latencies"])
        )

    def _go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _expect(self, word: str) -> None:
        line = self._line()
        if line.strip() != word:
            raise RuntimeError(f"the clients said {line!r} in place of {word!r}")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
