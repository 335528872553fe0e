"""Which processes make up the application, and their command lines."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from inception.runs.settings import Settings
from webapp.supervisor.processes import ProcessSpec, StopStep
from webapp.supervisor.redis_server import RedisServer

PARENT_SLOTS = 50
"""Parents a watcher takes in at the same time; how many it holds is not bounded by this."""

FIRST, SECOND, LAST = range(3)
_KILL = StopStep(signal=signal.SIGKILL, patience=5.0)


def redis_process(server: RedisServer, environment: Mapping[str, str]) -> ProcessSpec:
    """Run the embedded Redis."""
    return ProcessSpec(
        name="redis",
        command=server.command,
        environment=environment,
        directory=server.directory,
        stop_phase=LAST,
        stop_steps=(StopStep(signal=signal.SIGTERM, patience=15.0), _KILL),
    )


def application_processes(
    settings: Settings, root: Path, environment: Mapping[str, str]
) -> list[ProcessSpec]:
    """Run what the settings name, of a watcher, the compute workers and the web, from root."""
    mark = state_mark(settings.state_dir)
    watcher = ProcessSpec(
        name="watcher",
        command=_worker("watcher", mark, "parents", "eventlet", PARENT_SLOTS),
        environment=environment,
        directory=root,
        stop_phase=SECOND,
        stop_steps=(StopStep(signal=signal.SIGTERM, patience=4.0), _KILL),
    )
    compute = ProcessSpec(
        name="compute",
        command=_worker("compute", mark, "children", "prefork", settings.concurrency),
        environment=environment,
        directory=root,
        stop_phase=SECOND,
        # Celery's warm shutdown takes an idle worker up to 3 s, and would wait for running
        # children however long they take.
        stop_steps=(
            StopStep(signal=signal.SIGTERM, patience=3.5),
            StopStep(signal=signal.SIGQUIT, patience=1.5),
            _KILL,
        ),
    )
    web = ProcessSpec(
        name="web",
        command=(sys.executable, "wsgi.py"),
        environment=environment,
        directory=root,
        stop_phase=FIRST,
        stop_steps=(StopStep(signal=signal.SIGTERM, patience=3.0), _KILL),
    )
    return [spec for spec in (watcher, compute, web) if spec.name in settings.processes]


def state_mark(state_dir: Path) -> str:
    """Return a short word for a state folder, so that nodes of two checkouts differ in name."""
    return hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:8]


def _worker(name: str, mark: str, queue: str, pool: str, slots: int) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "celery", "-A", "celery_worker", "worker"),
        *("-Q", queue, "-P", pool, "-c", str(slots), "-n", f"{name}-{mark}@%h"),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    )
