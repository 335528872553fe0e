"""What `track` costs an iteration."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from tqdm import tqdm

from bench import application
from bench.figures import Figure, Measured, Row, Samples, Target
from inception.authoring.reporting import track
from inception.authoring.result_channel import say_progress
from inception.authoring.voice import Voice, speaking

ITERATIONS = 2_000_000
ROUNDS = 5


def measure() -> Measured:
    """Nanoseconds (ns) an iteration above those of a bare loop, medians of rounds in turn."""
    bare, ours, theirs = Samples(), Samples(), Samples()
    with application.running() as app:
        backend = Celery(backend=app.redis_url, set_as_current=False).backend
        for _ in range(ROUNDS):
            bare.add(_timed(lambda: _loop(range(ITERATIONS))))
            theirs.add(_timed(lambda: _loop(tqdm(range(ITERATIONS), file=io.StringIO()))))
            ours.add(_timed(lambda: _tracked(backend)))
    figure = Figure(
        name="track() an iteration",
        unit="ns",
        ours=ours.median - bare.median,
        against="tqdm",
        theirs=theirs.median - bare.median,
        target=Target(most=1.0),
    )
    note = (
        f"{ITERATIONS:,} iterations a round, the bare loop's {bare.median:.0f} ns taken off; ours "
        "reports to a Redis, tqdm draws into memory."
    )
    return Measured(figures=[figure], notes=[note])


def _tracked(backend: Any) -> None:
    with speaking(Voice(lambda word: say_progress(backend, "bench", word))):
        _loop(track(range(ITERATIONS)))


def _loop(items: object) -> None:
    for _item in items:  # type: ignore[attr-defined]  # a range, or what wraps one
        pass


def _timed(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) / ITERATIONS * 1e9


ROW = Row(
    number="3",
    title="What a tracked loop costs",
    what="`for x in track(range(n))` an iteration, reporting to a Redis",
    against="`tqdm`",
    measure=measure,
    limit=90,
)
