"""When an iteration ends, and how the run then answers for its value."""

from __future__ import annotations

import time

from inception_client.errors import NotEnded, RunFailed
from inception_client.following import Following
from inception_client.records import FINAL_STATES, JsonValue, RunRecord


def check_ended(run: RunRecord | None) -> JsonValue:
    """The value of a run that succeeded. Raises RunFailed, NotEnded."""
    if run is None or run["state"] not in FINAL_STATES:
        raise NotEnded("The run goes on: iterate over it to its end, or wait for it.")
    if run["state"] != "SUCCESS":
        raise RunFailed(run)
    return run["value"]


def lacks_value(run: RunRecord | None) -> bool:
    """True if the value, or the traceback, was too large for an event and has to be read."""
    ended = run is not None and run["state"] in FINAL_STATES
    return ended and run is not None and not {"value", "traceback"}.isdisjoint(run["omitted"])


def check_time(run_id: str, following: Following, until: float | None) -> None:
    """Raise TimeoutError if the run goes on at `until` (monotonic, s)."""
    if until is not None and time.monotonic() >= until and not following.has_ended:
        raise TimeoutError(f"The run {run_id} goes on, and the time given for it is over.")


def earliest(*moments: float | None) -> float | None:
    """The first of those moments that are set; None if none is."""
    return min((moment for moment in moments if moment is not None), default=None)
