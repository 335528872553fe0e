"""Watchers leave one after the other while two hundred runs go on, as in a deploy."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deployment import Deployment
from tests.acceptance.viewer import Viewer
from tests.acceptance.worker_process import WorkerProcess
from tests.integration.webapp.web import Web
from tests.running import eventually

RUNS = 200
TALKING = 4
"""Runs whose child reports ten times a second; the others wait for a slot."""

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(redis_url, tmp_path)
    yield deployment
    deployment.end()


class Silence(Viewer):
    """A websocket client that watches some runs, and measures how long each says nothing."""

    def __init__(self, url: str, run_ids: Sequence[str]) -> None:
        self._heard: dict[str, list[float]] = {run_id: [] for run_id in run_ids}
        super().__init__(url)
        for run_id in run_ids:
            self.watch(run_id)

    def longest(self) -> float:
        """The longest pause (s) within any of the runs, up to now."""
        return max(
            after - before
            for times in self._heard.values()
            for before, after in pairwise([*times, time.monotonic()])
        )

    def _on_events(self, batch: dict[str, Any]) -> None:
        self._heard[batch["run_id"]].append(time.monotonic())
        super()._on_events(batch)


def leave(watcher: WorkerProcess) -> float:
    """Send SIGTERM, and return how long (s) the process took to be gone."""
    asked = time.monotonic()
    watcher.signal(signal.SIGTERM)
    assert watcher.wait() == 0
    return time.monotonic() - asked


def test_a_deploy_that_rolls_loses_no_run_and_reruns_no_child(deployment: Deployment) -> None:
    book, flag = deployment.book, deployment.directory / "go on"
    flag.touch()
    first = deployment.watcher("first")
    deployment.compute(slots=TALKING)
    deployment.ready()
    talking = [
        deployment.start("listen", book=str(book), word=f"talk{n}", flag=str(flag))
        for n in range(TALKING)
    ]
    eventually(lambda: len(book.began()) == TALKING, 20, "all slots are busy")
    waiting = [
        deployment.start("steps", book=str(book), word=f"run{n}", count=2)
        for n in range(RUNS - TALKING)
    ]
    eventually(lambda: "" not in deployment.owners(waiting), 90, "all runs have an owner")
    second = deployment.watcher("second")
    second.wait_until_ready()

    web = Web(deployment.url)
    silence = Silence(web.address, talking)
    left = [leave(first)]
    eventually(lambda: deployment.names_of_owners(waiting) == {"second"}, 30, "a hand-over")
    third = deployment.watcher("third")
    third.wait_until_ready()
    left.append(leave(second))
    eventually(lambda: deployment.names_of_owners(waiting) == {"third"}, 30, "a hand-over")
    assert set(book.began()) == {f"talk{n}.0" for n in range(TALKING)}, "they were to go on yet"
    longest = silence.longest()
    silence.close()
    web.stop()
    flag.unlink()
    runs = deployment.wait_for_ends([*talking, *waiting], within=120)

    print(f"longest silence {longest:.2f} s; left after {left[0]:.2f} and {left[1]:.2f} s")
    assert longest < 3
    assert max(left) < 2
    assert [run["meta"]["error"] for run in runs] == [None] * RUNS
    words = [f"talk{n}.0" for n in range(TALKING)]
    words += [f"run{n}.{step}" for n in range(RUNS - TALKING) for step in range(2)]
    assert sorted(book.began()) == sorted(words)
