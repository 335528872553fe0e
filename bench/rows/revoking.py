"""From the click on Revoke to the last process dead."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from bench import application
from bench.application import Application, wait_for
from bench.figures import Figure, Lines, Measured, Of, Row, Samples, Target
from inception.runs import keys
from inception.runs.store import Store

TRIES = 50
SLOTS = os.cpu_count() or 2
BRANCHES = 2
QUEUED = 200
_PATIENCE = 30
"""Seconds (s) for one try's start, and for its end."""


def measure() -> Measured:
    """Milliseconds (ms) from the request to the run's recorded end, of each try."""
    samples = Samples()
    with application.running(slots=SLOTS, watchers=1) as app:
        for _ in range(TRIES):
            samples.add(_one_try(app))
    figures = [
        Figure(name="median", unit="ms", ours=samples.median),
        Figure(
            name="p99",
            unit="ms",
            ours=samples.percentile(99),
            target=Target(of=Of.OURS, most=1000.0),
        ),
    ]
    lines = Lines(x="percent of tries", y="ms", points={"revoke": samples.curve()})
    note = (
        f"{TRIES} tries: a root, {BRANCHES} nested parents and {SLOTS + QUEUED} leaves, of which "
        f"{SLOTS} compute without a pause, one in each slot, and {QUEUED} are queued. The run's "
        "end is recorded after that of every claimed leaf, whose body has left by then; a slot's "
        "process goes on to its next child."
    )
    return Measured(figures=figures, notes=[note], lines=lines)


def _one_try(app: Application) -> float:
    leaves = (SLOTS + QUEUED) // BRANCHES
    kwargs = {"branches": BRANCHES, "leaves": leaves}
    run_id: str = app.control.start("bench.tasks.spinning_tree", kwargs).run["id"]
    store = app.store
    wait_for(lambda: _is_busy(store, run_id, BRANCHES * (1 + leaves)), "the tree did not run")
    with _end_of(app, run_id) as end:
        begun = perf_counter()
        app.control.revoke(run_id, by="bench", reason=None)
        next(end)
    took = (perf_counter() - begun) * 1000
    # The dropped messages of this try are out of the way of the next one's.
    wait_for(lambda: not app.client.llen("children"), "the queue did not empty", _PATIENCE)
    return took


def _is_busy(store: Store, run_id: str, nodes: int) -> bool:
    counts = store.read_run(run_id)["counts"]
    running = counts.get("STARTED", 0) + counts.get("PROGRESS", 0) - BRANCHES
    return sum(counts.values()) == nodes and running >= SLOTS


@contextmanager
def _end_of(app: Application, run_id: str) -> Iterator[Iterator[None]]:
    """Yield once each time the run is heard to have its final state."""
    pubsub = app.client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(keys.events(run_id))
    pubsub.get_message(timeout=_PATIENCE)

    def ends() -> Iterator[None]:
        while True:
            message = pubsub.get_message(timeout=_PATIENCE)
            if message is None:
                raise TimeoutError("the revoked run did not end")
            for event in json.loads(message["data"])["events"]:
                if event.get("run", {}).get("state") == "REVOKED":
                    yield

    yield ends()
    pubsub.close()


ROW = Row(
    number="12",
    title="From the click to the last process dead",
    what="revoke of a 3-level tree with as many CPU-bound leaves as slots, and 200 queued",
    against="—",
    measure=measure,
    limit=240,
)
