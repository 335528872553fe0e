"""A run, or a list of runs, all of which move by turns, as fast as is asked; or a run that grows.

`python -m bench.moving run|growing|list` brings it about in the Redis of REDIS_URL and says
"ready"; from then on each line it is sent is a rate, updates a second, which it answers with the
number of updates that were made so far. In a process of its own, so that who measures does not
slow it.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from bench.application import Application, RedisClient
from inception.runs import keys
from inception.runs.connection import connect
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_NODES, State
from inception.runs.paths import parent_path
from inception.runs.records import Lease, NewRun, NewStep
from inception.runs.recordtext import patch
from inception.runs.store import Store

RUN_ID: Final = "bench-wide"
GROWING_ID: Final = "bench-growing"
PARENTS: Final = 100
CHILDREN: Final = MAX_NODES // PARENTS - 1
WRITES: Final = 20
"""Writes a second, each with its share of the updates."""
RUNS: Final = 1_000
"""Runs of the list, all drawn from one store in the page and all moving."""
_TOTAL: Final = 1_000


class Moving(Protocol):
    """What moves when it is told to."""

    def move(self, count: int) -> None:
        """Make the next `count` updates."""


class Load:
    """A run in our hands, all of whose tasks move by turns."""

    def __init__(self, store: Store) -> None:
        self._held = Held(store, RUN_ID)
        parents = [str(n) for n in range(PARENTS)]
        self._leaves = [f"{above}.{n}" for above in parents for n in range(CHILDREN)]
        for paths in _in_hundreds(parents):
            self._held.spawn(paths, "parent")
        for paths in _in_hundreds(self._leaves):
            self._held.spawn(paths, "child")
        self._moved = itertools.count()

    def move(self, count: int) -> None:
        """Let the next `count` tasks take a step, in one write."""
        numbers = list(itertools.islice(self._moved, count))
        moves = {
            self._leaves[number % len(self._leaves)]: _step(number // len(self._leaves) + 1)
            for number in numbers
        }
        done = numbers[-1] / (len(self._leaves) * _TOTAL) * 100
        meta = {**empty_meta("PROGRESS"), "completion": round(done, 2)}
        rolled_up = patch(state=State.PROGRESS, meta=meta)
        self._held.write(moves, rolled_up)


class Growth:
    """A run whose parents start one child after another, by turns; an update is a new task."""

    def __init__(self, store: Store) -> None:
        self._held = Held(store, GROWING_ID)
        parents = [str(n) for n in range(PARENTS)]
        self._held.spawn(parents, "parent")
        self._coming = (f"{above}.{n}" for n in range(CHILDREN) for above in parents)

    def move(self, count: int) -> None:
        """Start the next `count` tasks, as long as the run may have more."""
        for paths in _in_hundreds(list(itertools.islice(self._coming, count))):
            self._held.spawn(paths, "child")


class Held:
    """A run of which this process is the owner."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._ops = itertools.count(1)
        store.create_run(NewRun(id=run_id, name="bench.wide", kwargs={}))
        self._lease = Lease(run_id=run_id, owner="bench", token="bench")
        store.claim_run(run_id, owner="bench", token="bench")

    def write(self, moves: dict[str, dict[str, str]], rolled_up: dict[str, str]) -> None:
        """Let tasks move, and the run with them."""
        self._store.write(self._lease, next(self._ops), moves, rolled_up)

    def spawn(self, paths: list[str], kind: str) -> None:
        """Start tasks, at most a hundred."""
        steps = [_new_step(path, kind) for path in paths]
        self._store.spawn(self._lease, next(self._ops), steps)


def _new_step(path: str, kind: str) -> NewStep:
    return NewStep(
        path=path,
        parent=parent_path(path),
        name=f"bench.{kind}",
        label=f"Part {path}",
        kind="parent" if kind == "parent" else "child",
        task_id=f"task-{path}",
        queue="children",
        args_text="[1, 2]",
        kwargs_text='{"size": 10}',
        digest="0" * 16,
    )


def _in_hundreds(paths: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(paths), 100):
        yield paths[first : first + 100]


def _step(iteration: int) -> dict[str, str]:
    meta = {
        **empty_meta("PROGRESS"),
        "iteration": iteration,
        "total": _TOTAL,
        "completion": iteration / _TOTAL * 100,
        "message": f"Step {iteration}",
    }
    return patch(state=State.PROGRESS, meta=meta)


class ListLoad:
    """Many runs, whose records are published as if all of them moved by turns.

    Published only: to write so many would take more than this machine has, and what is measured
    begins where a relay hears them.
    """

    def __init__(self, store: Store) -> None:
        self._client: RedisClient = connect(os.environ["REDIS_URL"], purpose="bench")
        self._records = [self._begun(store, f"bench-run-{n:05}") for n in range(RUNS)]
        self._moved = itertools.count()

    def move(self, count: int) -> None:
        """Say of the next `count` runs that they took a step."""
        with self._client.pipeline(transaction=False) as pipeline:
            for number in itertools.islice(self._moved, count):
                record = self._records[number % RUNS]
                step = number // RUNS + 1
                meta = {"iteration": step, "completion": step / _TOTAL * 100}
                record |= {"seq": record["seq"] + 1, "meta": {**record["meta"], **meta}}
                pipeline.publish(keys.LIST_CHANNEL, json.dumps(record))
            pipeline.execute()

    def _begun(self, store: Store, run_id: str) -> dict[str, Any]:
        store.create_run(NewRun(id=run_id, name="bench.listed", kwargs={"size": 10}))
        lease = Lease(run_id=run_id, owner="bench", token="bench")
        store.claim_run(run_id, owner="bench", token="bench")
        meta = {**empty_meta("PROGRESS"), "total": _TOTAL}
        store.write(lease, 1, {}, patch(state=State.PROGRESS, meta=meta))
        return dict(store.read_run(run_id))


_LOADS: Final[dict[str, Callable[[Store], Moving]]] = {
    "run": Load,
    "growing": Growth,
    "list": ListLoad,
}


class Mover:
    """That process, as who measures speaks with it."""

    def __init__(self, app: Application, what: str) -> None:
        self._process = app.start_talking(sys.executable, "-m", "bench.moving", what)
        if (said := self._line()) != "ready":
            raise RuntimeError(f"the load said {said!r} in place of 'ready'")

    @contextmanager
    def at(self, rate: int) -> Iterator[Callable[[], int]]:
        """Updates, `rate` a second if Redis keeps up; yields what tells how many were made."""
        self._ask(rate)
        try:
            yield lambda: self._ask(rate)
        finally:
            self._ask(0)

    def _ask(self, rate: int) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{rate}\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main(what: str) -> None:
    """Move until the standard input ends."""
    store = Store(connect(os.environ["REDIS_URL"], purpose="bench"))
    load = _LOADS[what](store)
    print("ready", flush=True)
    made, rate, due = 0, 0, time.monotonic()
    while True:
        wait = max(0.0, due - time.monotonic()) if rate else None
        if select.select([sys.stdin], [], [], wait)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            if rate != int(line):
                rate, due = int(line), time.monotonic()
            print(made, flush=True)
        elif rate:
            load.move(rate // WRITES)
            made += rate // WRITES
            due = max(due + 1 / WRITES, time.monotonic() - 1)


if __name__ == "__main__":
    main(sys.argv[1])
