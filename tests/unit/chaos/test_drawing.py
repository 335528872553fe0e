"""What a seed draws: the same runs and faults each time, and in the long run all of them."""

from __future__ import annotations

import random
import signal
from itertools import islice

from tests.chaos.hammer.faults import SIGNALS, TARGETS, draw_plan
from tests.chaos.hammer.shapes import Shape, shapes

MANY = 600


def drawn(seed: int) -> list[Shape]:
    return list(islice(shapes(seed), MANY))


def test_the_same_seed_draws_the_same_runs() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_every_kind_of_run_is_drawn_and_flags_are_not_shared() -> None:
    assert {shape.kind for shape in drawn(7)} == {
        "sequential", "parallel", "nested", "failing", "retries=", "autoretry", "POST retry",
        "sleeping", "revoked", "branch revoked", "revoked retry", "limited",
    }  # fmt: skip
    flags = [shape.arguments["flag"] for shape in drawn(7) if shape.mend]
    assert len(flags) == len(set(flags)) > 0


def test_the_same_seed_draws_the_same_faults_and_in_time_all_of_them() -> None:
    first, second = random.Random(7), random.Random(7)
    plans = [draw_plan(first) for _ in range(MANY)]

    assert plans == [draw_plan(second) for _ in range(MANY)]
    assert {plan.target for plan in plans} == set(TARGETS)
    assert {plan.signum for plan in plans} == set(SIGNALS) > {signal.SIGKILL}
    assert {plan.host for plan in plans} == {0, 1}
