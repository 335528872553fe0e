"""Parents and children for the browser's tests, brought in by INCEPTION_TASKS."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, SecretStr

from inception import child, parent, track, watch

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


@child
def tidy(seconds: float) -> None:
    """Wait, and take a second (s) to clean up when stopped: nobody may miss REVOKING."""
    try:
        for _ in track(range(int(seconds * 10)), message="Waiting"):
            time.sleep(0.1)
    finally:
        time.sleep(1)


@parent
def keep_tidy(seconds: float = 100.0) -> bool:
    """Watch somebody who does not stop at once."""
    return watch(tidy.s(seconds)).ok


@parent
def go_unheard() -> bool:
    """Watch a child in a queue that no worker consumes."""
    return watch(tidy.s(0).set(queue="gpu")).ok


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


@parent
def do_nothing() -> None:
    """End at once: for lists of many runs."""


@child
def tick(steps: int, pause: float) -> int:
    """Take steps, each after a pause (s)."""
    for _ in track(range(steps), message="Ticking"):
        time.sleep(pause)
    return steps


@parent
def count_down(steps: int = 10, pause: float = 0.05) -> int:
    """Watch somebody tick."""
    result: int = watch(tick.s(steps, pause)).value
    return result


@parent
def count_alone(steps: int = 10, pause: float = 0.05) -> int:
    """Watch somebody tick; how long that takes is known from the runs of one test alone."""
    result: int = watch(tick.s(steps, pause)).value
    return result


class Address(BaseModel):
    """Where a letter goes."""

    street: str
    number: int = 1


class Letter(BaseModel):
    """A letter, to one or to many."""

    to: Address
    copies: list[Address] = []


@parent
def post(
    letter: Letter,
    lines: list[Address],
    day: date,
    at: datetime | None = None,
    password: SecretStr | None = None,
) -> None:
    """Take arguments of arguments."""
