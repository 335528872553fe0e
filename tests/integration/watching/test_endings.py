"""What a node comes to when its attempt is taken for lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest

from inception.runs.connection import connect
from inception.runs.model import State
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.watching.context import Context
from inception.watching.endings import Endings, failed_end
from inception.watching.lane import Lane
from inception.watching.live import LiveRun
from inception.watching.live_node import LiveNode
from tests.integration.runs.held_run import HeldRun, hold


class Pen:
    """Stands for the run's writer: remembers what was to be written."""

    def __init__(self) -> None:
        self.posted: list[Mapping[str, str]] = []

    def post(
        self,
        node: LiveNode,
        fields: Mapping[str, str],
        *,
        urgent: bool = False,
        company: float = 0.0,
    ) -> None:
        self.posted.append(fields)

    def carry(self, write: object, *, run_too: bool = True) -> NoReturn:
        raise NotImplementedError

    def roll_up(self, node: LiveNode, completion: float, *, succeeded: bool = False) -> None:
        pass


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with connect(redis_url, purpose="test") as client:
        yield Store(client)


@pytest.fixture
def held(store: Store) -> HeldRun:
    held = hold(store)
    held.spawn("0")
    store.claim(held.claim_of("0"))
    return held


@pytest.fixture
def live(held: HeldRun) -> LiveRun:
    live = LiveRun(held.store.read_run(held.id), Lane(held.lease))
    live.lane._op = held.next_op()
    live.writer = Pen()
    live.add(LiveNode.from_record(held.store.read_node(held.id, "0")))
    return live


@pytest.fixture
def begun() -> list[int]:
    return []


@pytest.fixture
def endings(held: HeldRun, begun: list[int]) -> Endings:
    parts: Any = SimpleNamespace(
        store=held.store,
        settings=Settings(),
        hub=SimpleNamespace(forget=lambda _holder, _task: None),
        results=SimpleNamespace(app=SimpleNamespace(tasks={})),
    )
    return Endings(
        cast("Context", parts), begin_attempt=lambda _live, node: begun.append(node.attempt)
    )


def test_a_child_that_ended_while_it_was_given_up_keeps_its_end(
    held: HeldRun, live: LiveRun, endings: Endings, begun: list[int]
) -> None:
    """Its worker was silent for a TTL, was looked up, and recorded the end only then."""
    node = live.nodes["0"]
    held.store.end_claim(held.end_of("0", value_text="7"))

    endings.lose(live, node, 1, "its worker died")

    assert begun == []
    assert node.end is not None
    assert (node.end.state, node.end.value_text) == (State.SUCCESS, "7")
    assert cast("Pen", live.writer).posted[-1]["state"] == '"SUCCESS"'


def test_a_child_that_recorded_nothing_gets_another_attempt(
    live: LiveRun, endings: Endings, begun: list[int]
) -> None:
    endings.lose(live, live.nodes["0"], 1, "its worker died")

    assert begun == [2]
    assert live.nodes["0"].end is None


def test_a_parent_hears_of_an_end_in_its_claim_before_the_node_is_written(
    held: HeldRun, live: LiveRun, endings: Endings
) -> None:
    """Whoever takes the run over reads it there; so it needn't wait for another write."""
    node, told = live.nodes["0"], list[LiveNode]()
    node.waiters.append(told.append)
    held.store.end_claim(held.end_of("0", value_text="7"))
    end = held.store.read_end(held.id, "0")
    assert end is not None

    endings.take_end(live, node, end)

    assert told == [node]
    assert node.outcome().value == 7
    assert held.state_of("0") == State.PENDING


def test_a_parent_hears_of_any_other_end_once_it_is_written(
    live: LiveRun, endings: Endings
) -> None:
    node, told = live.nodes["0"], list[LiveNode]()
    node.waiters.append(told.append)

    endings.finish(live, node, failed_end(node.meta, "stall_timeout: silent"))

    assert told == []
    endings.recorded(live, node)
    assert told == [node]
