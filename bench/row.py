"""What a row of measurements is, and how its figures are said."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured ratio: ours over theirs, with both in `unit`."""

    row: str
    what: str
    unit: str
    ours: float
    against: str
    theirs: float

    @property
    def ratio(self) -> float:
        """Ours over theirs; below 1 is better than what it is measured against."""
        return self.ours / self.theirs

    def __str__(self) -> str:
        return (
            f"{self.row}: {self.what}: {self.ours:.4g} {self.unit}; "
            f"{self.against}: {self.theirs:.4g} {self.unit}; ratio {self.ratio:.2f}"
        )


Row = Callable[[], Figure]


def report(figure: Figure) -> None:
    """Print a figure and keep it."""
    print(figure)
    RESULTS.mkdir(exist_ok=True)
    said = {**asdict(figure), "ratio": figure.ratio}
    (RESULTS / f"{figure.row}.json").write_text(json.dumps(said, indent=1) + "\n")


def median(samples: Sequence[float]) -> float:
    """The middle of the samples: what a noisy machine bends least."""
    return statistics.median(samples)
