"""One client that stops reading, among many."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from bench import application
from bench.application import Application
from bench.crowd import Crowd, Received
from bench.figures import Figure, Lines, Measured, Of, Row, Target
from bench.held import HeldRun, Load, hold
from bench.processes import resident_bytes

CLIENTS = 200
RUNS = 10
RATE = 20.0
SECONDS = 60.0
_MIB = 2.0**20


def measure() -> Measured:
    """The others' p99 without and with the stalled one, the server's memory for it, its return."""
    with application.running() as app:
        runs = [hold(app.store) for _ in range(RUNS)]
        ids = [run.id for run in runs]
        url, web = app.web()
        load = Load(runs, RATE)
        load.start()
        calm, calm_growth = _minute(app, url, web.pid, ids)
        stalled = _stalled(app, url, ids)
        os.kill(stalled.pid, signal.SIGSTOP)
        troubled, growth = _minute(app, url, web.pid, ids)
        load.stop()
        os.kill(stalled.pid, signal.SIGCONT)
        converged = _converges(app, stalled, runs)
    figures = [
        Figure(
            name="memory of the server for it",
            unit="MiB",
            ours=max(0.0, growth - calm_growth) / _MIB,
            target=Target(of=Of.OURS, most=1.0),
        ),
        Figure(
            name="the others' p99",
            unit="ms",
            ours=troubled.latencies.percentile(99),
            against="without it",
            theirs=calm.latencies.percentile(99),
            target=Target(most=1.2),
        ),
        Figure(
            name="runs whose true state it shows after SIGCONT",
            unit="of 10",
            ours=float(converged),
            target=Target(of=Of.OURS, least=float(RUNS)),
        ),
    ]
    note = (
        f"{CLIENTS} clients, {RUNS} runs at {RATE:g} updates a second, {SECONDS:g} s without and "
        "with a client stopped by SIGSTOP. Memory is the resident growth of the web process in "
        "that minute, less that of the minute before. The stalled client reconnects by itself."
    )
    lines = Lines(
        x="percent of frames",
        y="ms",
        points={"with it": troubled.latencies.curve(), "without": calm.latencies.curve()},
        log_y=True,
    )
    return Measured(figures=figures, notes=[note], lines=lines)


def _minute(app: Application, url: str, web: int, runs: Sequence[str]) -> tuple[Received, float]:
    """What the others receive, and the bytes by which the web process grows meanwhile."""
    crowd = Crowd(app, url, CLIENTS, SECONDS, runs)
    before = resident_bytes(web)
    crowd.begin()
    received, after = crowd.received(), resident_bytes(web)
    crowd.leave()
    return received, float(after - before)


def _stalled(app: Application, url: str, runs: Sequence[str]) -> subprocess.Popen[str]:
    """Start the client that will be stopped; returns once it watches."""
    client = app.start_talking(sys.executable, "-m", "bench.stalled_client", url, *runs)
    assert client.stdout is not None
    if client.stdout.readline().strip() != "ready":
        raise RuntimeError("the client to be stalled did not watch")
    return client


def _converges(app: Application, client: subprocess.Popen[str], runs: Sequence[HeldRun]) -> int:
    """Of how many runs it shows the true number, at most 30 s after it goes on."""
    assert client.stdin is not None
    assert client.stdout is not None
    wanted = {run.id: app.store.read_run(run.id)["seq"] for run in runs}
    deadline, right = time.monotonic() + 30.0, 0
    while right < len(runs) and time.monotonic() < deadline:
        time.sleep(0.5)
        client.stdin.write("\n")
        client.stdin.flush()
        shown = json.loads(client.stdout.readline())
        right = sum(shown.get(run_id) == seq for run_id, seq in wanted.items())
    return right


ROW = Row(
    number="10",
    title="One stalled client among 200",
    what="one stalled client (SIGSTOP) among 200, 12,000 batches in a minute",
    against="the same minute without it",
    measure=measure,
    limit=240,
)
