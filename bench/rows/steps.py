"""A parent of trivial children in sequence, and what else does the like."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from celery import chain

from bench import application
from bench.application import ROOT, Application
from bench.baselines.worker import bare_client, start_bare
from bench.figures import Figure, Measured, Row, Samples, Target
from bench.monitoring import monitored, round_trips

STEPS = 200
DBOS_STEPS = 10
ROUNDS = 5
_PATIENCE = 60
"""Seconds (s) for one round."""


def measure() -> Measured:
    """Milliseconds (ms) a step, medians of rounds in turn."""
    ours, gets, chains = Samples(), Samples(), Samples()
    with application.running(slots=1, watchers=1) as app:
        start_bare(app, "prefork", 1)
        client = bare_client(app)
        results = bare_client(app)

        def run() -> None:
            created = app.control.start("bench.tasks.in_sequence", {"count": STEPS})
            results.AsyncResult(created.run["id"]).get(timeout=_PATIENCE)

        def get() -> None:
            for _ in range(STEPS):
                client.send_task("bare.nothing", queue="bare").get(timeout=_PATIENCE)

        def chained() -> None:
            link = client.signature("bare.nothing", queue="bare", immutable=True)
            chain([link] * STEPS)().get(timeout=_PATIENCE)

        for warm in (run, get, chained):
            warm()
        for _ in range(ROUNDS):
            gets.add(_milliseconds(get))
            ours.add(_milliseconds(run))
            chains.add(_milliseconds(chained))
        cpu = [_cpu(app, work) for work in (run, get)]
        trips = [_round_trips(app, work) for work in (run, get)]
        dbos = _dbos(app)
    return _measured(ours, gets, chains, dbos, cpu, trips)


def _measured(
    ours: Samples,
    gets: Samples,
    chains: Samples,
    dbos: float,
    cpu: list[float],
    trips: list[float],
) -> Measured:
    def figure(against: str, theirs: float, most: float) -> Figure:
        return Figure(
            name=f"a step, against {against}",
            unit="ms",
            ours=ours.median,
            against=against,
            theirs=theirs,
            target=Target(most=most),
        )

    figures = [
        figure(".delay().get()", gets.median, 1.25),
        figure("chain", chains.median, 2.5),
        figure("DBOS Transact", dbos, 0.5),
        Figure(
            name="CPU of all processes a step",
            unit="ms",
            ours=cpu[0],
            against=".delay().get()",
            theirs=cpu[1],
        ),
        Figure(
            name="round trips to Redis a step",
            unit="trips",
            ours=trips[0],
            against=".delay().get()",
            theirs=trips[1],
        ),
    ]
    notes = [
        (
            f"{STEPS} trivial children, one compute slot each side; {ROUNDS} rounds in turn, "
            "medians. The other side is a worker of plain Celery with settings of its own."
        ),
        (
            f"DBOS runs {DBOS_STEPS} steps with its default store (SQLite) and its queue's default "
            "polling, which is what its step waits for."
        ),
        (
            "A step of ours is recorded before its message is sent, and its end before its parent "
            "goes on: what bare Celery and a chain don't do."
        ),
    ]
    return Measured(figures=figures, notes=notes)


def _milliseconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) / STEPS * 1000


def _cpu(app: Application, work: Callable[[], None]) -> float:
    """Milliseconds (ms) of CPU a step, of all processes: what a loaded machine bends least."""
    before = app.cpu_seconds()
    work()
    return (app.cpu_seconds() - before) / STEPS * 1000


def _round_trips(app: Application, work: Callable[[], None]) -> float:
    with monitored(app.client) as seen:
        work()
    return round_trips(seen) / STEPS


def _dbos(app: Application) -> float:
    folder = app.folder / "dbos"
    folder.mkdir()
    command = [sys.executable, "-m", "bench.baselines.dbos_workflows", str(DBOS_STEPS), str(folder)]
    shown = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=_PATIENCE
    )
    return float(shown.stdout.split()[-1]) * 1000


ROW = Row(
    number="4",
    title="A parent of 200 trivial children in sequence",
    what="one step of a parent of 200 trivial children",
    against="`.delay().get()` 200 times; a `chain` of 200; DBOS Transact's queued child workflows",
    measure=measure,
    limit=180,
    bound_by=(
        "CPU. A step's processes wait for one another, so its time is the sum of what they "
        "compute. Of a watcher's working time for a step py-spy finds 39 % in having the step "
        "recorded, most of it the kernel's part of sending it, 17 % in making the message with "
        "Celery and kombu, and 7 % in hearing; Redis takes 0.3 ms for the three scripts of a step, "
        "0.2 of it for the record, which bare Celery has not. Without receipts of messages in "
        "Redis, and with scripts that carry only what they call for, the ratio was 0.96 where it "
        "was 1.24 with them, in turns on a machine alone, and CPU 3.45 ms a step where it was 5.0. "
        "While the message was sent after the record, the ratio was 1.55."
    ),
)
