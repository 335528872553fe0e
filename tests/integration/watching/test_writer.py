"""What a parent writes itself takes along what has gathered of the run's nodes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inception.runs.connection import connect
from inception.runs.errors import SpawnRefused
from inception.runs.model import ROOT, State
from inception.runs.records import Lease, Written
from inception.runs.recordtext import raw
from inception.runs.store import Store
from inception.watching.crew import Crew
from inception.watching.lane import Lane
from inception.watching.live import Cargo, LiveRun
from inception.watching.live_node import LiveNode
from inception.watching.timers import Timers
from inception.watching.writer import Writer
from tests.integration.runs.held_run import HeldRun, hold, step

COMPANY = 3600.0
"""Seconds (s): nothing leaves here by itself, and neither crew nor timers are started."""


@pytest.fixture
def held(redis_url: str) -> Iterator[HeldRun]:
    with connect(redis_url, purpose="test") as client:
        held = hold(Store(client))
        held.spawn("0")
        yield held


@pytest.fixture
def landed() -> list[str]:
    return []


@pytest.fixture
def live(held: HeldRun, landed: list[str]) -> LiveRun:
    live = LiveRun(held.store.read_run(held.id), Lane(held.lease))
    live.lane._op = held.next_op()
    live.add(LiveNode.from_record(held.store.read_node(held.id, "0")))
    live.writer = Writer(
        live,
        store=held.store,
        crew=Crew(),
        timers=Timers(),
        on_recorded=lambda _live, node: landed.append(node.path),
        on_revoked=lambda _live, node: landed.append(f"{node.path} revoked"),
        drop=lambda _live, why: landed.append(why),
        on_landed=lambda _live: landed.append("landed"),
    )
    return live


def post(live: LiveRun, path: str, state: State) -> None:
    with live.lock:
        live.writer.post(live.nodes[path], {"state": raw(state)}, company=COMPANY)


def spawning(held: HeldRun, path: str):
    def write(lease: Lease, op: int, cargo: Cargo) -> Written:
        return held.store.spawn(lease, op, [step(path)], cargo.run, cargo.nodes)

    return write


def test_a_step_takes_along_the_end_of_the_one_before_it(
    held: HeldRun, live: LiveRun, landed: list[str]
) -> None:
    before = held.store.read_run(held.id)["seq"]
    post(live, "0", State.SUCCESS)

    live.writer.carry(spawning(held, "1"))

    events = held.store.events_since(held.id, held.store.snapshot(held.id)["epoch"], before)
    moved = [(event["node"]["path"], event["node"]["state"]) for event in events["events"][:-1]]
    assert moved == [("0", State.SUCCESS), ("1", State.PENDING)]
    assert "run" in events["events"][-1]
    assert landed == ["landed"]


def test_what_a_refused_step_took_along_is_still_written(held: HeldRun, live: LiveRun) -> None:
    post(live, "0", State.STARTED)
    held.store.request_revoke(held.id, "", by="anna", reason=None)

    with pytest.raises(SpawnRefused):
        live.writer.carry(spawning(held, "1"))
    post(live, "0", State.SUCCESS)
    live.writer.carry(lambda lease, op, cargo: held.store.write(lease, op, cargo.nodes, cargo.run))

    assert held.state_of("0") == State.SUCCESS


def test_what_has_gathered_of_the_run_may_stay_behind(held: HeldRun, live: LiveRun) -> None:
    post(live, ROOT, State.PROGRESS)
    post(live, "0", State.STARTED)
    carried: list[Cargo] = []

    def write(lease: Lease, op: int, cargo: Cargo) -> Written:
        carried.append(cargo)
        return held.store.write(lease, op, cargo.nodes, cargo.run)

    live.writer.carry(write, run_too=False)
    live.writer.carry(write)

    assert [(list(cargo.nodes), cargo.run is not None) for cargo in carried] == [
        (["0"], False),
        ([], True),
    ]
