"""All that the judge is shown: what was asked for, what Redis says, and what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inception.runs.model import State
from tests.chaos.hammer.faults import Fault, is_emptied, lost_with
from tests.chaos.hammer.ledger import Line
from tests.chaos.hammer.shapes import Shape

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run as somebody sees it: a client, or the server's own snapshot."""

    epoch: str
    seq: int
    run: Record
    nodes: Mapping[str, Record]

    def open_nodes(self) -> str:
        """The nodes that have no end, in words."""
        states = {path: State(node["state"]) for path, node in self.nodes.items()}
        going = [f"{path} {state}" for path, state in states.items() if not state.is_final]
        return f"open nodes: {', '.join(going[:8]) or 'none'}"

    def difference_from(self, server: View) -> str | None:
        """What is here otherwise than at the server, in words; None if nothing is."""
        if (self.epoch, self.seq) != (server.epoch, server.seq):
            there = f"{server.epoch} {server.seq}"
            return f"stands at {self.epoch} {self.seq}, the server at {there}"
        if self.nodes.keys() != server.nodes.keys():
            return f"knows the nodes {sorted(self.nodes)}, the server {sorted(server.nodes)}"
        return _first_difference(self, server)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRun:
    """A run whose start was acknowledged, and what else was asked of it.

    All times are in seconds (s) since the epoch, of the acknowledgement. `server` is None if the
    server knows no such run; a view is None if the client never got one.
    """

    id: str
    shape: Shape
    accepted_at: float
    start_sent_at: float | None = None
    revoke_accepted_at: float | None = None
    retry_accepted_at: float | None = None
    refusal: str | None = None
    """What the server answered instead of accepting a revoke or a retry."""
    asked_upon: float | None = None
    """When that was seen (s since the epoch) which the revoke or the retry was asked upon."""
    server: View | None = None
    clients: Mapping[str, View | None] = field(default_factory=dict)
    told_gone: frozenset[str] = frozenset()
    """The clients that were told that there is no such run (any more)."""

    @property
    def asked(self) -> tuple[float, float | None]:
        """By when what was asked of the run last was accepted, and since when it may have been."""
        accepted_at = self.revoke_accepted_at or self.retry_accepted_at or self.asked_upon
        if accepted_at is None:
            return self.accepted_at, self.start_sent_at
        return accepted_at, self.asked_upon


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a whole hammering has left behind.

    `listed` are the ids that the server lists; `failures` tell of requests that were never
    answered, or of starts that were refused.
    """

    runs: Sequence[AskedRun]
    lines: Sequence[Line]
    faults: Sequence[Fault]
    listed: frozenset[str]
    failures: Sequence[str] = ()
    orphans: frozenset[tuple[str, str]] = frozenset()
    """Run id and path of the children that workers' logs name as orphans."""
    left_over: frozenset[str] = frozenset()
    """Keys of runs that are not there."""

    def emptied_after(self, run: AskedRun) -> Fault | None:
        """When Redis was emptied of this run, or perhaps just before it came; None if never.

        If that happened both before its start was acknowledged and after, it is the later one: the
        start is asked for again until it is answered, so the run may have come after the first.
        """
        since = run.start_sent_at or run.accepted_at
        perhaps = [fault for fault in self.faults if is_emptied(fault, since)]
        surely = [fault for fault in perhaps if is_emptied(fault, run.accepted_at)]
        return surely[0] if surely else next(reversed(perhaps), None)

    def redis_lost(self, at: float, since: float | None = None) -> bool:
        """True if what Redis acknowledged then, or at a time since, may be gone as it promises."""
        return any(lost_with(fault, at, since) for fault in self.faults)

    def faults_of(self, line: Line, since: float, until: float) -> list[Fault]:
        """What was done in a span of time to the process that wrote this line, or to its worker."""
        return [
            fault
            for fault in self.faults
            if fault.pid in (line.pid, line.worker)
            and fault.at <= until
            and (fault.until or fault.at) >= since
        ]


def _first_difference(view: View, server: View) -> str | None:
    pairs = [("the run", view.run, server.run)]
    pairs += [(path, view.nodes[path], server.nodes[path]) for path in server.nodes]
    for name, seen, there in pairs:
        fields = [field for field in there if seen.get(field) != there[field]]
        if fields:
            return f"{name}: {fields[0]} is {seen.get(fields[0])!r}, not {there[fields[0]]!r}"
    return None
