from __future__ import annotations

from pathlib import Path

from webapp.supervisor.logfiles import last_line, open_log, trim


def test_a_writer_goes_on_after_its_log_was_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    with open_log(file) as log:
        log.write(b"before\n")
        log.flush()
        trim(file, limit=3)
        log.write(b"after\n")
    assert file.read_bytes() == b"after\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"before\n"


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    file.write_bytes(b"one\n")
    trim(file, limit=4)
    assert file.read_bytes() == b"one\n"


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    file.write_bytes(b"cause\n\n  \n")
    assert last_line(file) == "cause"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none.log") == ""
