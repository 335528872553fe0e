"""The rows, one file each."""

from __future__ import annotations

from typing import Final

from bench.figures import Row
from bench.rows import (
    browser,
    costs,
    estimate,
    fan_out,
    idle_web,
    large_run,
    latency,
    opening,
    revoking,
    short_runs,
    stalled,
    steps,
    track,
    waiting,
)

ROWS: Final[dict[str, Row]] = {
    row.number: row
    for row in (
        latency.HOPS,
        latency.POLLING,
        track.ROW,
        steps.ROW,
        short_runs.ROW,
        waiting.MEMORY,
        waiting.STEP_LATENCY,
        fan_out.CLIENTS_ROW,
        large_run.ROW,
        browser.ROW,
        opening.ROW,
        idle_web.ROW,
        stalled.ROW,
        fan_out.PROCESSES_ROW,
        revoking.ROW,
        estimate.ROW,
        costs.ROW,
    )
}
