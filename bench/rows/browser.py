"""What pages cost the browser while thousands of tasks, or of runs, move a second.

Browser, web, Redis and the load share the machine's cores, so frames alone say little where those
are few: beside them stands what the page's main thread takes of each second, which is its own.
"""

from __future__ import annotations

import json
import operator
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench import application
from bench.figures import Figure, Measured, Of, Row, Skipped, Target
from bench.moving import GROWING_ID, RUN_ID, RUNS, Mover

RATES: Final = (2_000, 5_000)
"""Updates a second."""
SECONDS: Final = 10.0
GROWING: Final = 2_000
"""Tasks that are started a second, while a run grows to as many as one may have."""
GROWS_FOR: Final = 5.0
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

    That took `seconds` (s). `longest` task in ms, memory in MiB; time of the tab's process, of its
    main thread and of the scripts on it in ms a second. These alone are the same on a machine that
    is busy with something else. `made` updates were written a second, and `told` events sent to
    the page.
    """

    seconds: float
    made: float
    told: float
    fps: float
    long_tasks: int
    longest: float
    memory: float
    processor: float
    main_thread: float
    scripts: float


def measure() -> Measured:
    """Frames, long tasks and memory of the tab, in Chromium without a screen."""
    with application.running() as app, chromium() as browser:
        url, _process = app.web()
        load = Mover(app, "run")
        weight = _snapshot_bytes(url, RUN_ID)
        page = _opened(browser, f"{url}/runs/{RUN_ID}", ".tree-row[data-path]")
        page.get_by_role("button", name="Unfold all").click()  # all tasks that move have rows
        of_run = {rate: _watched(browser, page, load, rate, url) for rate in RATES}
        page.close()
        growing = Mover(app, "growing")
        page = _opened(browser, f"{url}/runs/{GROWING_ID}", ".tree-row[data-path]")
        grown = _watched(browser, page, growing, GROWING, url, seconds=GROWS_FOR)
        page.close()
        listed = Mover(app, "list")
        page = _opened(browser, url, ".run-row[data-run-id]")
        _scroll_through(page)
        of_list = _watched(browser, page, listed, RATES[-1], url)
    figures = [Figure(name="snapshot of 10,000 tasks", unit="KiB", ours=weight / 1024)]
    notes = []
    for rate, seen in of_run.items():
        said, note = _figures(f"a run at {rate:,} updates a second", seen, is_target=rate == 2_000)
        figures += said
        notes.append(note)
    said, note = _figures(f"a run while {GROWING:,} tasks a second are started", grown)
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
        f"{what.capitalize()}: {seen.made:,.0f} were made a second{_in_events(seen)}; "
        f"{seen.long_tasks} tasks of the page took more than 50 ms in {seen.seconds:g} s."
    )
    return figures, note


def _in_events(seen: Seen) -> str:
    """What of them was sent; a list is told in other words, once a second of each run."""
    return f", and {seen.told:,.0f} events sent to the page" if seen.told else ""


def _told(url: str) -> float:
    """Events of runs that the web process has sent so far."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("inception_relay_events_total"):
                return float(line.split()[-1])
    raise Skipped("the web does not tell how many events it sent")


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


def _watched(
    browser: Browser, page: Page, load: Mover, rate: int, url: str, *, seconds: float = SECONDS
) -> Seen:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    with load.at(rate) as made:
        before, spent, told = made(), _spent(session), _told(url)
        used = _of_largest(browser, _processor)
        found: Any = page.evaluate(_WATCH_FRAMES, seconds)
        count, used = made() - before, _of_largest(browser, _processor) - used
        told = _told(url) - told
        main_thread, scripts = map(operator.sub, _spent(session), spent)
    session.detach()
    return Seen(
        seconds=seconds,
        made=count / seconds,
        told=told / seconds,
        fps=found["fps"],
        long_tasks=int(found["longTasks"]),
        longest=found["longest"],
        memory=_of_largest(browser, _pss),
        processor=used / seconds,
        main_thread=main_thread / seconds,
        scripts=scripts / seconds,
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
