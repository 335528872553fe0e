"""The smallest parent there is: it counts, then counts again as far as the first count came."""

from __future__ import annotations

import time

from inception import child, parent, track, watch


@child
def count(limit: int, delay: float = 1.0) -> int:
    """Count to limit, waiting delay seconds (s) between steps."""
    for _ in track(range(limit), message="Counting"):
        time.sleep(delay)
    return limit


@parent(steps=["Count", "Count on"])
def count_twice(limit: int = 10, delay: float = 1.0) -> int:
    """Count, then count again from what the first count returned.

    Args:
        limit: How far to count.
        delay: Seconds (s) between two numbers.

    """
    first = watch(count.s(limit, delay))
    second = count.delay(first.value, delay)  # inside a parent, Celery's own verbs are steps
    result: int = watch(second).value
    return result
