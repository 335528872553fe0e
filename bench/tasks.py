"""The tasks that are measured."""

from __future__ import annotations

from celery import shared_task

from inception import child, parent, watch


@child
def nothing() -> int:
    """End at once."""
    return 1


@shared_task(name="bench.bare", queue="children")  # type: ignore[untyped-decorator]
def bare() -> int:
    """End at once; a plain Celery task."""
    return 1


@parent
def in_sequence(count: int) -> int:
    """Watch children one after the other."""
    return sum(watch(nothing.s()).value for _ in range(count))
