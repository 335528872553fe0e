"""What is cut off Redis' file is what was written last, and nothing of a file that is too young."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.hammer.tail import Tail


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def grown(folder: Path, clock: Time, name: str = "a.1.incr.aof") -> tuple[Tail, Path]:
    """A file that grew by ten bytes in each tenth of a second, for a second."""
    tail, file = Tail(folder, clock), folder / name
    for _ in range(10):
        clock.now += 0.1
        with file.open("ab") as entries:
            entries.write(b"0123456789")
        tail.look()
    return tail, file


def test_what_was_written_last_is_cut_off(tmp_path: Path) -> None:
    clock = Time()
    tail, file = grown(tmp_path, clock)
    clock.now += 0.01

    assert tail.cut(0.5)
    assert 40 <= file.stat().st_size <= 50


def test_a_file_that_is_younger_is_left_alone(tmp_path: Path) -> None:
    clock = Time()
    tail, file = grown(tmp_path, clock)
    assert not tail.cut(2.0)
    (tmp_path / "a.2.incr.aof").write_bytes(b"rewritten")
    assert not tail.cut(0.5)
    assert file.stat().st_size == 100
