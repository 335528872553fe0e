from __future__ import annotations

import queue
from collections.abc import Iterator

import pytest

from inception.runs import beats
from inception.runs.beats import Beater, process_name
from inception.runs.connection import connect
from inception.runs.records import Beat, BeatAnswer
from inception.runs.store import Store
from tests.private_redis import PrivateRedis
from webapp.fleet import FRESH_BEAT

WITHIN = 10.0
"""Seconds (s)."""


class Process:
    """A process that beats, and what its beater tells it."""

    def __init__(self, url: str, ttl: float = 1.0) -> None:
        self.name = process_name("test")
        self.answers: queue.Queue[BeatAnswer] = queue.Queue()
        self.failures: queue.Queue[bool] = queue.Queue()
        self.breaks = 0
        self.beater = Beater(
            url,
            make_beat=self._beat,
            on_answer=self.answers.put,
            on_failure=lambda: self.failures.put(True),
            ttl=ttl,
        )

    def _beat(self, counter: int) -> Beat:
        if self.breaks:
            self.breaks -= 1
            raise ZeroDivisionError
        return Beat(
            process=self.name,
            kind="compute",
            host="host",
            pid=1,
            name="test@host",
            slots=1,
            queues=["children"],
            running=[],
            stopping=False,
            counter=counter,
        )


@pytest.fixture
def process(own_redis: PrivateRedis) -> Iterator[Process]:
    process = Process(own_redis.url)
    yield process
    process.beater.stop()


def test_the_counter_moves_with_each_beat(process: Process) -> None:
    process.beater.start()
    counters = [
        process.answers.get(timeout=WITHIN).beats[process.name].counter for _beat in range(3)
    ]
    assert counters == [1, 2, 3]


def test_it_beats_often_enough_to_count_as_ready_however_long_its_time_to_live(
    own_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready is who was heard within 15 s; a fifth of an hour is more."""
    assert 3 * beats.LONGEST_PERIOD * 1000 <= FRESH_BEAT
    monkeypatch.setattr(beats, "LONGEST_PERIOD", 0.05)
    process = Process(own_redis.url, ttl=3600.0)
    process.beater.start()
    for _beat in range(3):
        process.answers.get(timeout=WITHIN)
    process.beater.stop()


def test_a_failed_beat_is_told_and_beating_goes_on_when_redis_is_back(
    process: Process, own_redis: PrivateRedis
) -> None:
    process.beater.start()
    process.answers.get(timeout=WITHIN)
    own_redis.kill()
    assert process.failures.get(timeout=WITHIN)
    own_redis.start()
    while not process.answers.empty():
        process.answers.get_nowait()
    assert process.name in process.answers.get(timeout=WITHIN).beats


def test_a_fault_in_what_makes_the_beat_does_not_end_the_beater(process: Process) -> None:
    process.breaks = 2
    process.beater.start()
    assert process.answers.get(timeout=WITHIN).beats[process.name].counter == 3


def test_a_stopped_beater_beats_no_more(process: Process, own_redis: PrivateRedis) -> None:
    process.beater.start()
    process.answers.get(timeout=WITHIN)
    process.beater.stop()
    store = Store(connect(own_redis.url, purpose="test"))
    store.bury(process.name)
    assert process.name not in store.read_beats()
    assert not process.beater.is_alive


def test_two_starts_never_share_a_name() -> None:
    assert process_name("same") != process_name("same")
