"""What `track` costs an iteration, against tqdm."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from tqdm import tqdm

from bench.row import Figure
from inception.authoring.reporting import track
from inception.authoring.voice import Voice, speaking

ITERATIONS = 2_000_000
ROUNDS = 3


def measure() -> Figure:
    """Nanoseconds (ns) an iteration above those of a bare loop, each side's best of three."""
    bare = _best(lambda: _loop(range(ITERATIONS)))
    theirs = _best(lambda: _loop(tqdm(range(ITERATIONS), file=io.StringIO()))) - bare
    return Figure(
        row="track",
        what="track() an iteration",
        unit="ns",
        ours=_best(_tracked) - bare,
        against="tqdm",
        theirs=theirs,
    )


def _tracked() -> None:
    with speaking(Voice(lambda _word: True)):
        _loop(track(range(ITERATIONS)))


def _loop(items: object) -> None:
    for _item in items:  # type: ignore[attr-defined]  # a range, or what wraps one
        pass


def _best(run: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) / ITERATIONS * 1e9
