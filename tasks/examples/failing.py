"""A parent that fails on purpose, to see how a failure shows and how a retry goes on."""

from __future__ import annotations

from typing import Any

from inception import child, parent, track, watch


class FailedOnPurpose(Exception):
    """What the failing child raises."""


@child(bind=True)
def work(self: Any, number: int, fails: bool, once: bool) -> int:
    """Do nothing in a few steps; or fail half-way, if `once` only in the first attempt."""
    for iteration in track(range(10), message=f"Working on step {number}"):
        if fails and iteration == 5 and (self.attempt == 1 or not once):
            raise FailedOnPurpose(f"Step {number} fails on purpose.")
    return number


@parent
def fail_at(step: int = 2, steps: int = 3, once: bool = False) -> int:
    """Run some steps, one of which raises; returns how many were done.

    Args:
        step: The number, from 1, of the child that raises; 0 for none.
        steps: How many children there are.
        once: Whether it raises in its first attempt only, so that a retry of the run succeeds.

    """
    done = 0
    for number in track(range(1, steps + 1), message="Steps done"):
        outcome = watch(work.s(number, number == step, once), label=f"Step {number}")
        done += bool(outcome.value)
    return done
