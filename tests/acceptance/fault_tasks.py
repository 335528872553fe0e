"""Parents and children for the tests of faults: each body writes into a book that it ran."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from inception import child, now, parent, random, report, side_effect, sleep, watch, watch_all

LONG = 0.1
"""Seconds (s) between two reports of a child."""


def write(book: str, verb: str, word: str) -> None:
    """Append a line in one system call, so that no two bodies mix theirs."""
    page = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(page, f"{verb} {word}\n".encode())
    os.close(page)


@child
def step(book: str, word: str, seconds: float = 0.0) -> str:
    """Report ten times a second for a while (s)."""
    write(book, "begin", word)
    total = round(seconds / LONG)
    for number in range(total):
        time.sleep(LONG)
        report(number + 1, total)
    write(book, "end", word)
    return word


@child
def talk(book: str, word: str, flag: str) -> None:
    """Report ten times a second for as long as there is such a file, and two minutes at most."""
    write(book, "begin", word)
    for number in range(1200):
        if not Path(flag).exists():
            break
        time.sleep(LONG)
        report(number + 1)
    write(book, "end", word)


@child(rerun_if_lost=False)
def only_once(book: str, word: str) -> None:
    """Wait to be killed."""
    write(book, "begin", word)
    time.sleep(60)


@child
def die(book: str, word: str) -> None:
    """Take the process along, as the kernel does when there is no memory."""
    write(book, "begin", word)
    os.kill(os.getpid(), 9)


@parent
def steps(book: str, word: str, count: int = 3, seconds: float = 0.0) -> list[str]:
    """One step after the other."""
    return [watch(step.s(book, f"{word}.{n}", seconds)).value for n in range(count)]


@parent
def listen(book: str, word: str, flag: str) -> None:
    """Watch a child that talks."""
    watch(talk.s(book, f"{word}.0", flag))


@parent
def fan(book: str, word: str, count: int, seconds: float = 0.0) -> int:
    """All steps at once."""
    return len(watch_all(step.s(book, f"{word}.{n}", seconds) for n in range(count)))


@parent
def wait_long(book: str, word: str, seconds: float) -> str:
    """A step, a long sleep (s), and a step."""
    watch(step.s(book, f"{word}.before"))
    sleep(seconds)
    write(book, "awake", repr(time.time()))
    return watch(step.s(book, f"{word}.after")).value


@parent
def watch_only_once(book: str, word: str) -> str | None:
    """Watch a child that isn't started again."""
    return watch(only_once.s(book, word)).error


@parent
def watch_death(book: str, word: str) -> str | None:
    """Watch a child that dies each time."""
    return watch(die.s(book, word)).value


@parent
def spawn_on(book: str, word: str) -> None:
    """Start children without end, as fast as possible."""
    for n in itertools.count():
        step.delay(book, f"{word}.{n}", 30.0)


@parent
def deep(book: str, word: str, widths: list[int], seconds: float) -> int:
    """Parents below parents, and leaves below the last ones; so many at each level."""
    words = [f"{word}.{n}" for n in range(widths[0])]
    if widths[1:]:
        return len(watch_all(deep.s(book, word, widths[1:], seconds) for word in words))
    return len(watch_all(step.s(book, word, seconds) for word in words))


@parent
def recorded(book: str, word: str) -> list[object]:
    """Tell, each time the body runs, what the recorded verbs returned."""
    drawn = [str(now()), random(), side_effect(lambda: _draw(book, word))]
    write(book, "body", repr(drawn))
    watch(step.s(book, f"{word}.held", 3.0))
    return [*drawn, str(now())]


def _draw(book: str, word: str) -> float:
    write(book, "drawn", word)
    return time.time()


@parent
def changing(book: str, word: str) -> None:
    """Ask for another step once the code has changed, which an environment variable plays."""
    watch(step.s(book, os.environ.get("CODE_VERSION", "one"), 1.0))
    watch(step.s(book, f"{word}.last", 20.0))
