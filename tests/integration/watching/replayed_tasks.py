"""A parent that does what it is told, so that parents of any shape can be replayed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from inception import (
    child,
    now,
    parent,
    random,
    side_effect,
    sleep,
    track,
    watch,
    watch_all,
)
from inception.watching.live_node import LiveNode

_draws = itertools.count()
recorded: dict[tuple[str, str], object] = {}
"""What a recorded verb returned first: by run and place in it. No two tests may
give a run the same name, or one is told what was returned in the other."""


@child
def leaf(word: str, failures: int = 0) -> str:
    """Fail in so many attempts, then return the word."""
    raise NotImplementedError("workers are played")


def body(node: LiveNode) -> str:
    """What `leaf` does in a played worker."""
    assert node.request is not None
    word, failures = node.request.args
    if node.attempt <= int(str(failures)):
        raise RuntimeError(f"{word} fails in attempt {node.attempt}")
    return str(word)


@parent
def play(run: str, path: str, steps: list[Any]) -> list[Any]:
    """Do the steps in order, and return what came of those that the dice don't decide."""
    return [_do(run, path, number, *step) for number, step in enumerate(steps)]


@parent
def take_turns(words: list[str]) -> int:
    """Start one child at each turn of a loop that says how many turns there are."""
    return sum(watch(leaf.s(word, 0)).ok for word in track(words))


@parent
def doze_off(turns: int) -> None:
    """Take all turns but the last at once, and sleep in that one."""
    for turn in track(range(1, turns + 1)):
        if turn == turns:
            sleep(60)


ponder: list[Callable[[], object]] = []
"""What `deliberate` does first: what a test puts here, none of it a step."""


@parent
def deliberate(steps: list[Any]) -> list[Any]:
    """Think first, then leave the steps to a nested parent."""
    for thought in ponder:
        thought()
    return told(watch(play.s("run", "", steps)))


@parent
def be_brief(seconds: float) -> str | None:
    """Grant a nested parent so many seconds, and return what became of it."""
    return watch(start_and_ponder.s(), timeout=seconds).error


@parent
def start_and_ponder() -> None:
    """Start a child, and think about something else."""
    leaf.delay("a", 0)
    for thought in ponder:
        thought()


whims: list[tuple[str, int]] = []
"""What `follow_whims` asks of its child: the last of these, which a test changes as it goes on."""


@parent
def follow_whims() -> str:
    """Ask for what nothing has recorded, as no parent should."""
    return str(watch(leaf.s(*whims[-1])).value)


def signature(run: str, path: str, what: Any) -> Any:
    """A child: a leaf's word and failures, or a nested parent's name and steps."""
    word, rest = what
    return leaf.s(word, rest) if isinstance(rest, int) else play.s(run, f"{path}.{word}", rest)


def _do(run: str, parent: str, number: int, verb: str, *words: Any) -> Any:
    path = f"{parent}.{number}"  # two parents of one word are two: each keeps its own values
    if verb == "watch":
        child_of, retries = words
        return told(watch(signature(run, path, child_of), retries=retries))
    if verb == "watch_within":
        child_of, seconds = words
        return told(watch(signature(run, path, child_of), timeout=seconds))
    if verb == "watch_later":
        child_of, retries = words
        return told(watch(signature(run, path, child_of).delay(), retries=retries))
    if verb == "start":
        return signature(run, path, words[0]).delay().path
    if verb == "watch_all":
        children, limit, retries = words
        signatures = [signature(run, f"{path}.{n}", one) for n, one in enumerate(children)]
        return [told(one) for one in watch_all(signatures, limit=limit, retries=retries)]
    if verb == "until_one_fails":
        children, limit = words
        signatures = [signature(run, f"{path}.{n}", one) for n, one in enumerate(children)]
        outcomes = watch_all(signatures, limit=limit, stop_on_error=True)
        last = watch(leaf.s(f"after {len(outcomes)}", 0))
        return [last.value == f"after {len(outcomes)}", all(one.ok for one in outcomes)]
    if verb == "fail":
        raise RuntimeError(f"{path} was to fail")
    return _is_kept(run, path, _value(verb, number))


def _value(verb: str, number: int) -> object:
    if verb == "sleep":
        return sleep(0.001 * number)
    return {"now": now, "random": random, "side_effect": lambda: side_effect(_draw)}[verb]()


def _draw() -> int:
    return next(_draws)


def _is_kept(run: str, path: str, value: object) -> bool:
    """True if this is what was returned here the first time."""
    return bool(recorded.setdefault((run, path), value) == value)


def told(outcome: Any) -> list[Any]:
    """An outcome as far as it says the same in every execution."""
    return [outcome["state"], outcome.error, outcome.value if outcome.ok else None]
