"""One run of 10,000 nodes, updating: what the store keeps, and what a snapshot takes.

The load speaks on the children's own channels, so that the watcher hears, conflates and writes as
it does for workers. What a browser makes of it is measured by the tests in a browser.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Sequence

import redis

from bench import application
from bench.application import Application, wait_for
from bench.figures import Figure, Measured, Of, Row, Samples, Target
from bench.processes import cpu_seconds
from bench.stamps import now
from inception.runs import keys
from inception.runs.paths import task_id

NODES = 9_900
UPDATES = 2000.0
"""Words a second, over all children."""
SECONDS = 20.0
SNAPSHOTS = 20
_BATCH = 50
_PATIENCE = 120


def measure() -> Measured:
    """Bytes a node, milliseconds (ms) a snapshot, and how many words are written of those heard."""
    with application.running(watchers=1) as app:
        url, web = app.web()
        app.worker("announcer", "children", "prefork", 1)
        run_id = _grown(app)
        said = _Words(app, run_id)
        said.start()
        before, seq = cpu_seconds(app.processes[0].pid), app.store.read_run(run_id)["seq"]
        took, served = _snapshots(url, run_id, web.pid)
        time.sleep(max(0.0, SECONDS - sum(took.values) / 1000))
        said.stop()
        cpu = (cpu_seconds(app.processes[0].pid) - before) / said.seconds
        events = (app.store.read_run(run_id)["seq"] - seq) / said.seconds
        kept = _bytes_kept(app, run_id) / NODES
    figures = [
        Figure(
            name="the store's memory for a node",
            unit="bytes",
            ours=kept,
            target=Target(of=Of.OURS, most=1024.0),
        ),
        Figure(
            name="a snapshot's CPU in the web, p99",
            unit="ms",
            ours=served,
            target=Target(of=Of.OURS, most=300.0),
        ),
        Figure(name="a snapshot as a client waits for it, median", unit="ms", ours=took.median),
        Figure(name="words heard", unit="a second", ours=said.count / said.seconds),
        Figure(name="events written", unit="a second", ours=events),
        Figure(name="the watcher", unit="% of a core", ours=100 * cpu),
    ]
    note = (
        f"{NODES:,} children of one parent, {UPDATES:g} words a second on their channels while "
        f"{SNAPSHOTS} snapshots are taken by `GET /runs/<id>`. Above 2,000 nodes a snapshot holds "
        "each parent with its first 50 children."
    )
    return Measured(figures=figures, notes=[note])


class _Words:
    """Speaks as the children, in turn, at the given rate."""

    def __init__(self, app: Application, run_id: str) -> None:
        self._client = redis.Redis.from_url(app.redis_url)
        self._channels = [
            f"celery-task-meta-{task_id(run_id, str(number), 1)}" for number in range(NODES)
        ]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0
        self.seconds = 0.0

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def stop(self) -> None:
        """Say no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        begun, children = time.monotonic(), itertools.cycle(self._channels)
        while not self._stopping.is_set():
            self._say(list(itertools.islice(children, _BATCH)))
            self.seconds = time.monotonic() - begun
            self._stopping.wait(max(0.0, self.count / UPDATES - self.seconds))

    def _say(self, channels: Sequence[str]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        meta = {"iteration": self.count, "total": 10**9, "message": str(now())}
        word = json.dumps({"status": "PROGRESS", "result": meta, "traceback": None})
        for channel in channels:
            pipeline.publish(channel, word)
        pipeline.execute()
        self.count += len(channels)


def _grown(app: Application) -> str:
    run_id = app.control.start("bench.tasks.wide", {"children": NODES}).run["id"]
    wait_for(
        lambda: app.client.hlen(keys.nodes(run_id)) >= NODES, "the tree did not grow", _PATIENCE
    )
    wait_for(lambda: app.client.llen("bench-nobody") >= NODES, "children weren't sent", _PATIENCE)
    return str(run_id)


def _snapshots(url: str, run_id: str, web: int) -> tuple[Samples, float]:
    """How long each took as seen from outside, and the most CPU that one took inside; ms."""
    took, served = Samples(), Samples()
    for _ in range(SNAPSHOTS):
        begun, used = time.perf_counter(), cpu_seconds(web)
        with urllib.request.urlopen(f"{url}/api/v1/runs/{run_id}", timeout=30) as answer:
            answer.read()
        took.add((time.perf_counter() - begun) * 1000)
        served.add((cpu_seconds(web) - used) * 1000)
    return took, served.percentile(99)


def _bytes_kept(app: Application, run_id: str) -> float:
    """What the run's own keys take, events included, as Redis says."""
    names = [name for name in keys.of_run(run_id) if name.endswith(run_id)]
    return float(sum(app.client.memory_usage(name, samples=200) or 0 for name in names))


ROW = Row(
    number="8",
    title="One run with 10,000 nodes",
    what="one run with 10,000 nodes, 2,000 updates a second in",
    against="—",
    measure=measure,
    limit=240,
)
