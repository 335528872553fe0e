"""Starts the worker of plain Celery, and makes clients for it."""

from __future__ import annotations

import sys

from celery import Celery

from bench.application import Application, wait_for


def start_bare(app: Application, pool: str, slots: int, queue: str = "bare") -> int:
    """Start a worker of plain Celery beside the application; its pid, once it consumes."""
    client = bare_client(app)
    name = f"bare{len(app.processes)}@localhost"
    process = app.start(
        *(sys.executable, "-m", "celery", "-A", "bench.baselines.bare_celery", "worker"),
        *("-Q", queue, "-P", pool, "-c", str(slots), "-n", name),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    )
    wait_for(
        lambda: client.control.ping(destination=[name], timeout=0.3), "plain Celery did not answer"
    )
    return process.pid


def bare_client(app: Application) -> Celery:
    """A client that sends and hears results as a program with plain Celery does."""
    return Celery("bare", broker=app.redis_url, backend=app.redis_url, set_as_current=False)
