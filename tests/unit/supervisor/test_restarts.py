from __future__ import annotations

from webapp.supervisor.restarts import LONGEST_DELAY, WINDOW, RestartPacing


def delays(deaths: list[float]) -> list[float]:
    pacing = RestartPacing()
    return [pacing.delay_after_death(at) for at in deaths]


def test_ten_deaths_in_a_minute_are_answered_at_once() -> None:
    assert delays([float(second) for second in range(10)]) == [0.0] * 10


def test_the_eleventh_death_in_a_minute_slows_it_down() -> None:
    assert delays([float(second) for second in range(12)])[-2:] == [1.0, 2.0]


def test_the_delay_has_a_bound() -> None:
    assert delays([0.0] * 300)[-1] == LONGEST_DELAY


def test_deaths_of_more_than_a_minute_ago_are_forgotten() -> None:
    assert delays([0.0] * 10 + [WINDOW + 1.0])[-1] == 0.0


def test_one_death_every_seven_seconds_never_slows_it_down() -> None:
    assert not any(delays([7.0 * number for number in range(100)]))
