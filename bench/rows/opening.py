"""How long pages take to open, and what they weigh, for a browser that was never here."""

from __future__ import annotations

import json
import statistics
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from bench import application
from bench.figures import Figure, Measured, Of, Row, Target
from bench.moving import RUN_ID, Load
from bench.rows.browser import chromium
from inception.runs.records import Lease, NewRun, NewStep
from inception.runs.store import Store

TIMES: Final = 5
RUNS: Final = 200
"""Of the list."""
TASKS: Final = 20
"""Of the small run."""
WITHIN: Final = 1_000
"""Milliseconds (ms) from the address to a row that can be clicked."""
WEIGHT: Final = 150
"""kB over the wire, headers and the socket's first words included."""
SMALL: Final = "bench-run-0000"
_WINDOW: Final = ViewportSize(width=1440, height=900)
_HOW: Final = (
    f"Medians of {TIMES}, each without anything kept in the browser. What goes over the wire is "
    "counted in an opening of its own, before: to be told of each request slows the browser."
)
_LIVE_ROW: Final = 'html[data-connection="live"] :is(.run-row[data-run-id], .tree-row[data-path])'
_WATCH: Final = """(() => {
    const look = () => {
        if (document.querySelector(LIVE_ROW)) window.firstRow = performance.now();
        else requestAnimationFrame(look);
    };
    look();
})()"""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening: ms until something was drawn, and until live rows were."""

    painted: float
    first_row: float


def measure() -> Measured:
    """The list, a run of some tasks and one of 10,000, each in a new context of one Chromium."""
    with application.running() as app, chromium() as browser:
        url, _process = app.web()
        _fill(app.store)
        Load(app.store)
        pages = {
            f"the list of {RUNS} runs": url,
            f"a run of {TASKS} tasks": f"{url}/runs/{SMALL}",
            "a run of 10,000 tasks": f"{url}/runs/{RUN_ID}",
        }
        weights = {what: _weigh(browser, address) for what, address in pages.items()}
        seen = {
            what: [_open(browser, address) for _ in range(TIMES)] for what, address in pages.items()
        }
    figures = [
        figure
        for what, openings in seen.items()
        for figure in _figures(what, openings, weights[what])
    ]
    return Measured(figures=figures, notes=[_HOW])


def _figures(what: str, openings: list[Opening], weight: int) -> list[Figure]:
    def median(of: Callable[[Opening], float]) -> float:
        return statistics.median(map(of, openings))

    in_time = Target(of=Of.OURS, most=WITHIN)
    light = Target(of=Of.OURS, most=WEIGHT)
    return [
        Figure(name=f"drawn, {what}", unit="ms", ours=median(lambda one: one.painted)),
        Figure(
            name=f"first live row, {what}",
            unit="ms",
            ours=median(lambda one: one.first_row),
            target=in_time,
        ),
        Figure(
            name=f"over the wire, {what}",
            unit="kB",
            ours=weight / 1000,
            target=light,
        ),
    ]


def _fill(store: Store) -> None:
    for number in range(RUNS):
        kwargs = {"limit": number, "delay": 1.0}
        store.create_run(NewRun(id=f"bench-run-{number:04}", name="bench.listed", kwargs=kwargs))
    store.claim_run(SMALL, owner="bench", token="bench")
    steps = [
        NewStep(
            path=str(number),
            parent="",
            name="bench.child",
            label=f"Part {number}",
            kind="child",
            task_id=f"task-{number}",
            queue="children",
            args_text="[1, 2]",
            kwargs_text='{"size": 10}',
            digest="0" * 16,
        )
        for number in range(TASKS)
    ]
    store.spawn(Lease(run_id=SMALL, owner="bench", token="bench"), 1, steps)


def _weigh(browser: Browser, address: str) -> int:
    """Bytes over the wire until nothing more is asked for."""
    page = browser.new_context(viewport=_WINDOW).new_page()
    page.goto("about:blank")
    sizes = count_bytes(page.context.new_cdp_session(page))
    _go(page, address)
    page.context.close()
    return sum(sizes)


def _open(browser: Browser, address: str) -> Opening:
    page = browser.new_context(viewport=_WINDOW).new_page()
    page.add_init_script(_WATCH.replace("LIVE_ROW", json.dumps(_LIVE_ROW)))
    _go(page, address)
    seen: Any = page.evaluate(
        "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, firstRow]"
    )
    page.context.close()
    return Opening(seen[0], seen[1])


def _go(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.locator(_LIVE_ROW).first.wait_for()
    page.wait_for_load_state("networkidle")


def count_bytes(network: CDPSession) -> list[int]:
    """Grows with what comes over the wire from now on, in bytes.

    Frames of a socket are told unpacked: they are packed again as server and browser agreed to.
    """
    sizes: list[int] = []
    packers: dict[str, Any] = {}

    def open_socket(opened: dict[str, Any]) -> None:
        agreed = opened["response"]["headers"].get("Sec-WebSocket-Extensions", "")
        if "permessage-deflate" in agreed:
            packers[opened["requestId"]] = zlib.compressobj(wbits=-15)

    def add_frame(frame: dict[str, Any]) -> None:
        payload = frame["response"]["payloadData"].encode()
        if packer := packers.get(frame["requestId"]):
            payload = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
        sizes.append(len(payload))

    network.on("Network.loadingFinished", lambda one: sizes.append(int(one["encodedDataLength"])))
    network.on("Network.webSocketHandshakeResponseReceived", open_socket)
    network.on("Network.webSocketFrameReceived", add_frame)
    network.send("Network.enable")
    return sizes


ROW = Row(
    number="opening",
    title="Opening a page for the first time",
    what="time until live rows are there, and bytes over the wire",
    against="nothing: the targets are absolute",
    measure=measure,
    limit=120,
)
