"""Whatever children do, in whatever order: the roll-up stays between 0 and 100 and never falls."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inception.runs.model import ROOT
from inception.watching.rollup import RollUp

PATHS = [str(n) for n in range(3)] + [f"{n}.{m}" for n in range(3) for m in range(2)]
PATH = st.sampled_from(PATHS)
DONE = st.floats(0, 100, allow_nan=False)
STEP: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("add"), PATH, st.integers(0, 4)),
    st.tuples(st.just("report"), PATH, st.integers(0, 5), st.integers(1, 4), st.integers(0, 4)),
    st.tuples(st.just("asked"), PATH, st.integers(0, 4)),
    st.tuples(st.just("set"), PATH, DONE),
    st.tuples(st.just("succeed"), PATH),
    st.tuples(st.just("restart"), PATH),
)


def take(rollup: RollUp, known: set[str], step: tuple[Any, ...]) -> None:
    verb, path, *more = step
    above = path.rpartition(".")[0]
    if verb == "add" and (above in known or not above):
        rollup.add(path, *more)
        known.add(path)
    if path not in known:
        return
    if verb == "report":
        done, of, steps = more
        rollup.report(path, done=done, of=of, steps=steps)
        rollup.set(path, rollup.estimate(path))
    elif verb == "asked":
        rollup.asked(path, *more)
    elif verb == "set":
        rollup.set(path, *more)
    elif verb == "succeed":
        rollup.set(path, 100.0, succeeded=True)
    elif verb == "restart":
        rollup.restart(path)


@settings(max_examples=60, deadline=None)
@given(announced=st.integers(0, 4), steps=st.lists(STEP, max_size=40))
def test_a_run_never_goes_back_and_is_never_done_before_it_succeeded(
    announced: int, steps: list[tuple[Any, ...]]
) -> None:
    rollup = RollUp(expected=announced)
    known: set[str] = set()
    before = 0.0
    for step in steps:
        take(rollup, known, step)
        now = rollup.completion(ROOT)
        assert before <= now < 100, step
        before = now
    rollup.set(ROOT, 0, succeeded=True)
    assert rollup.completion(ROOT) == 100
