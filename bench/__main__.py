"""`python -m bench [row ...]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from bench import steps, track
from bench.row import Row, report

ROWS: Final[dict[str, Row]] = {
    "track": track.measure,
    "steps": steps.measure,
}


def main(names: Sequence[str]) -> int:
    """Measure the named rows, or all."""
    if unknown := [name for name in names if name not in ROWS]:
        print(f"There is no row {unknown[0]!r}; there are {', '.join(ROWS)}.", file=sys.stderr)
        return 2
    for name in names or ROWS:
        report(ROWS[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
