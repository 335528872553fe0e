"""`make soak MINUTES=60`: steady mixed load, and what the processes hold meanwhile.

Samples memory, descriptors, threads or greenlets (as the kernel and /metrics tell them), Redis
clients and keys each 10 s, writes bench/results/soak.json and a plot (`make bench` puts both on
its page), and judges whether each is flat after the first fifth of the time: the last fifth's
median at most 10 % and a little above the second fifth's. Runs are deleted as they end, so that
what is kept does not grow by itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from statistics import median
from typing import Final

from bench import application, plots, record
from bench.application import Application
from bench.crowd import Crowd
from bench.figures import Figure, Lines
from bench.page import PAGE
from bench.processes import children_of, descriptors, resident_bytes
from inception.runs import keys
from inception.runs.control import Control
from inception.runs.errors import InceptionError
from inception.runs.model import JsonValue

SAMPLE_EVERY: Final = 10.0
RUN_EVERY: Final = 0.5
"""Seconds (s) between two samples, and between two runs that are started."""
CLIENTS: Final = 50
_KEPT_RUNS: Final = 50
_SLACK: Final = {"MiB": 8.0, "descriptors": 10.0, "clients": 5.0, "keys": 300.0}
"""What a quantity may rise above a tenth of itself, in its unit."""
_MIB: Final = 2.0**20

Samples = dict[str, list[tuple[float, float]]]


def main(minutes: float) -> int:
    """Soak for so many minutes; 1 if something was not flat."""
    with application.running(slots=2, watchers=1) as app:
        url, _web = app.web()
        samples = _soak(app, url, minutes * 60)
    grown = [name for name, points in samples.items() if not is_flat(name, points)]
    _keep(samples, minutes, grown)
    for name, points in samples.items():
        warm, last = warm_and_last(points)
        print(f"{name}: {warm:.4g} → {last:.4g} {'GROWS' if name in grown else 'flat'}")
    return 1 if grown else 0


def is_flat(name: str, points: Sequence[tuple[float, float]]) -> bool:
    """True if the last fifth lies no higher than the second one, within a tenth and its slack."""
    warm, last = warm_and_last(points)
    unit = name.rsplit(" ", 1)[-1]
    return last <= 1.1 * warm + _SLACK[unit]


def warm_and_last(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The medians of the second fifth, after the warm-up, and of the last one."""
    fifth = max(1, len(points) // 5)
    warm = median(value for _at, value in points[fifth : 2 * fifth] or points)
    return warm, median(value for _at, value in points[-fifth:])


def _soak(app: Application, url: str, seconds: float) -> Samples:
    measures = _measures(app)
    samples: Samples = {name: [] for name in measures}
    started: list[str] = []
    control = app.control
    watched = control.start("tasks.examples.counting.count_twice", {"limit": 10**6}).run["id"]
    crowd = Crowd(app, url, CLIENTS, seconds, [watched])
    crowd.begin()
    begun = next_sample = time.monotonic()
    while (now := time.monotonic()) - begun < seconds:
        _one_more_run(control, started)
        if now >= next_sample:
            next_sample += SAMPLE_EVERY
            for name, measure in measures.items():
                samples[name].append(((now - begun) / 60, measure()))
        time.sleep(RUN_EVERY)
    return samples


def _one_more_run(control: Control, started: list[str]) -> None:
    """Start a run that succeeds, fails or is revoked, in turn, and delete an old one."""
    number = len(started)
    mix: Sequence[tuple[str, dict[str, JsonValue]]] = (
        ("tasks.examples.counting.count_twice", {"limit": 3, "delay": 0.05}),
        ("tasks.examples.nesting.nest", {"depth": 2, "width": 2, "delay": 0.02, "steps": 3}),
        ("tasks.examples.failing.fail_at", {"step": 1, "steps": 2}),
    )
    name, kwargs = mix[number % len(mix)]
    started.append(control.start(name, kwargs).run["id"])
    if number % 10 == 9:
        _quietly(lambda: control.revoke(started[-1], by="soak", reason=None))
    if number >= _KEPT_RUNS:
        _quietly(lambda: control.delete(started[number - _KEPT_RUNS], by="soak"))


def _quietly(act: Callable[[], object]) -> None:
    with suppress(InceptionError):  # it has ended, or not yet: the mix need not be exact
        act()


def _measures(app: Application) -> Mapping[str, Callable[[], float]]:
    names = ("compute", "watcher", "web")
    found: dict[str, Callable[[], float]] = {}
    for name, process in zip(names, app.processes, strict=True):
        pids = [process.pid, *children_of(process.pid)] if name == "compute" else [process.pid]
        found[f"{name} MiB"] = partial(_held, pids)
        found[f"{name} descriptors"] = partial(descriptors, process.pid)
    client = app.client
    found["Redis MiB"] = lambda: client.info("memory")["used_memory"] / _MIB
    found["Redis clients"] = lambda: float(client.info("clients")["connected_clients"])
    found["Redis keys"] = lambda: float(client.dbsize())
    found["unowned and waiting keys"] = lambda: float(client.zcard(keys.UNOWNED))
    return found


def _held(pids: Sequence[int]) -> float:
    return sum(map(resident_bytes, pids)) / _MIB


def _keep(samples: Samples, minutes: float, grown: Sequence[str]) -> None:
    ends = {name: warm_and_last(points) for name, points in samples.items()}
    record.write_soak({"minutes": minutes, "grown": list(grown), "ends": ends})
    memory = {name: points for name, points in samples.items() if name.endswith("MiB")}
    nothing: list[Figure] = []
    lines = Lines(x="minutes", y="MiB", points=memory)
    file = PAGE.parent / "img" / "benchmarks" / "soak.svg"
    plots.draw(f"Soak of {minutes:g} minutes", nothing, lines, file)


if __name__ == "__main__":
    code = main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
    sys.stdout.flush()
    os._exit(code)
