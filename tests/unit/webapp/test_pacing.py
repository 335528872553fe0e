from __future__ import annotations

from webapp.relay.pacing import Pace


def send_while_allowed(pace: Pace, start: float, end: float) -> int:
    """Send as soon as the pace lets, as the relay does; how many went out."""
    now, sent = start, 0
    while True:
        now += pace.wait(now)
        if now >= end:
            return sent
        pace.spend(now)
        sent += 1


def test_the_first_goes_out_at_once_however_late_it_is() -> None:
    assert Pace(20, 4).wait(1000.0) == 0


def test_a_burst_goes_out_at_once_and_the_next_waits_a_twentieth_of_a_second() -> None:
    pace = Pace(20, 4)
    for _ in range(4):
        assert pace.wait(5.0) == 0
        pace.spend(5.0)
    assert abs(pace.wait(5.0) - 0.05) < 1e-6


def test_on_average_no_more_than_the_rate_goes_out() -> None:
    assert send_while_allowed(Pace(20, 4), 0.0, 10.0) in range(200, 205)


def test_a_caller_that_waited_as_told_need_not_wait_again() -> None:
    pace = Pace(20, 1)
    pace.spend(0.1)
    assert pace.wait(0.1 + pace.wait(0.1)) == 0
