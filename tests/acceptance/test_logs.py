"""What the processes log: one JSON object a line where that is asked for, and no secret in it."""

from __future__ import annotations

import json
import os
import signal
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import Stack, StartApplication
from tests.acceptance.viewer import Viewer
from tests.running import eventually

OURS = ("inception.", "webapp.")
PROCESSES = ("watcher", "compute", "web")
VALUE = 7001
"""What the children return: a number that nothing else in a log is."""

pytestmark = pytest.mark.timeout(120)


def run_a_run(stack: Stack) -> None:
    """Have each process say something about a run."""
    viewer = Viewer(stack.url)
    try:
        run_id = viewer.start("tasks.examples.counting.count_twice", limit=VALUE, delay=0.0)
        viewer.wait_for_end(run_id)
    finally:
        viewer.close()


def lose_the_watcher(stack: Stack) -> None:
    """Kill it, and return once there is another."""
    old = stack.application.pid("watcher")
    assert old is not None
    os.kill(old, signal.SIGKILL)
    eventually(lambda: stack.application.replaced("watcher", old), 5, "a new watcher")


def written(stack: Stack) -> list[str]:
    """What each process has logged, and what the supervisor has said."""
    folder = stack.application.state_dir / "log"
    logs = [(folder / f"{name}.log").read_text() for name in PROCESSES]
    return [*logs, "\n".join(stack.application.said)]


def entries(text: str) -> list[dict[str, Any]]:
    """The lines as objects; what is printed before a process has read its settings is left out."""
    lines = [line for line in text.splitlines() if line]
    first = next(place for place, line in enumerate(lines) if line.startswith("{"))
    return [json.loads(line) for line in lines[first:]]


def test_every_line_is_an_object_with_an_action_where_it_is_ours_and_no_secret(
    own_stack: StartApplication,
) -> None:
    stack = own_stack(INCEPTION_LOG="json")
    password = str(urlsplit(stack.redis_url).password)
    run_a_run(stack)
    lose_the_watcher(stack)
    stack.application.end()

    texts = written(stack)
    found = [entry for text in texts for entry in entries(text)]
    ours = [entry for entry in found if entry["logger"].startswith(OURS)]
    assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in found)
    assert [entry for entry in ours if "action" not in entry] == []
    assert {"audit", "process_started", "process_died", "ready"} <= {e["action"] for e in ours}
    assert [entry for entry in ours if "run_id" in entry]
    assert not [text for text in texts if password in text or str(VALUE) in text]


def test_the_log_is_plain_text_unless_asked_otherwise(stack: Stack) -> None:
    assert not [line for text in written(stack) for line in text.splitlines() if line[:1] == "{"]
