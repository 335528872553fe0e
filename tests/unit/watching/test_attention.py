"""Who is due to be heard is looked for in time, and not more often than need be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from inception.runs.meta import empty_meta
from inception.runs.model import State
from inception.watching import attention
from inception.watching.attention import Attention, _Line
from inception.watching.live import LiveRun
from inception.watching.live_node import LiveNode, NodeEnd

LIVE = cast("LiveRun", SimpleNamespace(dropped=False, lane=None))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr(attention, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def child(name: str) -> LiveNode:
    return LiveNode(path="0", name=name, kind="child", task_id=name)


def taken(line: _Line) -> tuple[list[str], float | None]:
    due, again = line.take()
    return [each.task_id for each in due], again


def test_each_is_due_in_its_own_time_and_somebody_looks_until_none_is_left(
    clock: list[float],
) -> None:
    line = _Line(5.0, 1.0)
    assert line.put(LIVE, [child("first")]) == 5.0
    clock[0] = 103.0
    assert line.put(LIVE, [child("second")]) is None, "somebody will look"

    clock[0] = 105.0
    assert taken(line) == (["first"], 3.0)
    assert line.put(LIVE, [child("third")]) is None, "somebody looks on"
    clock[0] = 108.0
    assert taken(line) == (["second"], 2.0)
    clock[0] = 110.0
    assert taken(line) == (["third"], None)
    assert line.put(LIVE, [child("fourth")]) == 5.0


def test_those_that_come_one_after_the_other_are_looked_at_together(clock: list[float]) -> None:
    line = _Line(5.0, 1.0)
    line.put(LIVE, [child("first")])
    clock[0] = 100.2
    line.put(LIVE, [child("second")])
    clock[0] = 105.0
    assert taken(line) == (["first"], 1.0)


class Played:
    """An Attention whose timers and jobs a test lets come; it hears those in `heard` already."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.jobs: list[Any] = []
        self.looks: list[Any] = []
        lane = SimpleNamespace(lease=SimpleNamespace(token="t"))
        self.live = cast("Any", SimpleNamespace(dropped=False, lane=lane))
        ctx = SimpleNamespace(
            timers=SimpleNamespace(call_later=lambda _seconds, look: self.looks.append(look)),
            crew=SimpleNamespace(submit=self.jobs.append),
            hub=SimpleNamespace(hears=lambda _holder, task: task in self.heard),
        )
        self.attention = Attention(cast("Any", ctx), on_word=lambda *_word: None)

    def look(self) -> None:
        self.looks.pop()()


def test_who_came_later_is_heard_too(clock: list[float]) -> None:
    played, began = Played(), clock[0]
    played.attention.begun(played.live, child("first"))
    clock[0] = began + 0.5 * attention.MOMENT
    played.attention.begun(played.live, child("second"))
    for moments in (1.1, 2.2):
        clock[0] = began + moments * attention.MOMENT
        played.look()

    assert len(played.jobs) == 2
    assert played.looks == []


@pytest.mark.parametrize("why", ["it has ended", "another attempt follows", "it is heard", "gone"])
def test_who_need_not_be_heard_is_not(clock: list[float], why: str) -> None:
    played, node = Played(), child("first")
    played.attention.begun(played.live, node)
    if why == "it has ended":
        node.end = NodeEnd(state=State.SUCCESS, meta=empty_meta())
    elif why == "another attempt follows":
        node.task_id = "second"
    elif why == "it is heard":
        played.heard.add("first")
    else:
        played.live.dropped = True
    clock[0] += 2 * attention.MOMENT
    played.look()

    assert played.jobs == []


def test_who_is_heard_when_it_is_claimed_is_not_looked_at(clock: list[float]) -> None:
    played = Played()
    played.heard.add("first")
    played.attention.begun(played.live, child("first"))
    assert played.looks == []
