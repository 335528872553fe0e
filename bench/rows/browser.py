"""What a page with 10,000 tasks costs the browser while thousands of them move a second."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

from bench import application
from bench.figures import Figure, Measured, Of, Row, Skipped, Target
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_NODES, State
from inception.runs.paths import parent_path
from inception.runs.records import Lease, NewRun, NewStep
from inception.runs.recordtext import patch
from inception.runs.store import Store

PARENTS: Final = 100
CHILDREN: Final = MAX_NODES // PARENTS - 1
RATES: Final = (2_000, 5_000)
"""Updates a second."""
WRITES: Final = 20
"""Writes a second, each with its share of the updates."""
SECONDS: Final = 10.0
_TOTAL: Final = 1_000
_WATCH_FRAMES: Final = """seconds => new Promise(done => {
    const tasks = [];
    const seen = new PerformanceObserver(list => tasks.push(...list.getEntries()));
    seen.observe({type: "longtask"});
    let frames = 0;
    const begun = performance.now();
    const frame = now => {
        frames += 1;
        if (now - begun < seconds * 1000) return requestAnimationFrame(frame);
        seen.disconnect();
        const longest = Math.max(0, ...tasks.map(task => task.duration));
        done({fps: frames * 1000 / (now - begun), longTasks: tasks.length, longest});
    };
    requestAnimationFrame(frame);
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the page did while it was looked at.

    `longest` task in ms, memory in MiB, `processor` time in ms a second: it alone is the same
    on a machine that is busy with something else.
    """

    fps: float
    long_tasks: int
    longest: float
    memory: float
    processor: float


class Load:
    """A run in our hands, all of whose tasks move by turns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ops = itertools.count(1)
        run = store.create_run(NewRun(id="bench-wide", name="bench.wide", kwargs={})).run
        self.lease = Lease(run_id=run["id"], owner="bench", token="bench")
        store.claim_run(run["id"], owner="bench", token="bench")
        parents = [str(n) for n in range(PARENTS)]
        self._leaves = [f"{above}.{n}" for above in parents for n in range(CHILDREN)]
        for paths in _in_hundreds(parents):
            self._spawn(paths, "parent")
        for paths in _in_hundreds(self._leaves):
            self._spawn(paths, "child")
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
        self._store.write(self.lease, next(self._ops), moves, rolled_up)

    def _spawn(self, paths: list[str], kind: str) -> None:
        steps = [
            NewStep(
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
            for path in paths
        ]
        self._store.spawn(self.lease, next(self._ops), steps)


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


@contextmanager
def moving(load: Load, rate: int) -> Iterator[list[int]]:
    """Updates in a thread, `rate` a second if Redis keeps up; yields how many were made."""
    made, stop = [0], threading.Event()

    def go_on() -> None:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            load.move(rate // WRITES)
            made[0] += rate // WRITES
            due = max(due + 1 / WRITES, time.monotonic() - 1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()


def measure() -> Measured:
    """Frames, long tasks and memory of the tab, in Chromium without a screen."""
    with application.running() as app:
        url, _process = app.web()
        load = Load(app.store)
        weight = _snapshot_bytes(url, load.lease.run_id)
        seen = _look(url, load)
    figures = [
        Figure(name="snapshot of 10,000 tasks", unit="KiB", ours=weight / 1024),
    ]
    notes = []
    for rate, (made, one) in seen.items():
        at = f"at {rate:,} updates a second"
        target = rate == RATES[0]
        figures += [
            Figure(
                name=f"frames a second, {at}",
                unit="1/s",
                ours=one.fps,
                target=Target(of=Of.OURS, least=50) if target else None,
            ),
            Figure(
                name=f"memory of the tab, {at}",
                unit="MiB",
                ours=one.memory,
                target=Target(of=Of.OURS, most=300) if target else None,
            ),
            Figure(name=f"longest task, {at}", unit="ms", ours=one.longest),
            Figure(name=f"processor time of the tab, {at}", unit="ms/s", ours=one.processor),
        ]
        notes.append(
            f"{at}: {made / SECONDS:,.0f} were written a second; {one.long_tasks} tasks of the "
            f"page took more than 50 ms in {SECONDS:g} s."
        )
    return Measured(figures=figures, notes=notes)


def _snapshot_bytes(url: str, run_id: str) -> int:
    with urllib.request.urlopen(f"{url}/api/v1/runs/{run_id}", timeout=30) as answer:
        body: bytes = answer.read()
    assert json.loads(body)["complete"] is False
    return len(body)


def _look(url: str, load: Load) -> dict[int, tuple[int, Seen]]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise Skipped("there is no Chromium; name one with CHROMIUM=/path")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--disable-dev-shm-usage", *sandbox]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/runs/{load.lease.run_id}")
        page.locator('html[data-connection="live"] .tree-row[data-path]').first.wait_for()
        seen = {}
        for rate in RATES:
            with moving(load, rate) as made:
                before, used = made[0], _of_largest(browser, _processor)
                found: Any = page.evaluate(_WATCH_FRAMES, SECONDS)
                count = made[0] - before
                used = _of_largest(browser, _processor) - used
            seen[rate] = (count, _seen(found, _of_largest(browser, _pss), used))
        browser.close()
    return seen


def _seen(found: dict[str, float], memory: float, used: float) -> Seen:
    return Seen(
        fps=found["fps"],
        long_tasks=int(found["longTasks"]),
        longest=found["longest"],
        memory=memory,
        processor=used / SECONDS,
    )


def _of_largest(browser: Any, quantity: Callable[[int], float]) -> float:
    """That quantity of the process that has most of it, of those that draw pages."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    pids = [one["id"] for one in processes if one["type"] == "renderer"]
    return max(quantity(pid) for pid in pids)


def _processor(pid: int) -> float:
    """Processor time (ms) that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> float:
    """MiB that a process holds, its part of what it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise Skipped("this system does not tell what a process holds")


ROW = Row(
    number="browser",
    title="A page with 10,000 tasks",
    what="frames a second and memory of the tab while thousands of tasks move a second",
    against="nothing: the targets are absolute",
    measure=measure,
    limit=240,
)
