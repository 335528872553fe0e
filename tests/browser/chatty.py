"""Parents and children for the browser's tests, brought in by INCEPTION_TASKS."""

from __future__ import annotations

import time
from typing import Literal

from inception import child, parent, watch

LARGE = 5_000
"""Characters; more than the 4 KiB that events and snapshots carry."""


@child
def talk(lines: int, pause: float) -> str:
    """Print lines, pausing (s) after each, and return a large value."""
    for number in range(lines):
        print(f"line {number} <b>of</b> {lines}", flush=True)
        time.sleep(pause)
    return "v" * LARGE


@parent
def listen(lines: int = 3, pause: float = 0.1) -> int:
    """Watch somebody talk."""
    return len(str(watch(talk.s(lines, pause)).value))


@parent
def choose(
    colour: Literal["red", "green"],
    regions: list[str] | None = None,
    ratio: float | None = None,
    loud: bool = True,
    extra: dict[str, int] | None = None,
) -> list[object]:
    """Give back every kind of argument that the form can take."""
    return [colour, regions, ratio, loud, extra]
