"""Parents and children for the tests of workers of both kinds."""

from __future__ import annotations

import time
from pathlib import Path

from celery import current_app

from inception import child, parent, watch, watch_all


@child
def double(number: int) -> int:
    return number * 2


@child
def see(path: str) -> bool:
    """Wait for a file to be there, half a minute at most."""
    deadline = time.monotonic() + 30
    while not Path(path).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.02)
    return True


@parent
def add_up(numbers: list[int]) -> int:
    """Add numbers up, each halved from its double."""
    outcomes = watch_all(double.s(number) for number in numbers)
    total: int = sum(outcome.value for outcome in outcomes)
    return total // 2


@parent
def send_by_name() -> None:
    current_app.send_task("tests.acceptance.role_tasks.double", [1])


@parent
def wait_for_file(path: str) -> bool:
    return bool(watch(see.s(path)).value)
