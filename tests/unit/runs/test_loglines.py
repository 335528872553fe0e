"""How the web writes its log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from inception.runs.loglines import write_log
from inception.runs.settings import LogFormat


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, whose handlers are as they were afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_a_stranger_sent_makes_no_line_of_its_own(root: logging.Logger) -> None:
    written = io.StringIO()
    write_log(LogFormat.TEXT, written)
    root.info("sign_in_refused by %s", "ann\n2026-01-01 INFO sign_in by root\x1b[2J\x9b")
    assert len(written.getvalue().splitlines()) == 1
    assert "\\x0a2026-01-01" in written.getvalue()
    assert written.getvalue().rstrip("\n").isprintable()


def test_a_traceback_is_written_below_its_line(root: logging.Logger) -> None:
    written = io.StringIO()
    write_log(LogFormat.TEXT, written)
    try:
        raise ValueError("no")
    except ValueError:
        root.exception("it failed")
    assert written.getvalue().splitlines()[1].startswith("Traceback")


def test_what_is_printed_is_a_line_of_json_that_says_so(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    written = io.StringIO()
    write_log(LogFormat.JSON, written)
    logging.captureWarnings(capture=False)
    print("a library's banner")
    line = json.loads(written.getvalue())
    assert (line["action"], line["message"]) == ("printed", "a library's banner")
