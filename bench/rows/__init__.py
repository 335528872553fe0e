"""The rows, one file each."""

from __future__ import annotations

from typing import Final

from bench.figures import Row
from bench.rows import browser, estimate, latency, revoking, steps, track

ROWS: Final[dict[str, Row]] = {
    row.number: row
    for row in (
        latency.HOPS,
        latency.POLLING,
        track.ROW,
        steps.ROW,
        revoking.ROW,
        estimate.ROW,
        browser.ROW,
    )
}
