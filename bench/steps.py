"""A parent of trivial children in sequence, against bare Celery's `.delay().get()`."""

from __future__ import annotations

import gc
import time

from celery import Celery

from bench import application
from bench.row import Figure, median
from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.settings import Settings
from inception.runs.store import Store

STEPS = 200
ROUNDS = 5
_PATIENCE = 60
"""Seconds (s) for one round."""


def measure() -> Figure:
    """Milliseconds (ms) a step, the median of five rounds in turn with the other side's."""
    ours, theirs = [], []
    with application.running() as app:
        settings = Settings(redis_url=app.redis_url)
        store = Store(connect(app.redis_url, purpose="bench"))
        control = Control(store, create_client(settings))
        client = Celery(broker=app.redis_url, backend=app.redis_url, set_as_current=False)
        for _ in range(ROUNDS):
            theirs.append(_bare_round(client))
            ours.append(_run_round(control, client))
        gc.collect()  # results that are let go of after Redis is gone complain of it
    return Figure(
        row="steps",
        what="one of 200 trivial children in sequence",
        unit="ms",
        ours=median(ours),
        against="bare Celery, .delay().get()",
        theirs=median(theirs),
    )


def _bare_round(client: Celery) -> float:
    begun = time.perf_counter()
    for _ in range(STEPS):
        client.send_task("bench.bare", queue="children").get(timeout=_PATIENCE)
    return (time.perf_counter() - begun) / STEPS * 1000


def _run_round(control: Control, client: Celery) -> float:
    begun = time.perf_counter()
    created = control.start("bench.tasks.in_sequence", {"count": STEPS})
    client.AsyncResult(created.run["id"]).get(timeout=_PATIENCE)
    return (time.perf_counter() - begun) / STEPS * 1000
