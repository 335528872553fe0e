"""Every connection of every process is cut, each second, under load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.deployment import Deployment
from tests.private_redis import PrivateRedis

RUNS, CUTS = 50, 10

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]


@pytest.fixture
def deployment(own_redis: PrivateRedis, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(own_redis.url, tmp_path)
    yield deployment
    deployment.end()


def test_no_body_runs_twice_though_every_client_is_cut_off_each_second(
    deployment: Deployment,
) -> None:
    deployment.watcher("one")
    deployment.watcher("two")
    deployment.compute(slots=4)
    deployment.ready()
    ids = [
        deployment.start("steps", book=str(deployment.book), word=f"run{n}", count=3, seconds=0.5)
        for n in range(RUNS)
    ]

    cut = 0
    for _ in range(CUTS):
        cut += sum(
            int(deployment.client.client_kill_filter(_type=kind, skipme=True))
            for kind in ("normal", "pubsub")
        )
        time.sleep(1)
    runs = deployment.wait_for_ends(ids, within=120)

    print(f"{cut} connections cut")
    assert cut > CUTS
    failed = [(run["state"], run["meta"]["error"]) for run in runs if run["state"] != "SUCCESS"]
    assert failed == []
    words = sorted(f"run{n}.{step}" for n in range(RUNS) for step in range(3))
    assert sorted(deployment.book.began()) == words
