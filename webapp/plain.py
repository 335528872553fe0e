"""What pages show before their scripts run, and all they show without: the records as of now."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from inception.runs.errors import RunNotFound, StoreUnavailable
from inception.runs.model import FINAL_STATES, ROOT, Node, Run, State
from inception.runs.records import RunFilter
from webapp.payloads import check_run_id
from webapp.services import services

MAX_RUNS: Final = 25
"""Rows of the list. Older ones come by narrowing it."""
MAX_NODES: Final = 100
"""Rows of the tree."""
LARGE: Final = 10 * MAX_NODES
"""Nodes beyond which a run's first rows are read instead of all of them."""
_MAX_WORDS: Final = 1_000

STATE_GROUPS: Final[Mapping[str, frozenset[State]]] = {
    "active": frozenset(State) - FINAL_STATES,
    "success": frozenset({State.SUCCESS}),
    "failure": frozenset({State.FAILURE, State.LOST}),
    "revoked": frozenset({State.REVOKED}),
}
"""By the word that stands in the list's address."""

SPANS: Final[Mapping[str, int]] = {"1h": 3600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000}
"""Seconds (s) the list reaches back, by the word that stands in its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainList:
    """The newest runs that match, and whether there are older ones."""

    runs: Sequence[Run]
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRun:
    """A run with its first nodes in tree order; `left` counts those not shown."""

    run: Run
    nodes: Sequence[Node]
    left: int


def read_list(asked: Mapping[str, str]) -> PlainList | None:
    """The list by the query of its address; None while the store can't be read."""
    try:
        runs, after = services().store.list_runs(_filter(asked), MAX_RUNS)
    except StoreUnavailable:
        return None
    return PlainList(runs=runs, is_cut=after is not None)


def read_run(run_id: str) -> PlainRun | None:
    """One run; None if there is no such run or the store can't be read."""
    try:
        run, nodes = _first_nodes(check_run_id(run_id))
    except (RunNotFound, StoreUnavailable):
        return None
    return PlainRun(run=run, nodes=nodes, left=sum(run["counts"].values()) - len(nodes))


def _first_nodes(run_id: str) -> tuple[Run, Sequence[Node]]:
    """The run with its first nodes in tree order; of a large one those directly under it.

    A snapshot of 10,000 nodes takes a quarter of a second to read, for a hundred rows.
    """
    store = services().store
    run = store.read_run(run_id)
    if sum(run["counts"].values()) > LARGE:
        return run, store.read_nodes(run_id, ROOT, None, MAX_NODES)[0]
    snapshot = store.snapshot(run_id)
    return snapshot["run"], snapshot["nodes"][:MAX_NODES]


def as_text(value: object) -> str:
    """A value as it is read: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def as_time(at: int) -> str:
    """A time in ms as ISO 8601 by the second, in UTC, which the page says once for all."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _filter(asked: Mapping[str, str]) -> RunFilter:
    name = asked.get("name", "")[:_MAX_WORDS]
    span = SPANS.get(asked.get("time", ""))
    return RunFilter(
        since=None if span is None else int(time.time() - span) * 1000,
        states=STATE_GROUPS.get(asked.get("state", ""), frozenset()),
        names=frozenset({name} if name else ()),
        q=asked.get("q", "")[:_MAX_WORDS] or None,
    )
