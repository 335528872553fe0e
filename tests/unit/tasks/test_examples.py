from __future__ import annotations

import pytest

from inception import ChildFailed
from tasks.examples.counting import count, count_twice
from tasks.examples.failing import fail_at
from tasks.examples.nesting import nest


def test_a_count_returns_its_limit() -> None:
    assert count(3, delay=0) == 3


def test_counting_twice_counts_as_far_again() -> None:
    assert count_twice(limit=3, delay=0) == 3


@pytest.mark.parametrize(("depth", "width", "leaves"), [(1, 3, 3), (2, 2, 4), (3, 2, 8)])
def test_nesting_counts_its_leaves(depth: int, width: int, leaves: int) -> None:
    assert nest(depth=depth, width=width, delay=0, steps=1) == leaves


def test_the_step_that_fails_is_named() -> None:
    with pytest.raises(ChildFailed, match="Step 2"):
        fail_at(step=2, steps=3)


def test_without_a_failing_step_all_are_done() -> None:
    assert fail_at(step=0, steps=3) == 3
