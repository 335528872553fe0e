"""Who counts as dead."""

from __future__ import annotations

import pytest

from inception.runs.records import BeatRecord
from inception.watching.liveness import Liveness

TTL = 15.0


def beats(**counters: int) -> dict[str, BeatRecord]:
    return {
        name: BeatRecord(
            process=name, kind="watcher", host="h", pid=1, name=name, slots=1, queues=(),
            running=(), stopping=False, counter=counter, seen_at=0,
        )
        for name, counter in counters.items()
    }  # fmt: skip


def test_a_counter_that_stands_still_for_a_time_to_live_is_dead():
    liveness = Liveness(TTL)
    for now in range(0, 15, 3):
        liveness.hear(beats(a=now, b=1), now=now)

    assert liveness.dead(now=14.9) == set()
    assert liveness.dead(now=15) == {"b"}


@pytest.mark.parametrize("pause", [8.0, 20.0, 600.0])
def test_a_late_answer_says_nothing_of_anybody(pause: float):
    liveness = Liveness(TTL)
    for now in (0, 3, 6, 9, 12):
        liveness.hear(beats(a=1), now=now)

    liveness.hear(beats(a=1), now=12 + pause)

    assert liveness.dead(now=12 + pause + 14.9) == set()
    assert liveness.dead(now=12 + pause + 15) == {"a"}


def test_a_failed_beat_of_our_own_starts_all_clocks_anew():
    liveness = Liveness(TTL)
    liveness.hear(beats(a=1), now=0)

    liveness.failed()
    liveness.hear(beats(a=1), now=60)

    assert liveness.dead(now=74) == set()
    assert liveness.dead(now=75) == {"a"}


def test_a_process_that_is_buried_is_forgotten():
    liveness = Liveness(TTL)
    liveness.hear(beats(a=1), now=0)

    liveness.hear({}, now=5)

    assert liveness.dead(now=100) == set()
