"""Compute workers, real ones: what a child claims, says, ends with, and how it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from celery.result import AsyncResult

from inception.runs.model import State
from inception.runs.paths import task_id
from tests.acceptance.computing import SLOTS, TASKS, computing, name, pid_lives
from tests.acceptance.owner import Owner
from tests.acceptance.worker_process import WorkerProcess
from tests.private_redis import PrivateRedis
from tests.running import eventually


@pytest.fixture(scope="module")
def redis(private_redis: PrivateRedis) -> str:
    private_redis.empty()
    return private_redis.url


@pytest.fixture(scope="module")
def worker(redis: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """One worker for all tests here: it must be healthy after each of them."""
    with computing(redis, tmp_path_factory.mktemp("compute") / "worker.log") as worker:
        yield worker


@pytest.fixture
def owner(redis: str, worker: WorkerProcess) -> Iterator[Owner]:
    owner = Owner(redis)
    yield owner
    owner.close()
    assert worker.process.poll() is None, worker.said


def result(owner: Owner, path: str, url: str) -> AsyncResult:
    """Celery's own result of a child, read as any tool does."""
    reader = Celery("reader", broker=url, backend=url, set_as_current=False)
    return AsyncResult(task_id(owner.run_id, path, 1), app=reader)


def celery_state(owner: Owner, path: str, url: str) -> str:
    """The state Celery ends with, which is stored a moment after the claim's end."""
    found = result(owner, path, url)
    eventually(found.ready, 5, "Celery's result")
    return str(found.state)


# Ends


def test_a_child_ends_with_its_value_in_its_claim_and_in_celerys_result(
    owner: Owner, redis: str
) -> None:
    path = owner.start(name("add"), 2, 3)
    claim, end = owner.claimed(path), owner.ended(path)
    assert (end.state, end.value_text, end.meta["status"]) == (State.SUCCESS, "5", "OK")
    assert claim.worker.split(":")[1] == "worker"
    assert result(owner, path, redis).get(timeout=5) == 5


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("two", "a b"),
        ("mute", "Mute"),
        ("nul", "nul \x00 and <script>"),
        ("memory", "none left"),
        ("surrogate", "half "),
    ],
)
def test_whatever_a_child_raises_is_recorded_with_its_text(
    owner: Owner, redis: str, what: str, words: str
) -> None:
    path = owner.start(name("raise_it"), what)
    end = owner.ended(path)
    assert end.state is State.FAILURE
    assert words in (end.meta["error"] or "")
    assert (end.meta["error"] or "").startswith(f"Error in {name('raise_it')}: ")
    assert "raise_it" in (end.traceback or "")
    assert celery_state(owner, path, redis) == "FAILURE"


@pytest.mark.parametrize(
    ("what", "words"), [("set", "set"), ("nan", "nan"), ("huge", "bytes"), ("error", "no luck")]
)
def test_what_a_child_must_not_return_is_a_failure_that_says_why(
    owner: Owner, what: str, words: str
) -> None:
    end = owner.ended(owner.start(name("return_it"), what))
    assert end.state is State.FAILURE
    assert words in (end.meta["error"] or "")


def test_the_last_word_of_a_failed_child_is_kept(owner: Owner) -> None:
    end = owner.ended(owner.start(name("tell"), 5))
    assert end.state is State.FAILURE
    assert (end.meta["iteration"], end.meta["total"], end.meta["message"]) == (5, 5, "told")


# Claims


def test_a_second_delivery_runs_nothing(owner: Owner, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = owner.start(name("touch"), str(ran))
    owner.ended(path)
    owner.send(path, name("touch"), str(ran))
    after = owner.start(name("add"), 1, 1)
    owner.ended(after)
    next_one = owner.start(name("add"), 1, 1)
    owner.ended(next_one)
    assert ran.read_text() == "ran\n"


def test_a_message_of_a_superseded_attempt_runs_nothing(owner: Owner, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = owner.spawn(name("touch"), str(ran))
    assert owner.new_attempt(path) == 2
    owner.send(path, name("touch"), str(ran), attempt=1)
    owner.send(path, name("touch"), str(ran), attempt=2)
    assert owner.ended(path).attempt == 2
    owner.ended(owner.start(name("add"), 1, 1))
    assert ran.read_text() == "ran\n"


def test_a_child_under_a_revoke_does_not_start(owner: Owner, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = owner.spawn(name("touch"), str(ran))
    owner.store.request_revoke(owner.run_id, "", by="test", reason=None)
    owner.send(path, name("touch"), str(ran))
    other = Owner(owner.url)
    try:
        for _ in range(SLOTS + 1):
            other.ended(other.start(name("add"), 1, 1))
    finally:
        other.close()
    assert not ran.exists()


def test_celerys_own_retries_are_one_attempt_and_end_it_once(owner: Owner, tmp_path: Path) -> None:
    path = owner.start(name("succeed_at_last"), str(tmp_path / "ran"))
    claims = [owner.wait_for("claimed", path) for _try in range(3)]
    end = owner.ended(path)
    assert [claim["retries"] for claim in claims] == [0, 1, 2]
    assert {claim["attempt"] for claim in claims} == {1}
    assert (end.state, end.value_text, end.attempt, end.retries) == (State.SUCCESS, "3", 1, 2)


def test_the_owner_is_told_of_a_retry_that_waits(owner: Owner) -> None:
    path = owner.start(name("try_later"))
    told = owner.wait_for("retry", path)
    assert (told["attempt"], told["retries"]) == (1, 0)
    assert "later" in told["error"]


def test_a_plain_celery_task_with_a_ticket_is_a_child_too(owner: Owner) -> None:
    path = owner.start(name("plain"), 1)
    assert owner.claimed(path).attempt == 1
    assert owner.ended(path).value_text == "2"


def test_a_plain_task_without_a_ticket_just_runs(owner: Owner, redis: str) -> None:
    app = Celery("sender", broker=redis, backend=redis, set_as_current=False)
    assert app.send_task(name("plain"), [41], queue="children").get(timeout=10) == 42
    failed = app.send_task(name("plain_exit"), queue="children")
    with pytest.raises(Exception, match="SystemExit: 4"):
        failed.get(timeout=10)


# Stopping


def test_a_stopped_child_cleans_up_and_ends_revoked(
    owner: Owner, redis: str, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    path = owner.start(name("wait_in_peace"), 60, str(note))
    claim = owner.claimed(path)
    eventually(note.exists, 5, "the body begins")
    asked = time.monotonic()
    owner.stop(path, claim)
    end = owner.ended(path)
    assert end.state is State.REVOKED
    assert time.monotonic() - asked < 1.5
    assert note.read_text() == "cleaned"
    assert celery_state(owner, path, redis) == "REVOKED"
    assert pid_lives(claim.pid), "the pool process goes on"


def test_a_tight_loop_is_stopped_within_a_second(owner: Owner) -> None:
    path = owner.start(name("spin"))
    claim = owner.claimed(path)
    asked = time.monotonic()
    owner.stop(path, claim)
    assert owner.ended(path).state is State.REVOKED
    assert time.monotonic() - asked < 1.0


def test_a_child_that_swallows_its_stop_is_killed_after_the_grace(owner: Owner) -> None:
    path = owner.start(name("swallow"))
    claim = owner.claimed(path)
    owner.stop(path, claim, grace=0.5)
    assert owner.ended(path, within=5).state is State.REVOKED
    assert owner.ended(owner.start(name("add"), 1, 1)).state is State.SUCCESS


def test_an_order_may_say_as_what_a_child_ends(owner: Owner, redis: str) -> None:
    path = owner.start(name("spin"))
    owner.stop(path, owner.claimed(path), state="FAILURE", error="timeout: 1 s")
    end = owner.ended(path)
    assert (end.state, end.meta["error"]) == (State.FAILURE, "timeout: 1 s")
    assert celery_state(owner, path, redis) == "FAILURE"


def test_an_order_for_an_ended_child_hits_nobody(owner: Owner, tmp_path: Path) -> None:
    """Given two slots, busy with innocent children; orders for others that have ended."""
    ended = owner.start(name("add"), 1, 1)
    claim = owner.claimed(ended)
    owner.ended(ended)
    innocent = [
        owner.start(name("wait_in_peace"), 1.0, str(tmp_path / f"{number}"))
        for number in range(SLOTS)
    ]
    for path in innocent:
        owner.claimed(path)
    owner.stop(ended, claim, grace=0)
    assert [owner.ended(path).state for path in innocent] == [State.SUCCESS] * SLOTS


def test_orders_that_come_as_children_end_hit_none_but_their_own(owner: Owner) -> None:
    """Given short children one after the other, each ordered to stop at once about when it ends.

    A child that was hit by another's order would be lost with its process, or end revoked
    without an order of its own.
    """
    paths = [owner.start(name("add"), 1, 1) for _ in range(120)]
    ordered: set[str] = set()
    for number, path in enumerate(paths):
        claim = owner.claimed(path)
        if number % 2:
            owner.stop(path, claim, grace=0)
            ordered.add(path)
    states = {path: owner.ended(path).state for path in paths}
    assert all(states[path] is State.SUCCESS for path in paths if path not in ordered)
    assert all(states[path] in (State.SUCCESS, State.REVOKED) for path in ordered)


def test_a_lost_order_is_told_with_a_beat(owner: Owner) -> None:
    path = owner.start(name("spin"))
    owner.claimed(path)
    owner.store.request_revoke(owner.run_id, path, by="test", reason=None)
    assert owner.ended(path, within=5).state is State.REVOKED


# Deaths


@pytest.mark.parametrize(
    ("how", "words"), [("exit", "exitcode 7"), ("kill", "SIGKILL"), ("segv", "SIGSEGV")]
)
def test_a_child_whose_process_dies_is_lost_at_once(
    owner: Owner, worker: WorkerProcess, how: str, words: str
) -> None:
    path = owner.start(name("die"), how)
    claim = owner.claimed(path)
    end = owner.ended(path, within=5)
    assert end.state is State.LOST
    assert words in (end.meta["error"] or "")
    assert claim.worker in (end.meta["error"] or "")
    assert owner.ended(owner.start(name("add"), 1, 1)).state is State.SUCCESS


def test_a_process_killed_from_outside_is_lost_and_its_neighbour_is_not(
    owner: Owner, tmp_path: Path
) -> None:
    path = owner.start(name("wait_in_peace"), 60, str(tmp_path / "one"))
    claim = owner.claimed(path)
    neighbour = owner.start(name("wait_in_peace"), 1, str(tmp_path / "two"))
    owner.claimed(neighbour)
    os.kill(claim.pid, signal.SIGKILL)
    assert owner.ended(path).state is State.LOST
    assert owner.ended(neighbour).state is State.SUCCESS


@pytest.fixture
def single(redis: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A worker with one process, for a queue of its own."""
    with computing(redis, tmp_path / "single.log", "-Q", "single", "-c", "1") as worker:
        yield worker


def test_a_child_whose_process_dies_before_it_was_heard_to_begin_has_an_end(
    owner: Owner, single: WorkerProcess
) -> None:
    itself, control = f"single@{socket.gethostname()}", owner.app.control
    first = owner.start(name("add"), 1, 1, queue="single")
    pid = owner.claimed(first).pid
    idle = {itself: []}
    eventually(lambda: control.inspect([itself]).active() == idle, 5, "the first is dealt with")
    os.kill(pid, signal.SIGSTOP)
    path = owner.start(name("die"), "kill", queue="single")
    control.broadcast("wake_and_find_dead", arguments={"pid": pid}, destination=[itself])
    claim = owner.claimed(path)
    end = owner.ended(path, within=5)
    assert (claim.pid, end.state) == (pid, State.LOST)
    assert f"lost pool process {pid}: signal 9 (SIGKILL)" in (end.meta["error"] or "")
    single.wait_until_says("was dropped: ")


def test_a_process_that_is_told_to_leave_loses_its_child(owner: Owner, tmp_path: Path) -> None:
    note = tmp_path / "note"
    path = owner.start(name("wait_in_peace"), 60, str(note))
    claim = owner.claimed(path)
    eventually(note.exists, 5, "the body begins")
    os.kill(claim.pid, signal.SIGTERM)
    assert owner.ended(path).state is State.LOST
    assert note.read_text() == "cleaned"


def test_a_process_that_is_told_to_leave_is_not_taken_for_stopped_by_an_earlier_order(
    owner: Owner, tmp_path: Path
) -> None:
    """Given a child that begins again under the same name, as Redis has lost its first end."""
    note = tmp_path / "note"
    child = (name("wait_in_peace"), 60, str(note))
    path = owner.start(*child)
    owner.stop(path, owner.claimed(path))
    assert owner.ended(path).state is State.REVOKED
    owner.forget(path)
    note.unlink(missing_ok=True)  # it may have been stopped before it wrote
    owner.send(path, *child)
    claim = owner.claimed(path)
    eventually(note.exists, 5, "the body begins")
    os.kill(claim.pid, signal.SIGTERM)
    assert owner.ended(path).state is State.LOST


@pytest.mark.parametrize("task", ["limited", "softly_limited"])
def test_a_time_limit_is_a_failure_and_no_loss(owner: Owner, redis: str, task: str) -> None:
    path = owner.start(name(task))
    end = owner.ended(path)
    assert end.state is State.FAILURE
    assert "TimeLimitExceeded" in (end.meta["error"] or "") + (end.error_type or "")
    assert celery_state(owner, path, redis) == "FAILURE"
    assert owner.ended(owner.start(name("add"), 1, 1)).state is State.SUCCESS


# Output


def test_what_a_child_prints_and_logs_is_kept_before_its_end(
    owner: Owner, worker: WorkerProcess
) -> None:
    path = owner.start(name("speak"), 300)
    owner.ended(path)
    said = owner.log(path)
    assert said[:300] == [f"line {number}" for number in range(300)]
    assert said[300:] == [
        "to stderr", f"{TASKS}: logged here", f"{TASKS}: task logged"
    ]  # fmt: skip
    worker.wait_until_says("line 299")


# Beats


def test_a_beat_lists_the_claims_the_pool_works_on(owner: Owner, tmp_path: Path) -> None:
    path = owner.start(name("wait_in_peace"), 60, str(tmp_path / "note"))
    claim = owner.claimed(path)
    beat = lambda: owner.store.read_beats()[claim.worker]  # noqa: E731
    eventually(lambda: (owner.run_id, path, 1) in beat().running, 5, "a beat that lists it")
    said = beat()
    assert (said.kind, said.slots, said.queues) == ("compute", SLOTS, ("children",))
    owner.stop(path, claim)
    owner.ended(path)
