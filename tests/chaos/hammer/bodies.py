"""The parents and children of the hammer; workers import them by INCEPTION_TASKS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celery import current_task

from inception import child, parent, report, sleep, watch, watch_all
from inception.runs.messages import read_ticket
from tests.chaos.hammer import witness
from tests.chaos.hammer.ledger import Entry, Verb, ledger_of_environment

TICK = 0.1
"""Seconds (s) between two lines of a body that runs."""
NEVER = 600.0
"""Seconds (s) that a body runs which only a revoke ends."""

_ledger = ledger_of_environment()
witness.install(_ledger)


class Flaky(Exception):
    """What a child raises that is to be tried again."""


@child
def work(seconds: float, word: str) -> str:
    """Take some time (s)."""
    with _entry().body():
        _pass(seconds)
    return word


@child
def endless(word: str) -> str:
    """Run until somebody revokes it."""
    with _entry().body():
        _pass(NEVER)
    return word


@child(autoretry_for=(Flaky,), max_retries=None, default_retry_delay=2.0)
def never_well() -> None:
    """Raise each time, and be tried again by Celery until somebody revokes it."""
    with _entry().body():
        raise Flaky("never")


@child
def fail(seconds: float) -> None:
    """Take some time (s), and raise."""
    with _entry().body():
        _pass(seconds)
        raise ValueError("as it was told to")


@child
def fail_while(flag: str, seconds: float, word: str) -> str:
    """Raise as long as there is a file `flag`."""
    with _entry().body():
        _pass(seconds)
        if Path(flag).exists():
            raise ValueError("the flag is up")
    return word


@child
def fail_at_first(attempts: int, seconds: float, word: str) -> str:
    """Raise in the first attempts."""
    with _entry().body():
        _pass(seconds)
        if _ticket().attempt <= attempts:
            raise Flaky("not yet")
    return word


@child(
    bind=True, autoretry_for=(Flaky,), max_retries=5, default_retry_delay=0.2, retry_backoff=False
)
def retried_by_celery(self: Any, tries: int, seconds: float, word: str) -> str:
    """Raise in the first tries, after which Celery itself tries again."""
    with _entry().body():
        _pass(seconds)
        if self.request.retries < tries:
            raise Flaky("not yet")
    return word


@parent
def in_turn(seconds: list[float]) -> list[str]:
    """One child after the other."""
    return [watch(work.s(time, str(n))).value for n, time in enumerate(seconds)]


@parent(max_running=1)
def one_at_a_time(seconds: list[float]) -> list[str]:
    """The same, while no other run of this parent goes on."""
    return [watch(work.s(time, str(n))).value for n, time in enumerate(seconds)]


@parent
def at_once(seconds: list[float], limit: int | None) -> list[str]:
    """Several children beside each other."""
    steps = (work.s(time, str(n)) for n, time in enumerate(seconds))
    return [outcome.value for outcome in watch_all(steps, limit=limit)]


@parent
def nested(widths: list[int], seconds: float) -> int:
    """Parents below parents, working leaves below the last; says how many leaves."""
    if not widths[1:]:
        return len(watch_all(work.s(seconds, str(n)) for n in range(widths[0])))
    branches = watch_all(nested.s(widths[1:], seconds) for _ in range(widths[0]))
    return sum(outcome.value for outcome in branches)


@parent
def failing(seconds: list[float]) -> None:
    """A few good steps, and one that fails."""
    in_turn(seconds)
    watch(fail.s(0.1)).value  # noqa: B018 -- reading it raises


@parent
def recovering(attempts: int, seconds: float) -> list[str]:
    """A child whose first attempts fail, between two that don't."""
    first = watch(work.s(seconds, "0")).value
    second = watch(fail_at_first.s(attempts, seconds, "1"), retries=attempts).value
    return [first, second, watch(work.s(seconds, "2")).value]


@parent
def retrying(tries: int, seconds: float) -> list[str]:
    """A child that Celery itself tries again, between two that are well at once."""
    first = watch(work.s(seconds, "0")).value
    second = watch(retried_by_celery.s(tries, seconds, "1")).value
    return [first, second, watch(work.s(seconds, "2")).value]


@parent
def mended(flag: str, seconds: float) -> list[str]:
    """A step that fails until somebody takes the flag down, deep in another parent."""
    first = watch(work.s(seconds, "0")).value
    second = watch(mended_inside.s(flag, seconds)).value
    return [first, *second, watch(work.s(seconds, "3")).value]


@parent
def mended_inside(flag: str, seconds: float) -> list[str]:
    """The part of `mended` that fails."""
    first = watch(work.s(seconds, "1")).value
    return [first, watch(fail_while.s(flag, seconds, "2")).value]


@parent
def slept(seconds: float, pause: float) -> list[str]:
    """A step, a durable sleep (s), and a step."""
    first = watch(work.s(seconds, "0")).value
    sleep(pause)
    return [first, watch(work.s(seconds, "1")).value]


@parent
def held(widths: list[int]) -> int:
    """Parents below parents, leaves below the last that only a revoke ends."""
    if not widths[1:]:
        return len(watch_all(endless.s(str(n)) for n in range(widths[0])))
    return len(watch_all(held.s(widths[1:]) for _ in range(widths[0])))


@parent
def hopeless() -> None:
    """Children that Celery tries again for ever."""
    watch(never_well.s(), never_well.s())


@parent
def pruned(seconds: list[float]) -> str:
    """A branch that somebody revokes, beside one that goes on."""
    lost, kept = watch(held.s([2]), in_turn.s(seconds))
    return f"{lost.state} {kept.state}"


def _pass(seconds: float) -> None:
    """Let time (s) pass, and tell both the ledger and the watcher."""
    entry, total = _entry(), max(1, round(seconds / TICK))
    for number in range(total):
        time.sleep(TICK)
        entry.note(Verb.TICK)
        report(number + 1, total)


def _entry() -> Entry:
    ticket = _ticket()
    retries = current_task.request.retries or 0
    return Entry(_ledger, ticket.run_id, ticket.path, ticket.attempt, retries)


def _ticket() -> Any:
    ticket = read_ticket(current_task.request)
    if ticket is None:
        raise RuntimeError("This child was not started by a parent.")
    return ticket
