"""Parents whose children are parents: no depth of them ever holds a compute slot while waiting."""

from __future__ import annotations

from inception import parent, watch_all
from tasks.examples.counting import count


@parent
def nest(depth: int = 3, width: int = 2, delay: float = 0.1, steps: int = 5) -> int:
    """Start parents inside parents, and count in the leaves; returns the number of leaves.

    Args:
        depth: How many levels of tasks lie under this one; at 1 they are the counting leaves.
        width: How many children each parent has.
        delay: Seconds (s) between two numbers that a leaf counts.
        steps: How far each leaf counts.

    """
    if depth <= 1:
        leaves = watch_all(count.s(steps, delay) for _ in range(width))
        return len([leaf.value for leaf in leaves])
    inner = watch_all(nest.s(depth - 1, width, delay, steps) for _ in range(width))
    return sum(one.value for one in inner)
