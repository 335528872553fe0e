"""A passed deadline ends its child, also if Redis can't be asked in that moment."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from inception.authoring.frame import WatchOptions
from inception.runs.clock import ServerClock
from inception.runs.errors import StoreUnavailable
from inception.runs.meta import empty_meta
from inception.runs.model import State
from inception.runs.records import Lease
from inception.watching.deadlines import Deadlines
from inception.watching.lane import Lane
from inception.watching.live import LiveRun
from inception.watching.live_node import LiveNode, NodeEnd
from inception.watching.timers import Timer
from tests.unit.webapp.records import run_record


class _Store:
    """Can't be reached the first time."""

    def __init__(self) -> None:
        self.asked = 0

    def read_end(self, _run_id: str, _path: str) -> None:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable("away")


class _Timers:
    """Every time that is waited for has come."""

    def call_later(self, _seconds: float, call: Any) -> Any:
        self.due = call
        return SimpleNamespace(cancel=lambda: None, action=None)


class _Endings:
    def __init__(self) -> None:
        self.ended: list[NodeEnd] = []

    def finish_unclaimed(self, *_claimed_by_now: object) -> None:
        """The child is in a worker's hands."""

    def finish(self, _live: LiveRun, node: LiveNode, end: NodeEnd) -> None:
        node.end = end
        self.ended.append(end)


@pytest.fixture
def live() -> LiveRun:
    run = run_record("r", kwargs={}, revoke=None, steps=None, meta=empty_meta())
    return LiveRun(run, Lane(Lease(run_id="r", owner="me", token="t")))


def test_a_deadline_that_passes_while_redis_is_away_still_ends_its_child(live: LiveRun) -> None:
    node = LiveNode(path="0", name="child", kind="child", task_id="t", state=State.STARTED)
    store, timers, endings = _Store(), _Timers(), _Endings()
    crew = SimpleNamespace(submit=lambda job: job())
    revoker = SimpleNamespace(order_stop=lambda *_a, **_k: None)
    ctx = SimpleNamespace(store=store, timers=timers, crew=crew, clock=ServerClock())
    deadlines = Deadlines(cast("Any", ctx), cast("Any", endings), cast("Any", revoker))

    deadlines.arm(live, node, WatchOptions(timeout=1.0))
    timers.due()

    assert store.asked == 2
    assert [end.meta["error"] for end in endings.ended] == ["timeout: not ended within 1 s"]


def test_a_host_whose_clock_is_an_hour_ahead_grants_as_long_as_any(
    live: LiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = time.time()
    monkeypatch.setattr(time, "time", lambda: recorded + 3600)
    clock = ServerClock()
    clock.hear(int(recorded * 1000) + 10_000)
    node = LiveNode(path="0", name="child", kind="child", task_id="t", state=State.STARTED)
    node.queued_at = int(recorded * 1000)
    granted: list[float] = []
    cancelled = SimpleNamespace(cancel=lambda: None, action=None)

    def call_later(seconds: float, _call: Any) -> Any:
        granted.append(seconds)
        return cancelled

    timers = SimpleNamespace(call_later=call_later)
    crew = SimpleNamespace(submit=lambda job: job())
    ctx = SimpleNamespace(timers=timers, crew=crew, clock=clock)

    Deadlines(cast("Any", ctx), cast("Any", None), cast("Any", None)).arm(
        live, node, WatchOptions(timeout=60.0, pending_timeout=30.0)
    )

    assert granted == [pytest.approx(20, abs=1), pytest.approx(50, abs=1)]


def test_a_child_that_talks_for_days_leaves_no_trail_of_looks_at_its_silence(
    live: LiveRun,
) -> None:
    """Each look that finds it talking is followed by another one."""
    timers = _Clockwork()
    crew = SimpleNamespace(submit=lambda job: job())
    ctx = SimpleNamespace(
        timers=timers, crew=crew, clock=ServerClock(), hub=SimpleNamespace(connected=True)
    )
    node = LiveNode(path="0", name="child", kind="child", task_id="t", state=State.STARTED)
    deadlines = Deadlines(cast("Any", ctx), cast("Any", None), cast("Any", None))
    deadlines.arm(live, node, WatchOptions(stall_timeout=30.0, timeout=10**6))
    for _look in range(100):
        node.heard = time.monotonic()
        timers.fire()

    assert len(node.deadlines) == 2
    assert timers.set == 102
    node.cancel_timers()
    assert timers.last.action is None


class _Clockwork:
    """Lets the time of what was asked for last come."""

    def __init__(self) -> None:
        self.set = 0
        self.last: Timer

    def call_later(self, seconds: float, call: Any) -> Timer:
        self.set += 1
        self.last = Timer(cast("Any", self), seconds, call)
        return self.last

    def note_cancelled(self) -> None:
        """Nothing is counted."""

    def fire(self) -> None:
        action, self.last.action = self.last.action, None
        assert action is not None
        action()


class Silence:
    """A child with a `stall_timeout` of half a minute, of which nothing was heard for a minute."""

    def __init__(self, live: LiveRun, *, connected: bool = True) -> None:
        self.timers, self.endings = _Timers(), _Endings()
        crew = SimpleNamespace(submit=lambda job: job())
        revoker = SimpleNamespace(order_stop=lambda *_a, **_k: None)
        store = SimpleNamespace(read_end=lambda _run, _path: None)
        ctx = SimpleNamespace(
            store=store, timers=self.timers, crew=crew, clock=ServerClock(),
            hub=SimpleNamespace(connected=connected),
        )  # fmt: skip
        self.deadlines = Deadlines(
            cast("Any", ctx), cast("Any", self.endings), cast("Any", revoker)
        )
        node = LiveNode(path="0", name="child", kind="child", task_id="t", state=State.STARTED)
        self.deadlines.arm(live, node, WatchOptions(stall_timeout=30.0))
        node.heard = time.monotonic() - 60.0

    @property
    def errors(self) -> list[str | None]:
        self.timers.due()
        return [end.meta["error"] for end in self.endings.ended]


def test_a_child_that_is_silent_for_too_long_ends(live: LiveRun) -> None:
    silence = Silence(live)

    assert silence.errors == ["stall_timeout: nothing was heard of it for 30 s"]


def test_silence_counts_from_when_children_are_heard_again(live: LiveRun) -> None:
    """Redis was away: what they said was dropped."""
    silence = Silence(live)
    silence.deadlines.hear_again()

    assert silence.errors == []


def test_while_nobody_is_heard_no_silence_counts(live: LiveRun) -> None:
    assert Silence(live, connected=False).errors == []


def test_a_process_that_stood_still_takes_nobody_for_silent(
    live: LiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its deadlines come before what it has yet to hear."""
    silence, now = Silence(live), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 45.0)

    assert silence.errors == []
