"""The children of one node, as a page asks for them when it is unfolded."""

from __future__ import annotations

import redis

from inception.runs import keys
from tests.integration.runs.held_run import RUN, HeldRun


def _hkeys(client: redis.Redis) -> int:
    """How often all the paths of a run were read."""
    stats = client.info("commandstats").get("cmdstat_hkeys", {"calls": 0})
    return int(stats["calls"])


def _under(held: HeldRun, path: str, cursor: str | None = None) -> tuple[list[str], str | None]:
    nodes, following = held.store.read_nodes(RUN, path, cursor, 3)
    return [node["path"] for node in nodes], following


def test_few_children_are_read_without_every_path_of_the_run(
    held: HeldRun, client: redis.Redis
) -> None:
    held.spawn("0", "1", kind="parent")
    held.spawn("0.0", "0.1", "0.2", "0.0.0", "1.0")
    before = _hkeys(client)
    assert _under(held, "0") == (["0.0", "0.1", "0.2"], None)
    assert _under(held, "0.1") == ([], None)
    assert _hkeys(client) == before


def test_many_children_come_by_pages(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0", "0.1", "0.2", "0.3")
    assert _under(held, "0") == (["0.0", "0.1", "0.2"], "2")
    assert _under(held, "0", "2") == (["0.3"], None)


def test_children_are_found_where_numbers_between_them_are_free(
    held: HeldRun, client: redis.Redis
) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0", "0.1", "0.2")
    client.hdel(keys.nodes(RUN), "0.1")
    held.spawn("0.7")
    assert _under(held, "0") == (["0.0", "0.2", "0.7"], None)
