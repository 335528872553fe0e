"""What runs that nobody looks at cost a web process."""

from __future__ import annotations

import time

from bench import application
from bench.figures import Figure, Measured, Of, Row, Target
from bench.held import Load, hold
from bench.processes import cpu_seconds

RUNS = 5000
RATE = 500.0
"""Updates a second over all runs."""
SECONDS = 30.0


def measure() -> Measured:
    """Percent of a core that a web process without a client uses."""
    with application.running() as app:
        _url, web = app.web()
        store = app.store
        load = Load([hold(store) for _ in range(RUNS)], RATE / RUNS)
        load.start()
        time.sleep(2.0)
        used, moved = cpu_seconds(web.pid), load.moved
        time.sleep(SECONDS)
        used, moved = cpu_seconds(web.pid) - used, load.moved - moved
        load.stop()
    figures = [
        Figure(
            name="a web process without a client",
            unit="% of a core",
            ours=100 * used / SECONDS,
            target=Target(of=Of.OURS, most=1.0),
        ),
        Figure(name="updates meanwhile", unit="a second", ours=moved / SECONDS),
    ]
    note = (
        f"{RUNS:,} runs, updating in turn, for {SECONDS:g} s. Nothing of it is published to a "
        "process that none of its own sockets asked."
    )
    return Measured(figures=figures, notes=[note])


ROW = Row(
    number="9",
    title="5,000 runs watched by nobody",
    what="5,000 runs watched by nobody, updating: a web process with no client",
    against="—",
    measure=measure,
    limit=150,
)
