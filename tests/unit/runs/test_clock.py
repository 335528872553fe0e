"""Redis' clock between two answers."""

from __future__ import annotations

import time

import pytest

from inception.runs.clock import ServerClock


def test_it_goes_on_from_the_last_answer_whatever_this_host_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ServerClock()
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    clock.hear(5_000_000)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    monkeypatch.setattr(time, "monotonic", lambda: 102.5)
    assert (clock.now(), clock.now_ms()) == (5002.5, 5_002_500)
    clock.hear(4_000_000)  # the server's own clock was set back, or another server answers
    assert clock.now() == 4000.0


def test_before_the_first_answer_this_host_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 7.0)
    assert ServerClock().now() == 7.0
