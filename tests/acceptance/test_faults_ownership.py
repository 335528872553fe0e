"""Who holds a run when processes freeze, die or leave, and when Redis doesn't answer."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from inception.runs.model import State
from tests.acceptance.deployment import TTL, Deployment
from tests.integration.runs.held_run import lose_nothing
from tests.private_redis import PrivateRedis
from tests.running import eventually

LEFT = "A parent of a run that isn't held here any more has left"
TICK = TTL / 5
BUSY = 2.0
"""Seconds (s): from one beat to the next, after which a tick follows, and what a busy machine may
add to that."""
QUIET = 20
"""Runs that say nothing, of which only the process's own beat can tell."""


@pytest.fixture
def deployment(own_redis: PrivateRedis, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(own_redis.url, tmp_path)
    yield deployment
    deployment.end()


def start_steps(deployment: Deployment, runs: int, seconds: float, count: int = 2) -> list[str]:
    """Start runs and return once the first child of one of them has begun."""
    ids = [
        deployment.start(
            "steps", book=str(deployment.book), word=f"run{n}", count=count, seconds=seconds
        )
        for n in range(runs)
    ]
    eventually(lambda: "run0.0" in deployment.book.began(), 20, "a child runs")
    return ids


def asleep(deployment: Deployment, run_ids: Sequence[str]) -> bool:
    """True once each of these has recorded until when it sleeps."""
    store = deployment.store
    return all("#0" in store.load_run(run_id).journal for run_id in run_ids)


def assert_each_ran_once(deployment: Deployment, runs: int, count: int = 2) -> None:
    words = sorted(f"run{n}.{step}" for n in range(runs) for step in range(count))
    assert sorted(deployment.book.began()) == words
    assert sorted(deployment.book.ended()) == words


@pytest.mark.timeout(120)
def test_a_watcher_that_was_frozen_finds_its_runs_taken_and_drops_them(
    deployment: Deployment,
) -> None:
    frozen = deployment.watcher("frozen")
    deployment.compute(slots=3)
    deployment.ready()
    book, flag = deployment.book, deployment.directory / "go on"
    flag.touch()
    ids = [
        deployment.start("listen", book=str(book), word=f"run{n}", flag=str(flag)) for n in range(2)
    ]
    talking, slept = ["run0.0", "run1.0"], [f"quiet{n}.before" for n in range(QUIET)]
    eventually(lambda: len(book.began()) == 2, 20, "the children run")
    ids += [
        deployment.start("wait_long", book=str(book), word=f"quiet{n}", seconds=600.0)
        for n in range(QUIET)
    ]
    eventually(lambda: asleep(deployment, ids[2:]), 20, "the others sleep")
    other = deployment.watcher("other")
    other.wait_until_ready()

    frozen.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    eventually(lambda: deployment.names_of_owners(ids) == {"other"}, 20, "a take-over")
    taken = time.monotonic() - stopped
    tokens = [deployment.client.hget(f"{{inception}}:run:{run}", "token") for run in ids]
    frozen.signal(signal.SIGCONT)
    woken = time.monotonic()
    eventually(lambda: frozen.said.count(LEFT) == len(ids), 1, "the stale parents leave")
    left = time.monotonic() - woken
    flag.unlink()
    runs = deployment.wait_for_ends(ids[:2], within=40)

    print(
        f"taken over {taken:.2f} s after SIGSTOP (TTL {TTL:g} s), left {left:.2f} s after SIGCONT"
    )
    assert 0.8 * TTL < taken < TTL + TICK + BUSY
    assert tokens == [deployment.client.hget(f"{{inception}}:run:{run}", "token") for run in ids]
    assert [run["state"] for run in runs] == [State.SUCCESS] * 2
    assert sorted(book.began()) == sorted([*talking, *slept])
    assert "A tick came to nothing" not in frozen.said


@pytest.mark.parametrize(
    "pauses",
    [(1.5 * TTL,), pytest.param((3.5 * TTL, 1.5 * TTL, 1.2 * TTL), marks=pytest.mark.chaos)],
)
def test_a_redis_that_stands_still_for_longer_than_a_ttl_makes_nobody_dead(
    deployment: Deployment, own_redis: PrivateRedis, pauses: Sequence[float]
) -> None:
    """Both for shorter and for longer than a command waits for its answer (5 s)."""
    deployment.watcher("one")
    deployment.watcher("two")
    deployment.compute()
    deployment.ready()
    ids = start_steps(deployment, runs=2, seconds=2.0)

    for pause in pauses:
        own_redis.freeze()
        time.sleep(pause)
        own_redis.thaw()
        time.sleep(TTL)
    runs = deployment.wait_for_ends(ids, within=40)

    assert [run["state"] for run in runs] == [State.SUCCESS] * 2
    assert "is dead; taking over" not in "".join(worker.said for worker in deployment.workers)
    assert all(node["attempt"] == 1 for run in ids for node in deployment.nodes(run).values())
    assert_each_ran_once(deployment, runs=2)


A_MINUTE = pytest.param(60.0, marks=[pytest.mark.chaos, pytest.mark.timeout(240)])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seconds", [1.5 * TTL, A_MINUTE])
def test_a_redis_that_is_gone_for_longer_than_a_ttl_makes_nobody_dead(
    deployment: Deployment, own_redis: PrivateRedis, seconds: float
) -> None:
    """Connections are refused, children end meanwhile, and nothing that ended runs again."""
    lose_nothing(deployment.client)
    deployment.watcher("one")
    deployment.watcher("two")
    deployment.compute()
    deployment.ready()
    ids = start_steps(deployment, runs=8, seconds=1.0)
    both = {"one", "two"}
    eventually(lambda: deployment.names_of_owners(ids) >= both, 5, "both hold some of them")

    own_redis.kill()
    time.sleep(seconds)
    ended = deployment.book.ended()
    own_redis.start()
    runs = deployment.wait_for_ends(ids, within=60)

    assert ended, "a child was to end while Redis was gone"
    assert [run["state"] for run in runs] == [State.SUCCESS] * 8
    assert "is dead; taking over" not in "".join(worker.said for worker in deployment.workers)
    assert all(node["attempt"] == 1 for run in ids for node in deployment.nodes(run).values())
    assert_each_ran_once(deployment, runs=8)
