"""After many runs and their retention everything is as before: keys, channels, threads, timers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from inception.runs import keys
from inception.runs.model import State
from inception.runs.settings import Settings
from inception.watching.retention import EVERY_MS, MOST_A_LOOK, Retention
from inception.watching.watcher import Watcher
from tests.integration.watching.replayed_tasks import play
from tests.integration.watching.stage import Stage, Workers
from tests.running import eventually

RUN = [
    ["watch", ["a", 0], 0], ["now"], ["watch_within", ["c", 0], 600],
    ["watch_all", [["b", 0], ["n", [["random"]]]], None, 1],
]  # fmt: skip
AT_ONCE = 50


def execute(stage: Stage, watcher: Watcher, number: int) -> None:
    """Let so many runs go through the watcher, some at once."""
    for first in range(0, number, AT_ONCE):
        ids = [
            stage.record(play.name, run=f"leaves {n}", path="", steps=RUN)  # type: ignore[arg-type]
            for n in range(first, min(first + AT_ONCE, number))
        ]
        for run_id in ids:
            watcher.scheduler.take(run_id)
        eventually(lambda: not watcher.scheduler.runs, 60, "they end")
        assert {stage.store.read_run(run_id)["state"] for run_id in ids} == {State.SUCCESS}


def expire_all(stage: Stage) -> None:
    """Let the retention of ended runs pass."""
    retention = Retention(stage.store, Settings(retention_runs=0))
    now = 10**15  # ms: after everything
    while retention.tick(now) == MOST_A_LOOK:
        now += EVERY_MS


def traces(stage: Stage, watcher: Watcher) -> dict[str, Any]:
    """What could grow with the number of runs, in Redis and in the watcher's process."""
    client: Any = stage.client
    hub = watcher._hub
    return {
        "keys": sorted(key for key in client.scan_iter() if key != keys.TALLIES),
        "channels": sorted(client.pubsub_channels()),
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("inception")),
        "heard": len(hub._ears),
        "subscribed": len(hub._orders._channels),
        "taking": len(watcher.scheduler._taking),
        "deadlines": sum(entry[2].action is not None for entry in watcher._timers._heap),
    }


def children_heard(stage: Stage) -> set[str]:
    """The channels of children that anybody on this server hears."""
    channels: Any = stage.client.pubsub_channels("celery-task-meta-*")
    return set(channels)


@pytest.mark.parametrize(
    "number", [50, pytest.param(1_000, marks=[pytest.mark.chaos, pytest.mark.timeout(600)])]
)
def test_runs_and_their_retention_leave_nothing(
    stage: Stage, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inception.watching.hub.LINGER", 0.01)
    workers = Workers(stage)
    of_others = children_heard(stage)  # the server is every test's
    with stage.watcher(workers) as watcher:
        execute(stage, watcher, 1)
        expire_all(stage)

        def hears_no_child() -> bool:
            return not watcher._hub._ears and children_heard(stage) <= of_others

        eventually(hears_no_child, 10, "what ended is forgotten")
        before = traces(stage, watcher)
        connections = len(stage.client.client_list())  # type: ignore[arg-type]

        execute(stage, watcher, number)
        expire_all(stage)

        def is_as_before() -> bool:
            return traces(stage, watcher) == before

        try:
            eventually(is_as_before, 10, "all is as before")
        finally:
            assert traces(stage, watcher) == before
        assert len(stage.client.client_list()) <= connections + 50  # type: ignore[arg-type]
    workers.close()
