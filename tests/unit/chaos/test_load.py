from __future__ import annotations

from pathlib import Path

from inception.runs.processes import lives
from tests.chaos.hammer.load import load
from tests.running import eventually


def processor_time(pid: int) -> int:
    """How much it has had, in the clock ticks of proc(5)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def test_it_keeps_processors_busy_and_leaves_nothing() -> None:
    with load(2) as pids:
        assert len(pids) == 2
        eventually(lambda: all(processor_time(pid) > 1 for pid in pids), 10, "they work")
    assert not any(lives(pid) for pid in pids)
