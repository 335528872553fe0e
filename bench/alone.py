"""`python -m bench.alone ROW`: measure one row in this process, print its figures, keep them."""

from __future__ import annotations

import math
import os
import sys
import time
import traceback
from typing import NoReturn

from bench import machine, record
from bench.figures import Figure, Skipped
from bench.rows import ROWS


def main(number: str) -> int:
    """Measure row `number`; a row that this machine can't measure is skipped by name."""
    row = ROWS[number]
    begun, load = time.monotonic(), machine.load()
    try:
        measured = row.measure()
    except Skipped as missing:
        seconds = time.monotonic() - begun
        record.write(
            number, record.of_missing(row, str(missing), skipped=True, seconds=seconds, load=load)
        )
        print(f"  skipped: {missing}")
        return 0
    for figure in measured.figures:
        print(f"  {say(figure)}")
    for note in measured.notes:
        print(f"  {note}")
    record.write(number, record.of_measured(row, measured, time.monotonic() - begun, load))
    return 0


def say(figure: Figure) -> str:
    """One figure in one line."""
    words = f"{figure.name}: {figure.ours:.4g} {figure.unit}"
    if figure.theirs is not None:
        words += f"; {figure.against}: {figure.theirs:.4g} {figure.unit}"
    if not math.isnan(figure.ratio):
        words += f"; ratio {figure.ratio:.3g}"
    if figure.target is not None:
        words += f" ({figure.target}: {'reached' if figure.is_met else 'missed'})"
    return words


def leave(code: int) -> NoReturn:
    """End here and now: Celery's results would otherwise complain that their Redis has gone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        leave(main(sys.argv[1]))
    except Exception:  # noqa: BLE001 -- whatever a row fails of, it is said, and the others go on
        traceback.print_exc()
        leave(1)
