"""What one thing costs each process, in CPU and memory: what docs/scaling.md reckons with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, TypeAlias

from bench import application
from bench.application import Application, RedisClient, wait_for
from bench.crowd import Crowd
from bench.figures import Figure, Lines, Measured, Row, Samples
from bench.held import Load, hold
from bench.processes import children_of, cpu_seconds
from bench.raw_clients import LIST
from inception.runs import keys
from inception.runs.model import State

FEW, MANY = 2, 12
"""Children of the two kinds of run. A step costs a tenth of their difference."""
RUNS = 100
ROUNDS = 2
CLIENTS = (1, 200, 1000)
"""Crowds on one run. An update costs what one client makes it cost, a frame the slope."""
BUSY, BUSY_RATE = 100, 4.0
"""Runs, and updates a second of each, that make a web process busy."""
LOOKERS, LISTED = 200, 20
"""Clients on a list, and runs on it."""
RATE = 20.0
SECONDS = 5.0
PING_INTERVAL = 25.0
"""Seconds (s) between two pings of a client."""
_PATIENCE = 60
"""Seconds (s) for one round."""
_KIB = 1024

_UNITS: Final = {"watcher": "ms", "compute worker": "ms", "Redis": "ms", "Redis' memory": "KiB"}

Spent: TypeAlias = dict[str, float]
"""What was spent, in those units."""


def measure() -> Measured:
    """CPU of each process for a run, a step, an update, a frame; Redis' memory for a run."""
    of_rooms, lines = _of_rooms()
    figures = [*_of_runs(), *of_rooms, _of_many(), *_of_lists(), _of_quiet()]
    return Measured(figures=figures, notes=_notes(), lines=lines)


def _of_runs() -> list[Figure]:
    spent: dict[int, dict[str, Samples]] = {FEW: {}, MANY: {}}
    with application.running(slots=1, watchers=1) as app:
        for children in (FEW, MANY):
            _run(app, children, RUNS // 10)
        for _ in range(ROUNDS):
            for children in (FEW, MANY):
                for what, each in _run(app, children, RUNS).items():
                    spent[children].setdefault(what, Samples()).add(each)
    figures = []
    for what, unit in _UNITS.items():
        few, many = (spent[children][what].median for children in (FEW, MANY))
        step = (many - few) / (MANY - FEW)
        figures += [
            Figure(name=f"{what}, a step", unit=unit, ours=step),
            Figure(name=f"{what}, a run besides its steps", unit=unit, ours=few - FEW * step),
        ]
    return figures


def _run(app: Application, children: int, runs: int) -> Spent:
    """What each of so many runs takes, one after the other."""
    control, client = app.control, app.client
    ended = f"{keys.RUNS}:{State.SUCCESS}"
    compute, watcher = (process.pid for process in app.processes)
    before = _spent(app, watcher, compute)
    first = client.zcard(ended) + 1
    for number in range(first, first + runs):
        control.start("bench.tasks.in_sequence", {"count": children})
        wait_for(partial(_has, client, ended, number), "a run did not end", _PATIENCE)
    after = _spent(app, watcher, compute)
    return {what: (after[what] - before[what]) / runs for what in after}


def _has(client: RedisClient, index: str, number: int) -> bool:
    return bool(client.zcard(index) >= number)


def _spent(app: Application, watcher: int, compute: int) -> Spent:
    pool = [compute, *children_of(compute)]
    return {
        "watcher": cpu_seconds(watcher) * 1000,
        "compute worker": sum(map(cpu_seconds, pool)) * 1000,
        "Redis": cpu_seconds(app.redis_pid) * 1000,
        "Redis' memory": app.client.info("memory")["used_memory"] / _KIB,
    }


def _of_rooms() -> tuple[list[Figure], Lines]:
    """Of the web process, by the clients that look at one run."""
    costs: dict[int, Samples] = {clients: Samples() for clients in CLIENTS}
    with application.running() as app:
        run = hold(app.store)
        url, web = app.web()
        load = Load([run], RATE)
        load.start()
        for _ in range(ROUNDS):
            for clients, samples in costs.items():
                samples.add(_an_update(app, url, web.pid, clients, [run.id]))
        load.stop()
    alone, crowd = costs[CLIENTS[0]].median, costs[CLIENTS[-1]].median
    figures = [
        Figure(name="web, an update that one client sees", unit="ms", ours=alone),
        Figure(
            name="web, a frame to one more",
            unit="µs",
            ours=(crowd - alone) / (CLIENTS[-1] - CLIENTS[0]) * 1000,
        ),
    ]
    points = {"web": [(float(clients), samples.median) for clients, samples in costs.items()]}
    return figures, Lines(x="clients", y="ms of CPU for an update", points=points)


def _of_many() -> Figure:
    """Of the web process while it is busy with many runs, each of which one client sees."""
    with application.running() as app:
        runs = [hold(app.store) for _ in range(BUSY)]
        url, web = app.web()
        load = Load(runs, BUSY_RATE)
        load.start()
        crowd = Crowd(app, url, 1, SECONDS, [run.id for run in runs])
        before = cpu_seconds(web.pid)
        crowd.begin()
        received = crowd.received()
        spent = cpu_seconds(web.pid) - before
        crowd.leave()
        load.stop()
    return Figure(
        name="web, the same while it is busy", unit="ms", ours=spent / received.frames * 1000
    )


def _of_lists() -> list[Figure]:
    """Of the web process, by the clients that look at a list of runs that change."""
    with application.running() as app:
        url, web = app.web()
        load = Load([hold(app.store) for _ in range(LISTED)], RATE / LISTED)
        load.start()
        samples, frames = Samples(), 0
        for _ in range(ROUNDS):
            crowd = Crowd(app, url, LOOKERS, SECONDS, [LIST])
            before = cpu_seconds(web.pid)
            crowd.begin()
            received = crowd.received()
            samples.add((cpu_seconds(web.pid) - before) / SECONDS / LOOKERS * 1e6)
            frames += received.frames
            crowd.leave()
        load.stop()
    return [
        Figure(name="web, a client of a list that moves", unit="µs a second", ours=samples.median),
        Figure(
            name="frames to such a client",
            unit="a second",
            ours=frames / ROUNDS / SECONDS / LOOKERS,
        ),
    ]


def _of_quiet() -> Figure:
    """Of the web process, by clients to whom nothing happens but pings."""
    with application.running() as app:
        url, web = app.web()
        crowd = Crowd(app, url, CLIENTS[-1], PING_INTERVAL, [hold(app.store).id])
        before = cpu_seconds(web.pid)
        crowd.begin()
        crowd.received()
        spent = cpu_seconds(web.pid) - before
        crowd.leave()
    return Figure(
        name="web, a client to whom nothing happens",
        unit="µs a second",
        ours=spent / PING_INTERVAL / CLIENTS[-1] * 1e6,
    )


def _an_update(app: Application, url: str, web: int, clients: int, runs: Sequence[str]) -> float:
    """Milliseconds (ms) of CPU for one update, seen by so many."""
    crowd = Crowd(app, url, clients, SECONDS, runs)
    before = cpu_seconds(web)
    crowd.begin()
    crowd.received()
    spent = cpu_seconds(web) - before
    crowd.leave()
    return spent / (RATE * SECONDS) * 1000


def _notes() -> list[str]:
    return [
        (
            f"Runs of {FEW} and of {MANY} trivial children, {ROUNDS} rounds of {RUNS} each in "
            "turn, one run after the other: a step is a tenth of the difference, the rest is the "
            "run's own. One watcher, one compute slot, medians. Who is busy does more at a time "
            "and takes less for each. Memory is what Redis says that it uses, all told."
        ),
        (
            f"Crowds of {', '.join(f'{each:,}' for each in CLIENTS)} clients of one web process "
            f"on one run at {RATE:g} updates a second, in turn. Busy: one client of {BUSY} runs at "
            f"{BUSY_RATE:g} updates a second each. A list: {LOOKERS} clients, "
            f"{LISTED} runs on it, each of which moves once a second. Where nothing "
            f"happens: {CLIENTS[-1]:,} clients of a quiet run for {PING_INTERVAL:g} s, in which "
            "each is pinged once."
        ),
    ]


ROW = Row(
    number="costs",
    title="What one thing costs",
    what="CPU of each process for a run, a step, an update, a frame",
    against="nothing: [scaling](scaling.md) reckons with it",
    measure=measure,
    limit=240,
)
