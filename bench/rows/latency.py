"""How long it takes from `report()` in a child to the callback of a websocket client."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable

from bench import application
from bench.application import Application, answers, wait_for
from bench.baselines.worker import bare_client, start_bare
from bench.figures import Figure, Lines, Measured, Of, Row, Samples, Target
from bench.processes import free_port
from bench.stamps import Sightings, said_under
from bench.watching import RawSubscriber, Watcher

SECONDS = 20.0
"""How long each side reports, 10 times a second."""
RATE = 10.0
PARENT_POLLS = 0.1
PAGE_POLLS = 1.0
CELERY_PROGRESS_POLLS = 0.5
"""Seconds (s): the first two are the old design's, the last is celery-progress's default."""


def measure_hops() -> Measured:
    """Beside one raw hop through Redis between the same two processes."""
    with application.running(slots=1, watchers=1) as app:
        url, _process = app.web()
        ours, raw = _ours(app, url, SECONDS)
    figures = [
        Figure(
            name="p50",
            unit="ms",
            ours=ours.median,
            against="one publish→subscribe hop",
            theirs=raw.median,
            target=Target(most=5.0),
        ),
        Figure(
            name="p99",
            unit="ms",
            ours=ours.percentile(99),
            against="one publish→subscribe hop",
            theirs=raw.percentile(99),
            target=Target(of=Of.DIFFERENCE, most=20.0),
        ),
    ]
    lines = Lines(
        x="percent of updates",
        y="ms",
        points={"report() to the client": ours.curve(), "one raw hop": raw.curve()},
        log_y=True,
    )
    note = (
        f"{len(ours.values)} updates, {RATE:g} a second, each with a raw message half-way to the "
        "next. An update passes through Redis twice (the child's word, then the numbered event) "
        "with a script between, and then through the web process."
    )
    return Measured(figures=figures, notes=[note], lines=lines)


def measure_polling() -> Measured:
    """Beside designs that ask."""
    with application.running(slots=1, watchers=1) as app:
        url, _process = app.web()
        start_bare(app, "prefork", 2)
        polled = _polled_web(app)
        ours, _raw = _ours(app, url, SECONDS)
        seed = _seed(app, polled)
        progress = _celery_progress(app, polled)
    sides = {"parent and page poll": seed, "celery-progress": progress}
    figures = [
        Figure(
            name=f"median, against {name}",
            unit="ms",
            ours=ours.median,
            against=name,
            theirs=theirs.median,
            target=Target(most=0.01),
        )
        for name, theirs in sides.items()
    ]
    lines = Lines(
        x="percent of updates",
        y="ms",
        points={"ours": ours.curve(), **{name: side.curve() for name, side in sides.items()}},
        log_y=True,
    )
    notes = [
        (
            f"The old design: a parent that polls its child each {PARENT_POLLS * 1000:.0f} ms, a "
            f"page that polls the view each {PAGE_POLLS:g} s. celery-progress asks each "
            f"{CELERY_PROGRESS_POLLS * 1000:.0f} ms unless told otherwise."
        ),
        (
            f"{RATE:g} updates a second; the latency of an update lasts until it, or a newer one, "
            "is seen."
        ),
    ]
    return Measured(figures=figures, notes=notes, lines=lines)


def _ours(app: Application, url: str, seconds: float) -> tuple[Samples, Samples]:
    """Latencies to a websocket client, and of the raw messages between; in ms."""
    key = "bench:ours"
    raw = RawSubscriber(app.client, f"{key}:raw")
    watcher = Watcher(url)
    watcher.start("bench.tasks.stamping", key=key, seconds=seconds, rate=RATE)
    if not watcher.ended.wait(seconds + 60):
        raise TimeoutError("the reporting run did not end")
    watcher.close()
    raw.close()
    return (
        watcher.sightings.latencies(said_under(app.client, key)),
        raw.sightings.latencies(said_under(app.client, f"{key}:raw")),
    )


def _seed(app: Application, url: str) -> Samples:
    key, client = "bench:seed", bare_client(app)
    task = client.send_task(
        "bare.polling_parent", args=[key, SECONDS, RATE, PARENT_POLLS], queue="bare"
    )

    def message() -> str:
        meta = _get(f"{url}/status/{task.id}").get("meta")
        return str(meta.get("message", "")) if isinstance(meta, dict) else ""

    return _poll(message, PAGE_POLLS).latencies(said_under(app.client, key))


def _celery_progress(app: Application, url: str) -> Samples:
    key, client = "bench:progress", bare_client(app)
    task = client.send_task("bare.recorded", args=[key, SECONDS, RATE], queue="bare")

    def message() -> str:
        progress = _get(f"{url}/progress/{task.id}").get("progress")
        return str(progress.get("description", "")) if isinstance(progress, dict) else ""

    return _poll(message, CELERY_PROGRESS_POLLS).latencies(said_under(app.client, key))


def _poll(message: Callable[[], str], interval: float) -> Sightings:
    """Look each `interval` s, as a page's timer does, for as long as the other side reports."""
    sightings = Sightings()
    end = time.monotonic() + SECONDS + 2 * PAGE_POLLS
    while time.monotonic() < end:
        sightings.see(message())
        time.sleep(interval)
    return sightings


def _polled_web(app: Application) -> str:
    port = free_port()
    app.start(sys.executable, "-m", "bench.baselines.polled_web", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{url}/status/none"), "the polled web did not answer")
    return url


def _get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: dict[str, object] = json.load(answer)
        return body


HOPS = Row(
    number="1",
    title="From report() in a child to a websocket client",
    what="latency from `report()` in a child to the callback in a websocket client",
    against="one raw Redis publish→subscribe hop between the same processes",
    measure=measure_hops,
    limit=120,
    bound_by=(
        "Python that is cold. Between two updates each process sleeps, and what it does next it "
        "does with empty caches: ten to twenty times as long as in a loop. So what helps is to "
        "leave steps out (design 024). Old and new code in turn, the ratio was 4.96 to 5.10 "
        "before words were read in one go, connections handed out in fewer steps and records "
        "left as text, 4.46 to 4.60 with that, and 4.30 to 4.39 since scripts no longer ask "
        "Redis for its run's id."
    ),
)
POLLING = Row(
    number="2",
    title="Pushed, and polled",
    what="the same latency",
    against="a parent that polls each 100 ms under a page that polls each second; celery-progress",
    measure=measure_polling,
    limit=180,
    bound_by=(
        "the way itself: whoever asks each 500 ms is half of that late at the median, so 2.5 ms "
        "would have to do for two passages through Redis, a script, the web process and three "
        "hand-overs between processes."
    ),
)
