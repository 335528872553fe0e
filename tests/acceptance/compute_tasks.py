"""Children that do what children may do, for the tests of compute workers."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.utils.log import get_task_logger
from celery.worker.control import control_command

from inception import child, report, track

log = logging.getLogger(__name__)
task_log = get_task_logger(__name__)


class TwoArguments(Exception):
    """Pickles, and raises when unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


class Mute(Exception):
    """Has no words."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@child
def add(a: int, b: int) -> int:
    return a + b


@child
def touch(path: str) -> int:
    """Append a line to a file: how often it ran can be counted."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("ran\n")
    return os.getpid()


@child
def raise_it(what: str) -> None:
    raise {
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
        "two": TwoArguments("a", "b"),
        "mute": Mute(),
        "nul": ValueError("nul \x00 and <script>"),
        "memory": MemoryError("none left"),
        "surrogate": ValueError("half \ud800"),
    }[what]


@child
def return_it(what: str) -> Any:
    return {
        "set": {1, 2},
        "nan": float("nan"),
        "huge": "x" * 2_000_000,
        "error": {"status": "ERROR", "error": "no luck"},
        "tuple": (1, (2,)),
    }[what]


@child
def wait_in_peace(seconds: float, note: str) -> str:
    """Sleep; leave a note when it begins, and another in `finally`."""
    try:
        Path(note).write_text("begun", encoding="utf-8")
        time.sleep(seconds)
    finally:
        Path(note).write_text("cleaned", encoding="utf-8")
    return "slept"


@child
def spin() -> None:
    """Never end, without a call that a signal would interrupt."""
    number = 0
    while True:
        number += 1


@child
def swallow() -> None:
    """Never end, whatever is raised."""
    while True:
        with contextlib.suppress(SystemExit):
            time.sleep(60)


@child
def die(how: str) -> None:
    if how == "exit":
        os._exit(7)
    if how == "segv":
        ctypes.string_at(0)
    os.kill(os.getpid(), signal.SIGKILL)


@child(time_limit=1)
def limited() -> None:
    time.sleep(60)


@child(soft_time_limit=1, time_limit=30)
def softly_limited() -> None:
    time.sleep(60)


@child(autoretry_for=(ValueError,), max_retries=3, default_retry_delay=0, retry_backoff=False)
def succeed_at_last(path: str) -> int:
    """Fail twice."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("ran\n")
    tries = len(Path(path).read_text("utf-8").splitlines())
    if tries < 3:
        raise ValueError(f"try {tries}")
    return tries


@child(bind=True)
def try_later(self: Any) -> None:
    raise self.retry(countdown=60, exc=ValueError("later"))


@child
def speak(lines: int) -> str:
    for number in range(lines):
        print(f"line {number}")
    print("to stderr", file=sys.stderr)
    log.warning("logged %s", "here")
    task_log.warning("task logged")
    return "spoken"


@child
def tell(steps: int) -> None:
    for _ in track(range(steps), message="Telling"):
        pass
    report(steps, steps, "told")
    raise ValueError("after all that")


@shared_task(queue="children")  # type: ignore[untyped-decorator]
def plain(a: int) -> int:
    """A Celery task that knows nothing of us."""
    return a + 1


@shared_task(queue="children")  # type: ignore[untyped-decorator]
def plain_exit() -> None:
    raise SystemExit(4)


@child
def speak_for_a_while(note: str) -> None:
    """Print for a second, and note how long it took."""
    file, began = Path(note), time.monotonic()
    file.write_text("begun", encoding="utf-8")
    for number in range(100):
        print(f"line {number}")
        report(number, 100)
        time.sleep(0.01)
    file.write_text(f"took {time.monotonic() - began}", encoding="utf-8")


@control_command(args=[("pid", int)])  # type: ignore[untyped-decorator]  # celery has no types
def wake_and_find_dead(state: Any, pid: int) -> None:
    """Let a frozen pool process go on with what was sent to it, and find it dead before all else.

    So does billiard with a second process that dies while it deals with the death of a first one,
    in `_join_exited_workers`: what that one wrote before, that it had begun, is not read.
    """
    pool, hub = state.consumer.pool._pool, state.consumer.hub
    sent = [job for job in pool._cache.values() if job._write_to and job._write_to.pid == pid]
    if not sent:
        hub.call_later(0.01, wake_and_find_dead, state, pid)
        return
    os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 5
    while sent[0]._write_to._is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    pool.on_job_process_down(sent[0], pid)
