"""A run before the judge, made by hand: two children in turn, of which a test changes a part."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

from inception.runs.model import State
from tests.chaos.hammer.evidence import AskedRun, Evidence, View
from tests.chaos.hammer.faults import Fault
from tests.chaos.hammer.ledger import Line, Verb
from tests.chaos.hammer.rules import Column, Rule
from tests.chaos.hammer.shapes import Shape
from tests.chaos.hammer.verdict import judge

RUN = "run-1"
POOL, WORKER = 11, 10
TURNS = Shape(kind="sequential", parent="in_turn", arguments={}, value=["0", "1"])
HELD = Shape(kind="revoked", parent="held", arguments={}, end=State.REVOKED)


def line(at: float, verb: Verb, path: str = "0", attempt: int = 1, **more: Any) -> Line:
    """A line of the pool process, at seconds (s) from the start."""
    fields = {"pid": POOL, "worker": WORKER, **more}
    return Line(at=at, verb=verb, run_id=RUN, path=path, attempt=attempt, **fields)


def finished(at: float, path: str, attempt: int = 1, state: str = "SUCCESS") -> list[Line]:
    """The lines of a child that takes half a second (s)."""
    return [
        line(at, Verb.BEGIN, path, attempt),
        line(at + 0.5, Verb.END, path, attempt),
        line(at + 0.51, Verb.KEPT, path, attempt, state=state),
    ]


def fault(at: float, pid: int = POOL, target: str = "pool", until: float | None = None) -> Fault:
    """Something done to a process: killed, or frozen until a time."""
    signum = signal.SIGKILL if until is None else signal.SIGSTOP
    return Fault(at=at, host="A", target=target, pid=pid, signum=signum, until=until)


def flush(at: float, until: float | None = None) -> Fault:
    """Redis emptied within these seconds (s)."""
    return Fault(
        at=at, host="A", target="redis", pid=5, signum=None, until=until or at, command="FLUSHALL"
    )


def emptied_case(*more: Line) -> Evidence:
    """A run of one endless child, of which Redis was emptied after three seconds (s)."""
    run = AskedRun(
        id=RUN, shape=TURNS, accepted_at=0.5, start_sent_at=0.4, clients={"A0": None, "B0": None},
        told_gone=frozenset({"A0", "B0"}),
    )  # fmt: skip
    lines = [line(1.0, Verb.BEGIN), line(2.0, Verb.TICK), line(4.0, Verb.STOPPED), *more]
    return Evidence(
        runs=[run], lines=lines, faults=[flush(3.0, 3.1)], listed=frozenset(),
        orphans=frozenset({(RUN, "0")}),
    )  # fmt: skip


def node(path: str, state: State = State.SUCCESS, attempt: int = 1, **more: Any) -> dict[str, Any]:
    """A child's record."""
    record = {"path": path, "kind": "child", "state": state, "attempt": attempt}
    return {**record, "finalized_at": 4000, **more}


def server_view(state: State = State.SUCCESS, **more: Any) -> View:
    """What the server has of the run, which ended after four seconds (s)."""
    run = {"state": state, "value": ["0", "1"], "meta": {"error": None}, "finalized_at": 4000}
    nodes = {"0": node("0", state), "1": node("1", state)}
    return View(epoch="one", seq=9, run={**run, **more}, nodes=nodes)


def good_case() -> Evidence:
    """A run of two children that everybody saw succeed."""
    view = server_view()
    run = AskedRun(
        id=RUN, shape=TURNS, accepted_at=0.5, server=view, clients={"A0": view, "B0": view}
    )
    lines = finished(1.0, "0") + finished(2.0, "1")
    return Evidence(runs=[run], lines=lines, faults=[], listed=frozenset({RUN}))


def revoked_case() -> Evidence:
    """A run of one endless child, revoked after four seconds (s)."""
    view = server_view(State.REVOKED, value=None)
    run = AskedRun(id=RUN, shape=HELD, accepted_at=0.5, revoke_accepted_at=3.0, server=view)
    lines = [line(1.0, Verb.BEGIN), line(2.0, Verb.TICK), line(3.5, Verb.STOPPED)]
    return Evidence(runs=[run], lines=lines, faults=[], listed=frozenset({RUN}))


def with_run(evidence: Evidence, **changes: Any) -> Evidence:
    """The same, its run changed."""
    return replace(evidence, runs=[replace(evidence.runs[0], **changes)])


def with_lines(evidence: Evidence, *more: Line) -> Evidence:
    """The same, with further lines in the ledger."""
    lines = sorted([*evidence.lines, *more], key=lambda one: one.at)
    return replace(evidence, lines=lines)


def with_faults(evidence: Evidence, *faults: Fault) -> Evidence:
    """The same, with something done to processes."""
    return replace(evidence, faults=faults)


def broken(evidence: Evidence) -> list[Rule]:
    """The rules that the judge finds broken."""
    return [breach.rule for breach in judge(evidence).breaches]


def count(evidence: Evidence, column: Column) -> int:
    """What the judge counts in that column, of the one shape there is."""
    (counts,) = judge(evidence).counts.values()
    return counts[column]
