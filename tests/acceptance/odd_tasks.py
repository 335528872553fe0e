"""Parents and children that do whatever a stranger's code may do."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from celery import current_task, shared_task
from celery.exceptions import Ignore
from celery.worker.control import control_command

from inception import child, parent, report, track, watch, watch_all

MEBIBYTE = 1024 * 1024


class Unpicklable(Exception):
    """Holds what no pickle takes."""

    def __init__(self) -> None:
        super().__init__("can't be pickled")
        self.held = (item for item in ())


@child
def raise_value_error() -> None:
    """Fail in the ordinary way."""
    raise ValueError("the ordinary way")


@child
def raise_system_exit() -> None:
    """Leave as a script would."""
    raise SystemExit(3)


@child(bind=True)
def retry_in_an_hour(self: Any) -> None:
    """Ask Celery to be tried again much later."""
    raise self.retry(countdown=3600, exc=ValueError("not now"))


@child
def raise_unpicklable() -> None:
    """Fail with an exception that no process can hand to another."""
    raise Unpicklable


@child
def raise_strange_text() -> None:
    """Fail with a text that is trouble for what shows it."""
    raise RuntimeError("a NUL \x00 and <script>alert(1)</script>")


@child
def return_a_set() -> Any:
    """Return what JSON can't carry."""
    return {1, 2}


@child
def return_too_much() -> str:
    """Return more than is kept."""
    return "x" * (MEBIBYTE + 1)


@child(rerun_if_lost=False)
def leave_at_once() -> None:
    """End the process under the pool."""
    os._exit(7)


@child
def say_error() -> dict[str, str]:
    """Fail by the convention of returning it."""
    return {"status": "ERROR", "error": "the convention"}


@child
def wait(seconds: float) -> float:
    """Do nothing for a while (s)."""
    time.sleep(seconds)
    return seconds


@child
def say_one_word(seconds: float) -> None:
    """Speak once and fall silent (s)."""
    report(1, 2, "the only word")
    time.sleep(seconds)


@child
def wait_for_file_to_go(flag: str) -> str:
    """Wait until a file is gone."""
    while Path(flag).exists():
        time.sleep(0.02)
    return "gone"


@child
def spin(seconds: float) -> int:
    """Compute without ever looking up (s)."""
    until, turns = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        turns += 1
    return turns


@child
def print_lines(count: int) -> int:
    """Print, so that there is a log."""
    for number in track(range(count), message="Printing"):
        print(f"line {number}")
    return count


@child
def square(number: int) -> int:
    """Square it."""
    return number * number


@child(queue="nobody-is-here")
def never() -> None:
    """Wait in a queue that nobody consumes."""


@shared_task(bind=True)
def plain(self: Any, limit: int) -> int:
    """A Celery task that knows nothing of us."""
    for number in range(limit):
        self.update_state(state="PROGRESS", meta={"current": number + 1, "total": limit})
    return limit


@child(bind=True)
def func_1(self: Any, limit: int) -> dict[str, Any]:
    """The form that the first users wrote their children in."""
    meta = {"iteration": 0, "completion": 0.0, "status": "PROGRESS", "message": "", "error": None}
    for number in range(limit):
        meta.update(iteration=number + 1, completion=100.0 * (number + 1) / limit)
        self.update_state(state="PROGRESS", meta=meta)
    return {**meta, "status": "OK", "message": "done"}


@shared_task(bind=True)  # type: ignore[untyped-decorator]
def name_an_end(self: Any, state: str, leave: bool) -> str:
    """Name its own end, as Celery's users do; leave by Ignore, as they do then, or go on."""
    reason = {"exc_type": "ValueError", "exc_message": ["named", "by itself"]}
    self.update_state(state=state, meta=reason if state == "FAILURE" else {"rows": 7})
    if leave:
        raise Ignore
    time.sleep(0.5)
    return "went on"


CHILDREN = {
    task.__name__: task
    for task in (
        raise_value_error, raise_system_exit, raise_unpicklable, raise_strange_text, return_a_set,
        return_too_much, leave_at_once, say_error, wait, say_one_word, spin, print_lines, square,
        never, plain, func_1, retry_in_an_hour, name_an_end,
    )
}  # fmt: skip


@parent
def watch_one(
    child: str, args: list[Any] | None = None, options: dict[str, Any] | None = None
) -> Any:
    """Watch one child and return how it ended."""
    outcome = watch(CHILDREN[child].s(*(args or [])), **(options or {}))
    return {"state": outcome["state"], "error": outcome.error, "ok": outcome.ok}


@parent
def squares(count: int, limit: int | None = None) -> int:
    """Square the numbers below count, at most limit at once, and add them up."""
    outcomes = watch_all((square.s(number) for number in range(count)), limit=limit)
    return sum(outcome.value for outcome in outcomes)


@parent
def seed_form(limit: int = 3) -> dict[str, Any]:
    """The form that the first users wrote their parents in."""
    meta = {"iteration": 0, "completion": 0.0, "status": "PROGRESS", "message": "", "error": None}
    current_task.update_state(state="PROGRESS", meta=meta)
    job = func_1.delay(limit)
    outcome = watch(job)
    if outcome["error"] is not None:
        return {**meta, "status": "FAILURE", "error": outcome["error"]}
    return {**meta, "status": "SUCCESS", "iteration": outcome["iteration"], "message": "seen"}


@parent
def fail_in_seed_form() -> dict[str, Any]:
    """Carry a child's error to the front by returning it."""
    outcome = watch(raise_value_error.delay())
    return {"status": "FAILURE", "error": outcome["error"]}


@parent
def level(depth: int, width: int, seconds: float, queued: int = 0) -> int:
    """Parents in parents, with leaves that spin."""
    if depth > 1:
        children = [level.s(depth - 1, width, seconds, queued) for _ in range(width)]
    else:
        children = [spin.s(seconds) for _ in range(width + queued)]
    return len(watch_all(children))


@parent
def block(seconds: float) -> None:
    """Hold up the watcher process (s)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@parent(max_running=2, unique=["customer"])
def for_customer(customer: str, flag: str) -> str:
    """Go on for as long as there is such a file; two at once, one for each customer."""
    return watch(wait_for_file_to_go.s(flag)).value and customer


@parent(max_running=1, when_full="refuse")
def alone(flag: str) -> str:
    """Refuse company."""
    return watch(wait_for_file_to_go.s(flag)).value


@parent
def return_nonsense() -> Any:
    """Return what JSON can't carry."""
    return object()


@parent
def raise_after_starting() -> None:
    """Start a child, and fail without waiting for it."""
    wait.delay(60)
    raise RuntimeError("not waiting")


@child
def fail_while(flag: str) -> str:
    """Fail as long as there is such a file."""
    if Path(flag).exists():
        raise RuntimeError("the flag is up")
    return "it is down"


@child
def note(book: str, word: str) -> str:
    """Write a word into a book, so that a test can count how often the body ran."""
    with Path(book).open("a") as page:
        page.write(word + "\n")
    return word


@parent
def inner(book: str, flag: str) -> str:
    """A nested parent that succeeds but for its middle step."""
    _first = watch(note.s(book, "inner first")).value
    return watch(fail_while.s(flag)).value


@parent
def fails_deep_down(book: str, flag: str) -> list[str]:
    """Succeed, fail in a nested parent, and go on after it."""
    first = watch(note.s(book, "first")).value
    middle = watch(inner.s(book, flag)).value
    return [first, middle, watch(note.s(book, "last")).value]


CHILDREN["fail_while"] = fail_while


@parent
def large_value(characters: int) -> str:
    """Return a text of so many characters."""
    return "x" * characters


@control_command(args=[("seconds", float)])  # type: ignore[untyped-decorator]
def hold_consumer(_state: Any, seconds: float) -> None:
    """Keep a prefork worker's loop from turning, while all its threads go on."""
    time.sleep(seconds)
