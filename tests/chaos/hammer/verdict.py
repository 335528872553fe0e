"""The judge: holds what became of each run against the ledger, and names every broken promise.

Pure. What a promise excepts (what Redis lost with its last second, a worker that was silent for
longer than a TTL) is counted apart, and only if the fault that excuses it was really done.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from inception.runs.model import ROOT, State
from inception.runs.paths import is_under
from tests.chaos.hammer.evidence import AskedRun, Evidence, Record, View
from tests.chaos.hammer.faults import Fault
from tests.chaos.hammer.ledger import Line, Verb
from tests.chaos.hammer.rules import FINAL, GRACE, Breach, Column, Rule, Verdict


def judge(evidence: Evidence) -> Verdict:
    """Hold every run against the ledger."""
    by_run: dict[str, list[Line]] = defaultdict(list)
    for line in evidence.lines:
        by_run[line.run_id].append(line)
    breaches = [*_outside_runs(evidence), *_together(evidence)]
    counts: dict[str, Counter[Column]] = {}
    for run in evidence.runs:
        case = _Case(evidence, run, by_run[run.id])
        case.hear()
        breaches += case.breaches
        counts.setdefault(run.shape.kind, Counter()).update(case.counts)
    return Verdict(breaches=breaches, counts=counts)


def _outside_runs(evidence: Evidence) -> Iterator[Breach]:
    for failure in evidence.failures:
        yield Breach(rule=Rule.UNSERVED, run_id="none", kind="?", said=failure)
    for key in sorted(evidence.left_over):
        said = f"Redis still has {key}"
        yield Breach(rule=Rule.LEFT_OVER, run_id="none", kind="?", said=said)
    for run_id in sorted(evidence.listed - {run.id for run in evidence.runs}):
        yield Breach(
            rule=Rule.UNASKED_RUN, run_id=run_id, kind="?", said="nobody was told of its start"
        )


def _together(evidence: Evidence) -> Iterator[Breach]:
    alone = [(run.server.run, run) for run in evidence.runs if run.server and run.shape.alone]
    begun = [pair for pair in alone if pair[0]["started_at"] is not None]
    begun.sort(key=lambda pair: int(pair[0]["started_at"]))
    for (first, _), (second, run) in pairwise(begun):
        ended_at = first["finalized_at"] or math.inf
        excused = ended_at < math.inf and evidence.redis_lost(ended_at / 1000)
        if second["started_at"] < ended_at and not excused:
            said = f"it began at {second['started_at']} ms, the one before ended at {ended_at} ms"
            yield Breach(rule=Rule.TOGETHER, run_id=run.id, kind=run.shape.kind, said=said)


class _Case:
    """One run before the judge."""

    def __init__(self, evidence: Evidence, run: AskedRun, lines: Sequence[Line]) -> None:
        self._evidence = evidence
        self._run = run
        self._lines = lines
        self.breaches: list[Breach] = []
        self.counts: Counter[Column] = Counter({Column.RUNS: 1})

    def hear(self) -> None:
        """Find what is broken, and count."""
        server, emptied = self._run.server, self._evidence.emptied_after(self._run)
        self._hear_children()
        if server is None:
            self._hear_loss(emptied)
        else:
            if emptied is not None and self._run.accepted_at < emptied.at:
                self._breach(Rule.CAME_BACK, f"it was there before {emptied}")
            self._hear_end(server)
            self._hear_nodes(server)
            self._hear_survivors(server)
            self._hear_clients(server)
        self.counts[Column.BREACHES] = len(self.breaches)

    def _breach(self, rule: Rule, said: str, path: str | None = None) -> None:
        kind = self._run.shape.kind
        self.breaches.append(
            Breach(rule=rule, run_id=self._run.id, kind=kind, said=said, path=path)
        )

    def _excused_or(
        self,
        at: float,
        rule: Rule,
        said: str,
        path: str | None = None,
        since: float | None = None,
    ) -> None:
        """A breach, unless what was acknowledged then, or since, was lost with Redis."""
        if self._evidence.redis_lost(at, since):
            self.counts[Column.WITH_REDIS] += 1
        else:
            self._breach(rule, said, path)

    # A run that is not there

    def _hear_loss(self, emptied: Fault | None) -> None:
        if emptied is None:
            at, since = self._run.accepted_at, self._run.start_sent_at
            self._excused_or(at, Rule.LOST_RUN, "the server knows no such run", since=since)
        else:
            self.counts[Column.EMPTIED] += 1
            self._hear_seen_end()
            self._hear_orphans(emptied)
        for name in sorted(self._run.clients.keys() - self._run.told_gone):
            self._breach(Rule.DIVERGED, f"client {name} was not told that the run is gone")

    def _hear_seen_end(self) -> None:
        """How it had ended by then, if it had, as a client saw it."""
        shape = self._run.shape
        seen = [view.run for view in self._run.clients.values() if view is not None]
        ends = [run for run in seen if run["state"] in FINAL]
        goes_on = shape.mend and self._run.retry_accepted_at is not None
        if ends and not (goes_on and ends[0]["state"] == State.FAILURE):
            self._hear_state(ends[0])

    def _hear_orphans(self, emptied: Fault) -> None:
        """Its children end within a grace, and each that is stopped is told of by its name."""
        gone_at = emptied.until or emptied.at
        late = {line.path: line for line in self._lines if self._is_late(line, gone_at)}
        for path, line in late.items():
            after = line.at - gone_at
            said = f"pid {line.pid} wrote {line.verb} {after:.1f} s after the run was gone"
            self._breach(Rule.SURVIVOR, said, path)
        for line in self._lines:
            is_orphan = line.verb == Verb.STOPPED and line.at > gone_at
            if is_orphan and not self._is_named(line):
                self._breach(Rule.UNNAMED, f"pid {line.pid} was stopped", line.path)

    def _is_named(self, line: Line) -> bool:
        """True too if it was stopped for another reason: somebody asked, or it was done to it."""
        if (line.run_id, line.path) in self._evidence.orphans:
            return True
        is_asked = self._run.revoke_accepted_at is not None
        return is_asked or bool(self._evidence.faults_of(line, line.at - GRACE, line.at))

    # The run's end

    def _hear_end(self, server: View) -> None:
        state = server.run["state"]
        if state not in FINAL:
            self._breach(Rule.NOT_ENDED, f"it is {state}; {server.open_nodes()}")
        else:
            self._hear_state(server.run)
        if self._run.refusal is not None:
            at, since = self._run.asked
            self._excused_or(at, Rule.REFUSED, self._run.refusal, since=since)

    def _hear_state(self, record: Record) -> None:
        """Whether a run that ended has ended as its shape says."""
        shape, state, value = self._run.shape, record["state"], record["value"]
        if state != shape.end or (shape.value is not None and value != shape.value):
            error = record["meta"]["error"]
            said = f"ended {state} with {value!r} ({error}), not {shape.end} with {shape.value!r}"
            at, since = self._run.asked
            self._excused_or(at, Rule.WRONG_END, said, since=since)
        else:
            self.counts[Column.ENDED] += 1

    def _hear_nodes(self, server: View) -> None:
        ended = {
            (line.path, line.attempt) for line in self._lines if line.verb in (Verb.END, Verb.KEPT)
        }
        for path, node in server.nodes.items():
            if server.run["state"] in FINAL and node["state"] not in FINAL:
                self._breach(Rule.NOT_ENDED, f"it is {node['state']} in an ended run", path)
            is_child = node["kind"] == "child" and node["state"] == State.SUCCESS
            if is_child and (path, node["attempt"]) not in ended:
                self._breach(Rule.INVENTED, f"attempt {node['attempt']} has written no end", path)

    # Its children

    def _hear_children(self) -> None:
        by_path: dict[str, list[Line]] = defaultdict(list)
        for line in self._lines:
            by_path[line.path].append(line)
        for path, lines in by_path.items():
            self._hear_child(path, lines)

    def _hear_child(self, path: str, lines: Sequence[Line]) -> None:
        begun = [line for line in lines if line.verb == Verb.BEGIN]
        self.counts[Column.BEGUN] += len(begun)
        self._hear_twice(path, begun)
        for begin in begun:
            own = [line for line in lines if line.delivery == begin.delivery]
            later = [line for line in begun if line.delivery > begin.delivery]
            self._hear_attempt(path, begin, own, later)

    def _hear_twice(self, path: str, begun: Sequence[Line]) -> None:
        seen: dict[tuple[int, int], Line] = {}
        for line in begun:
            first = seen.setdefault(line.delivery, line)
            if first is not line:
                said = f"attempt {line.attempt} began at {first.at:.3f} and at {line.at:.3f}"
                self._excused_or(first.at, Rule.TWICE, said, path)

    def _hear_attempt(
        self, path: str, begin: Line, own: Sequence[Line], later: Sequence[Line]
    ) -> None:
        kept = _first(own, Verb.KEPT)
        if kept is not None and kept.state != State.LOST:
            self.counts[Column.FINISHED] += 1
            if later and not self._may_follow(path, kept, later[0]):
                said = f"{_ended(kept)}, and attempt {later[0].attempt} began at {later[0].at:.3f}"
                self._excused_or(kept.at, Rule.RERUN, said, path)
        elif _first(own, Verb.REFUSED) is not None:
            self.counts[Column.TOO_LATE] += 1
        if kept is None and later:
            self._hear_given_up(path, begin, own, later[0])

    def _may_follow(self, path: str, kept: Line, later: Line) -> bool:
        """True if this end was one that another attempt follows: a failure, or before a retry."""
        if kept.state == State.SUCCESS:
            return False
        if path in self._run.shape.failing and kept.state == State.FAILURE:
            return True
        asked = self._run.retry_accepted_at
        return asked is not None and kept.at < asked

    def _hear_given_up(self, path: str, begin: Line, own: Sequence[Line], later: Line) -> None:
        """An attempt without a recorded end, which another has followed."""
        if later.attempt == begin.attempt:
            return  # Celery's own retry: the attempt goes on
        self.counts[Column.GIVEN_UP] += 1
        ended = _first(own, Verb.END)
        if ended is not None and _first(own, Verb.REFUSED) is None:
            self.counts[Column.UNRECORDED] += 1
        # That Celery retries it is recorded then, at some time that no line tells.
        is_lost = ended is not None and self._evidence.redis_lost(later.at, ended.at)
        if not is_lost and not self._evidence.faults_of(begin, begin.at - GRACE, later.at):
            said = f"attempt {begin.attempt} began at {begin.at:.3f} in pid {begin.pid} of worker "
            said += f"{begin.worker}, to which nothing was done; {later.attempt} at {later.at:.3f}"
            self._excused_or(begin.at, Rule.UNEXPLAINED, said, path)

    # What goes on after a revoke

    def _hear_survivors(self, server: View) -> None:
        late: dict[str, str] = {}
        for path, record in [(ROOT, server.run), *server.nodes.items()]:
            if record["state"] == State.REVOKED and record["finalized_at"] is not None:
                late.update(self._late(path, record))
        for path, said in late.items():
            self._breach(Rule.SURVIVOR, said, path)

    def _late(self, path: str, record: Record) -> Iterator[tuple[str, str]]:
        """The children at or below `path` that were heard too late, and what was heard."""
        ended_at = record["finalized_at"] / 1000
        for line in self._lines:
            if is_under(line.path, path) and self._is_late(line, ended_at):
                after = line.at - ended_at
                yield line.path, f"pid {line.pid} wrote {line.verb} {after:.1f} s after the end"

    def _is_late(self, line: Line, ended_at: float) -> bool:
        """True for the word of a body that goes on though it was to be stopped by then."""
        is_alive = line.verb in (Verb.BEGIN, Verb.TICK, Verb.END)
        is_late = is_alive and line.at > ended_at + GRACE
        return is_late and line.at > self._silent_from(line, ended_at)

    def _silent_from(self, line: Line, ended_at: float) -> float:
        """When this process must be silent: it can't hear of its orders while it is frozen."""
        faults = self._evidence.faults_of(line, ended_at - GRACE, line.at)
        return max([ended_at, *(fault.until or fault.at for fault in faults)]) + GRACE

    # What clients see

    def _hear_clients(self, server: View) -> None:
        for name, view in self._run.clients.items():
            difference = "it has seen nothing" if view is None else view.difference_from(server)
            if difference is not None:
                self._breach(Rule.DIVERGED, f"client {name}: {difference}")


def _first(lines: Sequence[Line], verb: Verb) -> Line | None:
    return next((line for line in lines if line.verb == verb), None)


def _ended(kept: Line) -> str:
    return f"the end {kept.state} of attempt {kept.attempt} was recorded at {kept.at:.3f}"
