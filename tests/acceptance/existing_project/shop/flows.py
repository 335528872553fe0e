"""What the project wrote with Inception."""

from __future__ import annotations

from inception import child, parent, track, watch, watch_all
from shop.celery import InContext
from shop.tasks import weigh


@child(base=InContext)
def pack(item: int) -> int:
    assert InContext.inside
    for _ in track(range(3), message="Packing"):
        pass
    return item


@parent
def restock(items: int) -> int:
    """Pack some items, then weigh them with a plain task of the project's own."""
    packed = watch_all(pack.s(item) for item in range(items))
    weighed = [watch(weigh.s(outcome.value)) for outcome in packed]
    return sum(outcome.value for outcome in weighed)
