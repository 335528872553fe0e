"""Bodies' lines come back as they were written, from processes of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.hammer.ledger import Entry, Ledger, Line, Verb, read_lines


def verbs(folder: Path) -> list[Verb]:
    return [line.verb for line in read_lines(folder)]


def entry(folder: Path) -> Entry:
    return Entry(Ledger(folder), "run", "0.1", attempt=2, retries=1)


def test_a_body_that_returns_has_a_begin_and_an_end(tmp_path: Path) -> None:
    with entry(tmp_path).body():
        pass

    begin, end = read_lines(tmp_path)
    assert (begin.verb, end.verb) == (Verb.BEGIN, Verb.END)
    assert (begin.run_id, begin.path, begin.delivery) == ("run", "0.1", (2, 1))
    assert (begin.pid, begin.worker) == (os.getpid(), os.getppid())
    assert begin.at <= end.at


@pytest.mark.parametrize(("raised", "last"), [(ValueError, Verb.END), (SystemExit, Verb.STOPPED)])
def test_a_body_that_raises_has_ended_and_one_that_is_unwound_was_stopped(
    tmp_path: Path, raised: type[BaseException], last: Verb
) -> None:
    with pytest.raises(raised), entry(tmp_path).body():
        raise raised

    assert verbs(tmp_path) == [Verb.BEGIN, last]


def test_a_forked_process_writes_a_file_of_its_own(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write(Verb.BEGIN, "run", "0", 1, 0)
    forked = os.fork()
    if forked == 0:
        ledger.write(Verb.KEPT, "run", "0", 1, 0, state="SUCCESS")
        os._exit(0)
    os.waitpid(forked, 0)

    lines: list[Line] = read_lines(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert [line.pid for line in lines] == [os.getpid(), forked]
    assert lines[1].state == "SUCCESS"
