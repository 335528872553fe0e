"""Workers of a test's own around one Redis, without the web: watchers, compute workers, runs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import redis

from inception.runs import keys
from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.errors import ParentNotFound, StoreUnavailable
from inception.runs.model import Node, Run, State
from inception.runs.settings import Settings
from inception.runs.store import Store
from tests.acceptance.worker_process import WorkerProcess
from tests.running import PAUSE, eventually

TASKS = "tests.acceptance.fault_tasks"
ANNOUNCED_WITHIN = 10.0
"""Seconds (s) from a worker's being ready until its parents are known."""
TTL = 2.0
"""Seconds (s) until a silent process is dead, in these tests."""


class Deployment:
    """Some workers, the runs that they carry, and the book that the children write."""

    def __init__(self, url: str, directory: Path, **environ: str) -> None:
        self.url = url
        self.directory = directory
        self.book = Book(directory / "book")
        self.store = Store(connect(url, purpose="test"))
        self.client: redis.Redis = connect(url, purpose="test-raw")
        self.workers: list[WorkerProcess] = []
        self._control = Control(self.store, create_client(Settings(redis_url=url)))
        self._environ = {"INCEPTION_TASKS": TASKS, "INCEPTION_HEARTBEAT_TTL": str(TTL), **environ}

    def watcher(self, name: str, *, through: Sequence[str] = (), **environ: str) -> WorkerProcess:
        """Start a watcher process; it may not be ready yet."""
        options = ("-Q", "parents", "-P", "eventlet", "-c", "50")
        return self._worker(name, environ, through, *options)

    def compute(
        self, name: str = "compute", slots: int = 2, *, through: Sequence[str] = (), **environ: str
    ) -> WorkerProcess:
        """Start a compute worker; it may not be ready yet."""
        options = ("-Q", "children", "-P", "prefork", "-c", str(slots))
        return self._worker(name, environ, through, *options)

    def ready(self) -> None:
        """Return once every worker consumes."""
        for worker in self.workers:
            worker.wait_until_ready()

    def start(self, name: str, **kwargs: Any) -> str:
        """Start a run of a parent of `fault_tasks`, and return its id.

        A worker says that it is ready a moment before it has announced its parents.
        """
        deadline = time.monotonic() + ANNOUNCED_WITHIN
        while True:
            try:
                return self._control.start(f"{TASKS}.{name}", kwargs).run["id"]
            except ParentNotFound:
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    def revoke(self, run_id: str, path: str | None = None) -> None:
        """Ask a run, or a part of it, to stop."""
        self._control.revoke(run_id, path, by="test", reason=None)

    def run(self, run_id: str) -> Run:
        """The run as it is recorded."""
        return self.store.read_run(run_id)

    def node(self, run_id: str, path: str = "0") -> Node:
        """A node of the run."""
        return self.store.read_node(run_id, path)

    def nodes(self, run_id: str) -> dict[str, Node]:
        """All its nodes by path."""
        return {node["path"]: node for node in self.store.snapshot(run_id)["nodes"]}

    def owner(self, run_id: str) -> str:
        """The name of the process that holds the run; empty if none does."""
        return str(self.client.hget(keys.run(run_id), "owner") or "")

    def owners(self, run_ids: Iterable[str]) -> set[str]:
        """Who holds these runs: `<host>:<name>:<random>` each."""
        with self.client.pipeline(transaction=False) as pipe:
            for run_id in run_ids:
                pipe.hget(keys.run(run_id), "owner")
            return {str(owner or "") for owner in pipe.execute()}

    def names_of_owners(self, run_ids: Iterable[str]) -> set[str]:
        """The names that those processes were started with."""
        return {owner.partition(":")[2].partition(":")[0] for owner in self.owners(run_ids)}

    def wait_for_state(self, run_id: str, state: State, path: str, within: float = 20) -> None:
        """Return once a node is in this state."""

        def reached() -> bool:
            node = self.nodes(run_id).get(path)
            return node is not None and node["state"] == state

        eventually(reached, within, f"{path} of {run_id} is {state}")

    def wait_for_ends(self, run_ids: Iterable[str], within: float = 30) -> list[Run]:
        """Return the runs once all have ended; Redis may be away meanwhile."""
        open_ids, ended = list(run_ids), dict[str, Run]()

        def all_ended() -> bool:
            for run_id in [one for one in open_ids if one not in ended]:
                try:
                    run = self.run(run_id)
                except StoreUnavailable:
                    return False
                if not run["state"].is_final:
                    return False
                ended[run_id] = run
            return True

        eventually(all_ended, within, f"{len(open_ids)} runs end")
        return [ended[run_id] for run_id in open_ids]

    def wait_for_end(self, run_id: str, within: float = 30) -> Run:
        """Return the run once it has ended."""
        return self.wait_for_ends([run_id], within)[0]

    def kill(self, worker: WorkerProcess) -> None:
        """SIGKILL a worker with its whole pool."""
        worker.end()
        self.workers.remove(worker)

    def end(self) -> None:
        """Leave nothing behind."""
        for worker in self.workers:
            worker.signal(signal.SIGCONT)
            worker.end()

    def _worker(
        self, name: str, environ: dict[str, str], through: Sequence[str], *options: str
    ) -> WorkerProcess:
        log, settings = self.directory / f"{name}-{len(self.workers)}.log", self._environ | environ
        worker = WorkerProcess(
            self.url, log, "-n", f"{name}@%h", *options, environ=settings, through=through
        )
        self.workers.append(worker)
        return worker


class Book:
    """A file outside Redis that bodies write a line into when they begin and end."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return os.fspath(self.path)

    def lines(self, verb: str) -> list[str]:
        """What was written with this first word, in order; once for each time a body did."""
        if not self.path.exists():
            return []
        pairs = (line.partition(" ") for line in self.path.read_text().splitlines())
        return [rest for first, _, rest in pairs if first == verb]

    def began(self) -> list[str]:
        """A word for each time that a body began."""
        return self.lines("begin")

    def ended(self) -> list[str]:
        """A word for each time that a body came to its last line."""
        return self.lines("end")
