"""How near the estimate of the time left comes, at half-time of runs of the example parents."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

from bench import application
from bench.application import ROOT, Application
from bench.figures import Figure, Measured, Of, Row, Target
from inception.runs import keys
from inception.runs.model import JsonValue
from tools.node import find_node

PARENTS: Final[Mapping[str, Sequence[Mapping[str, JsonValue]]]] = {
    "counting.count_twice": [{"limit": limit, "delay": 0.1} for limit in (10, 10, 10, 10, 15, 10)],
    "nesting.nest": [{"depth": depth, "delay": 0.05} for depth in (3, 3, 3, 3, 2, 3, 3)],
    "failing.fail_at": [{"step": 0, "steps": steps} for steps in (8, 8, 8, 8, 12, 8, 8)],
    "digits.select_model": [{"folds": folds} for folds in (3, 3, 3, 3, 2, 3)],
}
"""The arguments of each run, one after the other: most are alike, as those of real runs are."""
_PATIENCE_MS: Final = 120_000


@dataclass(slots=True, kw_only=True)
class Went:
    """How a run went: ms since the epoch, and its progress (%) at each change of it."""

    started: int = 0
    ended: int = 0
    points: list[tuple[int, float]] = field(default_factory=list)


def measure() -> Measured:
    """Start the runs one after the other; the estimate is the page's own module, run by Node."""
    with application.running(slots=2, watchers=1) as app:
        errors = {name: _errors(_runs_of(app, name)) for name in PARENTS}
    ours = [one["ours"] for each in errors.values() for one in each if one["ours"] is not None]
    even = [one["even"] for each in errors.values() for one in each if one["even"] is not None]
    figures = [_figure("all example parents", ours, even, Target(of=Of.OURS, most=25.0))]
    for name, each in errors.items():
        shown = [one["ours"] for one in each if one["ours"] is not None]
        paced = [one["even"] for one in each if one["even"] is not None]
        figures.append(_figure(name, shown, paced))
    note = (
        f"{len(ours)} runs with an estimate. The error is that of the time left, as a part of the "
        "time that was left. One run of each parent has other arguments than those before; the "
        "first three have no history and go by their pace alone."
    )
    return Measured(figures=figures, notes=[note])


def _figure(
    name: str, ours: Sequence[float], even: Sequence[float], target: Target | None = None
) -> Figure:
    return Figure(
        name=f"median error at half-time, {name}",
        unit="%",
        ours=median(ours) * 100,
        against="time so far by progress so far",
        theirs=median(even) * 100 if even else None,
        target=target,
    )


def _runs_of(app: Application, name: str) -> list[Went]:
    return [_follow(app, f"tasks.examples.{name}", kwargs) for kwargs in PARENTS[name]]


def _follow(app: Application, name: str, kwargs: Mapping[str, JsonValue]) -> Went:
    """Start a run and read its events to the end."""
    run_id = app.control.start(name, dict(kwargs)).run["id"]
    went, last, client = Went(), "0", app.client
    while not went.ended:
        answer: Any = client.xread({keys.events(run_id): last}, block=_PATIENCE_MS)
        if not answer:
            raise TimeoutError(f"{name} said nothing for {_PATIENCE_MS / 1000:g} s")
        for entry, fields in answer[0][1]:
            last = entry
            _note(went, json.loads(fields["e"]))
    return went


def _note(went: Went, event: Mapping[str, Any]) -> None:
    run = event.get("run")
    if run is None or run["started_at"] is None:
        return
    went.started, went.ended = run["started_at"], run["finalized_at"] or 0
    if went.ended and run["state"] != "SUCCESS":
        raise RuntimeError(f"a run ended {run['state']}: {run['meta']['error']}")
    completion = float(run["meta"]["completion"])
    if not went.points or went.points[-1][1] != completion:
        went.points.append((event["at"], completion))


def _errors(runs: Sequence[Went]) -> list[dict[str, float | None]]:
    answer = subprocess.run(
        [*find_node().node, str(ROOT / "bench" / "estimate.mjs")],
        input=json.dumps([asdict(run) for run in runs]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, float | None]] = json.loads(answer.stdout)
    return found


ROW = Row(
    number="estimate",
    title="The time left",
    what="error of the estimate of the time left, at half-time",
    against="time so far divided by progress so far",
    measure=measure,
    limit=600,
)
