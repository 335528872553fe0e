"""Puts a verdict into words: a table by shape, and a story for each breach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.hammer.evidence import Evidence
from tests.chaos.hammer.faults import Fault
from tests.chaos.hammer.ledger import Line, Verb
from tests.chaos.hammer.rules import Breach, Column, Verdict

MOST_STORIES = 20
MOST_ENTRIES = 40
"""Lines of a story; the ticks are left out."""


def table(verdict: Verdict) -> str:
    """The counts by shape, with their sums."""
    total: Counter[Column] = Counter()
    for counts in verdict.counts.values():
        total.update(counts)
    rows = [["", *Column]]
    rows += [_row(kind, counts) for kind, counts in sorted(verdict.counts.items())]
    rows += [_row("all", total)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def fault_table(faults: Sequence[Fault]) -> str:
    """How often which signal was sent to what."""
    counts = Counter((fault.target, fault.deed) for fault in faults)
    return ", ".join(f"{target} {deed} {n}" for (target, deed), n in sorted(counts.items()))


def stories(verdict: Verdict, evidence: Evidence) -> Iterator[str]:
    """What is broken, a line each, followed by what is known of the child concerned."""
    for breach in verdict.breaches[:MOST_STORIES]:
        where = "" if breach.path is None else f" at {breach.path or 'its root'}"
        yield f"BREACH {breach.rule}: run {breach.run_id} ({breach.kind}){where}: {breach.said}"
        yield from _story(breach, evidence)
    if len(verdict.breaches) > MOST_STORIES:
        yield f"… and {len(verdict.breaches) - MOST_STORIES} more"


def _story(breach: Breach, evidence: Evidence) -> Iterator[str]:
    lines = [line for line in evidence.lines if _concerns(line, breach)]
    pids = {pid for line in lines for pid in (line.pid, line.worker)}
    entries = [(line.at, _entry(line)) for line in lines]
    if lines:
        span = (lines[0].at - 10, lines[-1].at + 10)
        entries += [(f.at, str(f)) for f in evidence.faults if _matters(f, pids, span)]
    entries += [
        (at, what)
        for run in evidence.runs
        if run.id == breach.run_id
        for at, what in [
            (run.accepted_at, "the start was accepted"),
            (run.revoke_accepted_at, "the revoke was accepted"),
            (run.retry_accepted_at, "the retry was accepted"),
        ]
        if at is not None
    ]
    for at, text in sorted(entries)[:MOST_ENTRIES]:
        yield f"    {at:.3f}  {text}"


def _concerns(line: Line, breach: Breach) -> bool:
    is_there = line.run_id == breach.run_id and breach.path in (None, line.path)
    return is_there and line.verb != Verb.TICK


def _matters(fault: Fault, pids: set[int], span: tuple[float, float]) -> bool:
    hits = fault.pid in pids or fault.target in ("watcher", "redis")
    return hits and span[0] <= fault.at <= span[1]


def _entry(line: Line) -> str:
    state = f" {line.state}" if line.state else ""
    where = f"pid {line.pid} of worker {line.worker}"
    return f"{line.path} attempt {line.attempt}/{line.retries}: {line.verb}{state} ({where})"


def _row(kind: str, counts: Counter[Column]) -> list[str]:
    return [kind, *(str(counts[column]) for column in Column)]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)])
