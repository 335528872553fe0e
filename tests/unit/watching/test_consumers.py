"""Who consumes what, and which queues lost a worker that did not say it leaves."""

from __future__ import annotations

from dataclasses import replace

from inception.runs.records import BeatRecord
from inception.watching.consumers import Consumers


def beat(process: str, *queues: str, stopping: bool = False) -> BeatRecord:
    return BeatRecord(
        process=process, kind="compute", host="h", pid=1, name=process, slots=1, queues=queues,
        running=(), stopping=stopping, counter=1, seen_at=1,
    )  # fmt: skip


BEATS = {"a": beat("a", "children", "own"), "b": beat("b", "children")}
BOTH = Consumers.from_beats(BEATS, BEATS)


def test_all_queues_of_the_living_are_served() -> None:
    assert BOTH.queues == {"children", "own"}
    assert BOTH.serve("own")
    assert not Consumers.from_beats(BEATS, ["b"]).serve("own")
    assert Consumers.from_beats(BEATS, ["b"]).why_waiting("own") == "no worker consumes queue own"


def test_the_queues_of_a_worker_that_died_are_told_whether_it_is_buried_or_not() -> None:
    dead = Consumers.from_beats(BEATS, ["b"])
    buried = Consumers.from_beats({"b": BEATS["b"]}, ["b"])

    assert dead.died_since(BOTH, BEATS) == {"children", "own"}
    assert buried.died_since(BOTH, {"b": BEATS["b"]}) == {"children", "own"}
    assert dead.died_since(dead, BEATS) == set()


def test_a_worker_that_leaves_in_order_has_lost_nothing() -> None:
    leaving = {**BEATS, "a": replace(BEATS["a"], stopping=True)}
    after = Consumers.from_beats(leaving, leaving)

    assert after.died_since(BOTH, leaving) == set()


def test_before_the_first_beat_nobody_has_died() -> None:
    assert BOTH.died_since(Consumers(), BEATS) == set()
