"""The writes of a run leave in order, numbered, and are asked again while Redis is away."""

from __future__ import annotations

import threading

import pytest

from inception.runs.errors import StaleToken, StoreUnavailable
from inception.runs.records import Lease
from inception.watching import lane as module
from inception.watching.lane import Lane

BOUND = 5.0
FOR_EVER = 600.0


@pytest.fixture
def lane():
    return Lane(Lease(run_id="r", owner="me", token="t"))


def test_each_write_has_the_next_number(lane):
    assert [lane.commit(lambda _lease, op: op) for _ in range(3)] == [1, 2, 3]


def test_a_write_that_redis_did_not_answer_is_asked_again_under_its_number(lane):
    asked: list[int] = []

    def write(_lease, op):
        asked.append(op)
        if len(asked) < 3:
            raise StoreUnavailable("away")
        return "done"

    assert lane.commit(write) == "done"
    assert asked == [1, 1, 1]


def test_a_closed_lane_lets_all_who_wait_go_at_once(lane, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE", FOR_EVER)
    gone = threading.Semaphore(0)
    tried = threading.Semaphore(0)

    def ask():
        tried.release()
        raise StoreUnavailable("away")

    def wait():
        with pytest.raises(StaleToken):
            lane.insist(ask)
        gone.release()

    for _ in range(3):
        threading.Thread(target=wait, daemon=True).start()
    for _ in range(3):
        assert tried.acquire(timeout=BOUND)
    lane.close()

    for _ in range(3):
        assert gone.acquire(timeout=BOUND)
    with pytest.raises(StaleToken):
        lane.commit(lambda _lease, op: op)


def test_who_comes_to_wait_as_the_lane_is_closed_does_not(lane, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE", FOR_EVER)
    gone = threading.Event()

    def write(_lease, _op):
        lane.close()  # after it was looked at, and before anybody waits
        raise StoreUnavailable("away")

    def wait():
        with pytest.raises(StaleToken):
            lane.commit(write)
        gone.set()

    threading.Thread(target=wait, daemon=True).start()
    assert gone.wait(BOUND)
