"""What a row comes to: figures with their targets, curves, and what is to be said of them. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Of(StrEnum):
    """What of a figure a target is about."""

    RATIO = "ratio"
    """Ours over theirs."""
    OURS = "ours"
    DIFFERENCE = "difference"
    """Ours less theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What must be reached: at most `most`, or at least `least`, of one aspect of a figure."""

    of: Of = Of.RATIO
    most: float | None = None
    least: float | None = None

    def is_met_by(self, value: float) -> bool:
        """True if `value` is within the bounds; a number that is none never is."""
        above = self.least is None or value >= self.least
        below = self.most is None or value <= self.most
        return not math.isnan(value) and above and below

    def __str__(self) -> str:
        bound = f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}"
        return f"{self.of} {bound}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity in `unit`: ours, and theirs where there is something beside it."""

    name: str
    unit: str
    ours: float
    against: str = ""
    theirs: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float:
        """Ours over theirs; NaN where there is nothing beside it."""
        return self.ours / self.theirs if self.theirs else math.nan

    @property
    def aspect(self) -> float:
        """The value that the target is about."""
        of = self.target.of if self.target is not None else Of.OURS
        if of is Of.RATIO:
            return self.ratio
        return self.ours - (self.theirs or 0.0) if of is Of.DIFFERENCE else self.ours

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target is None else self.target.is_met_by(self.aspect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Curves for a row's plot: points (x, y) by name."""

    x: str
    y: str
    points: Mapping[str, Sequence[tuple[float, float]]]
    log_y: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a row comes to. `notes` say how it was done, and what bounds a figure that is missed."""

    figures: Sequence[Figure]
    notes: Sequence[str] = ()
    lines: Lines | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `limit` in seconds (s) is how long it may take as a whole."""

    number: str
    title: str
    what: str
    against: str
    measure: Callable[[], Measured]
    limit: int = 120
    bound_by: str = ""
    """What bounds a figure that is missed, with the profile's evidence."""


class Skipped(Exception):
    """A row can't be measured on this machine; the text says what is missing."""


@dataclass(slots=True)
class Samples:
    """Samples of one quantity, in its unit."""

    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Take one more."""
        self.values.append(value)

    @property
    def median(self) -> float:
        """The middle one: what a noisy machine bends least. NaN without samples."""
        return statistics.median(self.values) if self.values else math.nan

    def percentile(self, percent: float) -> float:
        """The sample that `percent` of all don't exceed; NaN without samples."""
        if not self.values:
            return math.nan
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, math.ceil(percent / 100 * len(ordered)) - 1)]

    def curve(self) -> list[tuple[float, float]]:
        """At most 200 points (percentile, value) from the lowest to the highest."""
        count = min(200, len(self.values))
        return [(100 * k / count, self.percentile(100 * k / count)) for k in range(1, count + 1)]
