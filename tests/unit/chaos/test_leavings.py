"""What the hammer reads out of logs: the children that are named as orphans."""

from __future__ import annotations

from tests.chaos.hammer.leavings import orphans_in

LOG = """
[2026-01-01 12:00:00] Child 0.1 of run run-1 is stopped: it is one whose run is gone from Redis
[2026-01-01 12:00:00] Child 3 of run run-2 is stopped: it is one whose node does without it
[2026-01-01 12:00:00] A run is gone from Redis; its parents leave
"""


def test_only_children_whose_run_is_gone_are_orphans() -> None:
    assert orphans_in(LOG) == {("run-1", "0.1")}
