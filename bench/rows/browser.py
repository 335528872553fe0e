"""What pages cost the browser while thousands of tasks, or of runs, move a second.

Browser, web, Redis and the load share the machine's cores, so frames alone say little where those
are few: beside them stands what the page's main thread takes of each second, which is its own.
"""

from __future__ import annotations

import itertools
import json
import operator
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

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench import application
from bench.figures import Figure, Measured, Of, Row, Skipped, Target
from inception.runs import keys
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
RUNS: Final = 1_000
"""Runs of the list, all drawn from one store in the page and all moving."""
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

    `longest` task in ms, memory in MiB; time of the tab's process, of its main thread and of the
    scripts on it in ms a second. These alone are the same on a machine that is busy with something
    else. `made` updates were written a second.
    """

    made: float
    fps: float
    long_tasks: int
    longest: float
    memory: float
    processor: float
    main_thread: float
    scripts: float


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


class ListLoad:
    """Many runs, whose records are published as if all of them moved by turns.

    Published only: to write so many would take more than this machine has, and what is measured
    begins where a relay hears them.
    """

    def __init__(self, store: Store, client: application.RedisClient) -> None:
        self._client = client
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


@contextmanager
def moving(load: Load | ListLoad, rate: int) -> Iterator[list[int]]:
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
    with application.running() as app, chromium() as browser:
        url, _process = app.web()
        load = Load(app.store)
        weight = _snapshot_bytes(url, load.lease.run_id)
        page = _opened(browser, f"{url}/runs/{load.lease.run_id}", ".tree-row[data-path]")
        of_run = {rate: _watched(browser, page, load, rate) for rate in RATES}
        page.close()
        listed = ListLoad(app.store, app.client)
        page = _opened(browser, url, ".run-row[data-run-id]")
        _scroll_through(page)
        of_list = _watched(browser, page, listed, RATES[-1])
    figures = [Figure(name="snapshot of 10,000 tasks", unit="KiB", ours=weight / 1024)]
    notes = []
    for rate, seen in of_run.items():
        said, note = _figures(f"a run at {rate:,} updates a second", seen, is_target=rate == 2_000)
        figures += said
        notes.append(note)
    said, note = _figures(f"a list of {RUNS:,} runs at {RATES[-1]:,} updates a second", of_list)
    return Measured(figures=[*figures, *said], notes=[*notes, note])


def _figures(what: str, seen: Seen, *, is_target: bool = False) -> tuple[list[Figure], str]:
    least = Target(of=Of.OURS, least=50) if is_target else None
    most = Target(of=Of.OURS, most=300) if is_target else None
    figures = [
        Figure(name=f"frames a second, {what}", unit="1/s", ours=seen.fps, target=least),
        Figure(name=f"memory of the tab, {what}", unit="MiB", ours=seen.memory, target=most),
        Figure(name=f"main thread of the page, {what}", unit="ms/s", ours=seen.main_thread),
        Figure(name=f"scripts on it, {what}", unit="ms/s", ours=seen.scripts),
        Figure(name=f"processor time of the tab, {what}", unit="ms/s", ours=seen.processor),
        Figure(name=f"longest task, {what}", unit="ms", ours=seen.longest),
    ]
    note = (
        f"{what.capitalize()}: {seen.made:,.0f} were made a second; {seen.long_tasks} tasks of the "
        f"page took more than 50 ms in {SECONDS:g} s."
    )
    return figures, note


def _snapshot_bytes(url: str, run_id: str) -> int:
    with urllib.request.urlopen(f"{url}/api/v1/runs/{run_id}", timeout=30) as answer:
        body: bytes = answer.read()
    assert json.loads(body)["complete"] is False
    return len(body)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen. Raises Skipped where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise Skipped("there is no Chromium; name one with CHROMIUM=/path")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--disable-dev-shm-usage", *sandbox]
        )
        yield browser
        browser.close()


def _opened(browser: Browser, address: str, row: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.locator(f'html[data-connection="live"] {row}').first.wait_for()
    return page


def _scroll_through(page: Page) -> None:
    """Turn the wheel down until all the runs are in the page's store, and back up."""
    last = page.locator(".run-row[data-run-id='bench-run-00000']")
    page.mouse.move(600, 600)
    while not last.count():
        page.mouse.wheel(0, 3_000)
        page.wait_for_timeout(50)
    page.evaluate("scrollTo(0, 0)")


def _watched(browser: Browser, page: Page, load: Load | ListLoad, rate: int) -> Seen:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    with moving(load, rate) as made:
        before, spent = made[0], _spent(session)
        used = _of_largest(browser, _processor)
        found: Any = page.evaluate(_WATCH_FRAMES, SECONDS)
        count, used = made[0] - before, _of_largest(browser, _processor) - used
        main_thread, scripts = map(operator.sub, _spent(session), spent)
    session.detach()
    return Seen(
        made=count / SECONDS,
        fps=found["fps"],
        long_tasks=int(found["longTasks"]),
        longest=found["longest"],
        memory=_of_largest(browser, _pss),
        processor=used / SECONDS,
        main_thread=main_thread / SECONDS,
        scripts=scripts / SECONDS,
    )


def _spent(session: CDPSession) -> tuple[float, float]:
    """What the page's main thread, and the scripts on it, took of a processor so far, in ms."""
    told = session.send("Performance.getMetrics")["metrics"]
    metrics = {one["name"]: one["value"] * 1000 for one in told}
    return metrics["TaskDuration"], metrics["ScriptDuration"]


def _of_largest(browser: Browser, quantity: Callable[[int], float]) -> float:
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
    title="A page with 10,000 tasks, and one of 1,000 runs",
    what="frames a second and memory of the tab while thousands of tasks, or runs, move a second",
    against="nothing: the targets are absolute",
    measure=measure,
    limit=240,
)
