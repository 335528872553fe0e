"""Redis loses its last second, or everything, or has no room; and what is durable stays so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inception.runs.errors import RunNotFound, StoreUnavailable
from inception.runs.model import State
from tests.acceptance.deployment import TASKS, TTL, Deployment
from tests.acceptance.viewer import Viewer
from tests.integration.webapp.web import Web
from tests.private_redis import PrivateRedis
from tests.running import eventually

pytestmark = pytest.mark.timeout(120)

NO_ROOM = "1mb"
GRACE = 5.0
"""Seconds (s) from SIGTERM to SIGKILL."""


@pytest.fixture
def deployment(own_redis: PrivateRedis, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(own_redis.url, tmp_path)
    deployment.watcher("one")
    deployment.compute()
    deployment.ready()
    yield deployment
    deployment.end()


def test_a_redis_that_lost_its_last_second_gives_numbers_of_a_new_epoch(
    deployment: Deployment, own_redis: PrivateRedis
) -> None:
    deployment.watcher("two").wait_until_ready()
    book, file = deployment.book, own_redis.append_only_file()
    run_id = deployment.start("steps", book=str(book), word="w", count=2, seconds=3.0)
    eventually(lambda: bool(book.began()), 10, "a child runs")
    kept, before = file.stat().st_size, deployment.run(run_id)
    eventually(lambda: deployment.run(run_id)["seq"] > before["seq"] + 5, 5, "more is written")
    later = deployment.run(run_id)

    own_redis.kill()
    with file.open("r+b") as entries:
        entries.truncate(kept)
    own_redis.start()
    run = deployment.wait_for_end(run_id, within=30)

    assert run["state"] == State.SUCCESS
    assert run["epoch"] != later["epoch"]
    assert sorted(book.began()) == ["w.0", "w.1"]
    assert deployment.owner(run_id) == ""


def test_no_client_keeps_a_view_of_what_redis_lost(
    deployment: Deployment, own_redis: PrivateRedis
) -> None:
    """The numbers are given out again, in another epoch, and one process holds the run."""
    deployment.watcher("two").wait_until_ready()
    web = Web(own_redis.url)
    book, file = deployment.book, own_redis.append_only_file()
    viewer = Viewer(web.address)
    words = {"book": str(book), "word": "w", "count": 2, "seconds": 3.0}
    run_id = viewer.start(f"{TASKS}.steps", **words)
    eventually(lambda: bool(book.began()), 10, "a child runs")
    kept, seq = file.stat().st_size, deployment.run(run_id)["seq"]
    lost = viewer.wait(run_id, lambda seen: seen.seq > seq + 5, 5, "it sees what will be lost")
    epoch = lost.epoch

    own_redis.kill()
    with file.open("r+b") as entries:
        entries.truncate(kept)
    own_redis.start()
    viewer.wait(run_id, lambda seen: seen.epoch != epoch, 20, "a snapshot of a new epoch")
    beats, owner = deployment.store.read_beats(), deployment.owner(run_id)
    holders = [process for process in beats if run_id in deployment.store.owned(process)]
    seen = viewer.wait_for_end(run_id)
    viewer.close()
    web.stop()

    snapshot = deployment.store.snapshot(run_id)
    assert holders == [owner]
    assert (seen.epoch, seen.seq, seen.run) == (snapshot["epoch"], snapshot["seq"], snapshot["run"])
    assert list(seen.nodes.values()) == snapshot["nodes"]
    assert (seen.run["state"], sorted(book.began())) == (State.SUCCESS, ["w.0", "w.1"])


def test_after_a_flush_orphans_end_and_new_runs_work(deployment: Deployment) -> None:
    run_id = deployment.start("steps", book=str(deployment.book), word="w", count=2, seconds=50.0)
    eventually(lambda: bool(deployment.book.began()), 10, "a child runs")
    asleep = deployment.start("wait_long", book=str(deployment.book), word="s", seconds=600.0)
    eventually(lambda: "#0" in deployment.store.load_run(asleep).journal, 10, "another sleeps")
    announced = deployment.store.read_catalogue()

    deployment.client.flushall()
    watcher, compute = deployment.workers
    gone = "A run is gone from Redis"
    eventually(lambda: watcher.said.count(gone) == 2, TTL, "the parents leave, one in its sleep")
    named = f"Child 0 of run {run_id} is stopped: it is one whose run is gone"
    eventually(lambda: named in compute.said, TTL, "its child is stopped")
    eventually(lambda: is_idle(deployment), GRACE, "the child has ended")
    assert deployment.store.read_catalogue() == announced
    fresh = deployment.start("steps", book=str(deployment.book), word="new", count=2)
    run = deployment.wait_for_end(fresh, within=20)

    assert run["state"] == State.SUCCESS
    with pytest.raises(RunNotFound):
        deployment.run(run_id)
    assert deployment.book.began() == ["w.0", "s.before", "new.0", "new.1"]
    assert deployment.book.ended() == ["s.before", "new.0", "new.1"]
    assert deployment.store.owned(deployment.owner(fresh)) == set()
    said = len(watcher.said)
    eventually(lambda: len(deployment.store.read_beats()) == 2, 5, "both beat")
    assert len(watcher.said) - said < 4096, "the watcher spins"


def is_idle(deployment: Deployment) -> bool:
    """True once both beat, and no worker says that it works on anything."""
    beats = deployment.store.read_beats().values()
    return len(beats) == 2 and not any(beat.running for beat in beats if beat.kind == "compute")


def test_work_goes_on_once_redis_has_room_again(deployment: Deployment) -> None:
    ids = [
        deployment.start("steps", book=str(deployment.book), word=f"w{n}", count=2, seconds=1.0)
        for n in range(2)
    ]
    eventually(lambda: bool(deployment.book.began()), 10, "a child runs")

    deployment.client.config_set("maxmemory", NO_ROOM)
    with pytest.raises(StoreUnavailable):
        deployment.start("steps", book=str(deployment.book), word="refused")
    waits = "Redis does not take a child's end"
    eventually(lambda: waits in deployment.workers[1].said, 10, "a child ends without room")
    during = deployment.book.began()
    deployment.client.config_set("maxmemory", "0")
    runs = deployment.wait_for_ends(ids, within=40)

    assert [run["state"] for run in runs] == [State.SUCCESS] * 2
    assert sorted(deployment.book.began()) == ["w0.0", "w0.1", "w1.0", "w1.1"]
    assert "w0.1" not in during
    assert "refused.0" not in deployment.book.began()
