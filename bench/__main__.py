"""`python -m bench [row ...]`: measure these rows, or all, and render the page."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from bench import machine, page, record
from bench.figures import Row
from bench.rows import ROWS

_IN_ALL: Final = 19 * 60
"""Seconds (s) for all rows together; the last ones have what the others leave."""
_GRACE: Final = 20
"""Seconds (s) that a row beyond its limit has to stop what it started."""


def main(numbers: Sequence[str]) -> int:
    """Measure; the exit code is not 0 if a row could not be measured. A missed target is no error.

    Only rows that were measured change on the page.
    """
    if unknown := [number for number in numbers if number not in ROWS]:
        print(f"There is no row {unknown[0]!r}; there are {', '.join(ROWS)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))  # the row has to end too
    begun = time.monotonic()
    deadline = begun + _IN_ALL
    failed = [number for number in numbers or ROWS if not _measure(ROWS[number], deadline)]
    page.render(ROWS)
    print(f"\n{time.monotonic() - begun:.0f} s in all. Rendered {page.PAGE.name}.")
    if failed:
        print(f"Could not measure: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _measure(row: Row, deadline: float) -> bool:
    """Measure a row in a process of its own, until the deadline at most; False if it failed."""
    print(f"\nRow {row.number}: {row.title}", flush=True)
    begun, load = time.monotonic(), machine.load()
    limit = max(1.0, min(float(row.limit), deadline - begun))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.alone", row.number], start_new_session=True
    )
    try:
        code = process.wait(limit)
        why = f"it ended with exit code {code}; what it printed says why"
    except subprocess.TimeoutExpired:
        code, why = -1, f"it took longer than the {limit:.0f} s it had"
    finally:
        _end(process)
    if code != 0:
        seconds = time.monotonic() - begun
        missing = record.of_missing(row, why, skipped=False, seconds=seconds, load=load)
        record.write(row.number, missing)
        print(f"  failed: {why}")
    return code == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a row and all that it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
