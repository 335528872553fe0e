"""The crew works through jobs in their order, as many at once as it has threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from inception.runs.errors import StaleToken
from inception.watching.crew import Crew
from tests.running import eventually

BOUND = 5.0


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew(2)
    crew.start()
    yield crew
    crew.stop()


def test_jobs_that_wait_are_done_in_the_order_in_which_they_came() -> None:
    crew, done = Crew(1), Queue[int]()
    for number in range(5):
        crew.submit(lambda number=number: done.put(number))  # type: ignore[misc]
    crew.start()
    assert [done.get(timeout=BOUND) for _ in range(5)] == [0, 1, 2, 3, 4]
    crew.stop()


def test_as_many_jobs_go_on_at_once_as_there_are_threads(crew: Crew) -> None:
    together, done = threading.Barrier(3), threading.Event()
    for _ in range(2):
        crew.submit(lambda: together.wait(BOUND) and None)
    crew.submit(done.set)
    assert not done.wait(0.05)
    together.wait(BOUND)
    assert done.wait(BOUND)


@pytest.mark.parametrize("error", [ValueError("unexpected"), StaleToken("another's")])
def test_a_job_that_raises_ends_no_thread(crew: Crew, error: Exception) -> None:
    def fail() -> None:
        raise error

    done = Queue[int]()
    for number in range(4):
        crew.submit(fail)
        crew.submit(lambda number=number: done.put(number))  # type: ignore[misc]
    assert sorted(done.get(timeout=BOUND) for _ in range(4)) == [0, 1, 2, 3]


def test_no_job_is_left_while_a_thread_is_idle(crew: Crew) -> None:
    done = Queue[int]()
    for number in range(2000):  # some come as both work, some as both are idle
        crew.submit(lambda number=number: done.put(number))  # type: ignore[misc]
        if number % 7 == 0:
            assert done.get(timeout=BOUND) >= 0
    left = 2000 - len(range(0, 2000, 7))
    assert len({done.get(timeout=BOUND) for _ in range(left)}) == left


def test_when_it_is_stopped_each_thread_ends_after_what_is_queued() -> None:
    crew, may_go_on, done = Crew(2), threading.Event(), Queue[int]()
    crew.start()
    eventually(lambda: len(crew._idle) == 2, BOUND, "both are idle")
    crew.submit(lambda: may_go_on.wait(BOUND) and None)
    crew.submit(lambda: may_go_on.wait(BOUND) and None)
    crew.submit(lambda: done.put(1))
    crew.stop()
    may_go_on.set()
    assert done.get(timeout=BOUND) == 1
    for thread in crew._threads:
        thread.join(BOUND)
        assert not thread.is_alive()


def test_idle_threads_end_when_it_is_stopped() -> None:
    crew = Crew(2)
    crew.start()
    eventually(lambda: len(crew._idle) == 2, BOUND, "both are idle")
    crew.stop()
    for thread in crew._threads:
        thread.join(BOUND)
        assert not thread.is_alive()
