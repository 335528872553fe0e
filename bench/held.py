"""A load that speaks in a run's owner's place: a run held by the measurement itself.

What a watcher would write is written at a rate that is given, so that only what comes after it
(Redis, the web, the clients) is measured.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.stamps import now
from inception.runs.meta import read_meta
from inception.runs.model import ROOT, State
from inception.runs.paths import task_id
from inception.runs.records import Lease, NewRun, NewStep
from inception.runs.recordtext import patch
from inception.runs.store import Store

_OWNER: Final = "bench:owner:1"
_CHUNK: Final = 500


@dataclass(slots=True, kw_only=True)
class HeldRun:
    """A run with children, and the number of the next operation on it."""

    store: Store
    lease: Lease
    paths: Sequence[str]
    operations: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def id(self) -> str:
        """The run's id."""
        return self.lease.run_id

    def move(self, paths: Sequence[str], iteration: int, total: int) -> None:
        """Let these nodes show a step, its moment in their message."""
        meta = read_meta({"iteration": iteration, "total": total, "message": str(now())})
        fields = patch(state=State.PROGRESS, meta=meta)
        run = patch(meta=meta)
        self.store.write(self.lease, next(self.operations), dict.fromkeys(paths, fields), run)


def hold(store: Store, children: int = 1) -> HeldRun:
    """Record a run with so many children, as its owner."""
    lease = Lease(run_id=str(uuid.uuid4()), owner=_OWNER, token="bench")
    store.create_run(NewRun(id=lease.run_id, name="bench.held", kwargs={}))
    store.claim_run(lease.run_id, owner=lease.owner, token=lease.token)
    run = HeldRun(store=store, lease=lease, paths=[str(number) for number in range(children)])
    for first in range(0, children, _CHUNK):
        steps = [_step(lease.run_id, path) for path in run.paths[first : first + _CHUNK]]
        store.spawn(lease, next(run.operations), steps)
    return run


@dataclass(slots=True)
class Load:
    """Moves runs at `rate` steps a second each, from a thread, until `stop`."""

    runs: Sequence[HeldRun]
    rate: float
    moved: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and return once the last step is written."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        begun, pause = time.monotonic(), 1.0 / (self.rate * len(self.runs))
        for number in itertools.count():
            run = self.runs[number % len(self.runs)]
            step = number // len(self.runs)
            run.move([run.paths[step % len(run.paths)]], step % 1000, 1000)
            self.moved += 1
            if self._stopping.wait(max(0.0, begun + (number + 1) * pause - time.monotonic())):
                return


def _step(run_id: str, path: str) -> NewStep:
    return NewStep(
        path=path,
        parent=ROOT,
        name="bench.child",
        label="Child",
        kind="child",
        task_id=task_id(run_id, path, 1),
        queue=None,
        args_text="[]",
        kwargs_text="{}",
        digest="bench",
    )
