"""The runs that the hammer starts: drawn from a seed, each with the end that it must come to."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from inception.runs.model import ROOT, State

BODIES = "tests.chaos.hammer.bodies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A run to be started, and what must become of it.

    `revoke_after` are seconds (s) from its start to a revoke of what is under `revoke_path`.
    With `mend` the run fails at first, until the file named by its argument `flag` is gone and
    it is asked to go on. `value` is what a run that succeeds must return.
    """

    kind: str
    parent: str
    arguments: dict[str, Any]
    end: State = State.SUCCESS
    value: Any = None
    revoke_after: float | None = None
    revoke_path: str = ROOT
    mend: bool = False
    alone: bool = False
    """No other run of its parent may go on at the same time."""
    failing: frozenset[str] = field(default_factory=frozenset)
    """Paths of children whose failed attempts are followed by others."""

    @property
    def name(self) -> str:
        """The parent's name as it is registered."""
        return f"{BODIES}.{self.parent}"


def shapes(seed: int) -> Iterator[Shape]:
    """Yield shapes without end; the same for the same seed."""
    draw = random.Random(f"shapes {seed}")
    for number in itertools.count():
        yield draw.choices(_MAKERS, _WEIGHTS)[0](draw, number)


def _times(draw: random.Random, most: int) -> list[float]:
    return [_time(draw) for _ in range(draw.randint(1, most))]


def _time(draw: random.Random) -> float:
    return round(draw.uniform(0.1, 1.2), 1)


def _words(number: int) -> list[str]:
    return [str(n) for n in range(number)]


def _sequential(draw: random.Random, _number: int) -> Shape:
    times = _times(draw, 5)
    return Shape(
        kind="sequential",
        parent="in_turn",
        arguments={"seconds": times},
        value=_words(len(times)),
    )


def _limited(draw: random.Random, _number: int) -> Shape:
    times = _times(draw, 2)
    return Shape(
        kind="limited",
        parent="one_at_a_time",
        arguments={"seconds": times},
        value=_words(len(times)),
        alone=True,
    )


def _parallel(draw: random.Random, _number: int) -> Shape:
    times, limit = _times(draw, 8), draw.choice([None, 2, 3])
    return Shape(
        kind="parallel",
        parent="at_once",
        arguments={"seconds": times, "limit": limit},
        value=_words(len(times)),
    )


def _nested(draw: random.Random, _number: int) -> Shape:
    widths = [draw.randint(1, 2) for _ in range(draw.randint(2, 3))]
    leaves = widths[0]
    for width in widths[1:]:
        leaves *= width
    return Shape(
        kind="nested",
        parent="nested",
        arguments={"widths": widths, "seconds": _time(draw)},
        value=leaves,
    )


def _failing(draw: random.Random, _number: int) -> Shape:
    arguments = {"seconds": _times(draw, 2)}
    return Shape(kind="failing", parent="failing", arguments=arguments, end=State.FAILURE)


def _recovering(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="retries=",
        parent="recovering",
        arguments={"attempts": draw.randint(1, 2), "seconds": _time(draw)},
        value=_words(3),
        failing=frozenset({"1"}),
    )


def _retrying(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="autoretry",
        parent="retrying",
        arguments={"tries": draw.randint(1, 3), "seconds": _time(draw)},
        value=_words(3),
    )


def _mended(draw: random.Random, number: int) -> Shape:
    return Shape(
        kind="POST retry",
        parent="mended",
        arguments={"flag": f"flag-{number}", "seconds": _time(draw)},
        value=_words(4),
        mend=True,
        failing=frozenset({"1.1"}),
    )


def _slept(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="sleeping",
        parent="slept",
        arguments={"seconds": _time(draw), "pause": round(draw.uniform(0.5, 5.0), 1)},
        value=_words(2),
    )


def _revoked(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="revoked",
        parent="held",
        arguments={"widths": draw.choice([[3], [2, 2], [1, 2, 1]])},
        end=State.REVOKED,
        revoke_after=round(draw.uniform(0.0, 4.0), 2),
    )


def _hopeless(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="revoked retry",
        parent="hopeless",
        arguments={},
        end=State.REVOKED,
        revoke_after=round(draw.uniform(0.5, 5.0), 2),
    )


def _pruned(draw: random.Random, _number: int) -> Shape:
    return Shape(
        kind="branch revoked",
        parent="pruned",
        arguments={"seconds": _times(draw, 3)},
        value=f"{State.REVOKED} {State.SUCCESS}",
        revoke_after=round(draw.uniform(0.0, 4.0), 2),
        revoke_path="0",
    )


_KINDS: dict[Callable[[random.Random, int], Shape], int] = {
    _sequential: 3, _parallel: 3, _nested: 3, _failing: 2, _recovering: 2, _retrying: 2,
    _mended: 2, _slept: 2, _revoked: 3, _pruned: 2, _hopeless: 1, _limited: 2,
}  # fmt: skip
_MAKERS, _WEIGHTS = list(_KINDS), list(_KINDS.values())
