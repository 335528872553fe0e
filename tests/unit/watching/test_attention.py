"""Who is due to be heard is looked for in time, and not more often than need be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from inception.watching import attention
from inception.watching.attention import Attention, _Line
from inception.watching.live import LiveNode, LiveRun

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


def test_who_came_later_is_heard_too(clock: list[float]) -> None:
    set_times: list[Any] = []
    jobs: list[Any] = []
    ctx = SimpleNamespace(
        timers=SimpleNamespace(call_later=lambda _seconds, look: set_times.append(look)),
        crew=SimpleNamespace(submit=jobs.append),
        hub=SimpleNamespace(hears=lambda _holder, _task: False),
    )
    lane = SimpleNamespace(lease=SimpleNamespace(token="t"))
    live = cast("Any", SimpleNamespace(dropped=False, lane=lane))
    hears = Attention(cast("Any", ctx), on_word=lambda *_word: None)
    began = clock[0]
    hears.begun(live, child("first"))
    clock[0] = began + 0.5 * attention.MOMENT
    hears.begun(live, child("second"))
    for moments in (1.1, 2.2):
        clock[0] = began + moments * attention.MOMENT
        set_times.pop()()

    assert len(jobs) == 2
    assert set_times == []
