"""What the judge holds every run to, what it counts, and what it says in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from inception.runs.model import State
from tests.chaos.hammer.stack import TTL

GRACE: Final = 5.0 + TTL + 2.0
"""Seconds (s) after its end in which a revoked child may still be heard: SIGKILL follows SIGTERM
by 5, a process that was thawed learns of its orders by a beat, and this machine may be slow."""

FINAL: Final = frozenset({State.SUCCESS, State.FAILURE, State.REVOKED, State.LOST})


class Rule(StrEnum):
    """What is promised."""

    UNSERVED = "what is asked is answered, within two minutes of faults"
    LOST_RUN = "a run that was accepted exists"
    UNASKED_RUN = "a run exists only if it was asked for"
    TOGETHER = "of a parent with max_running=1 one run goes on at a time"
    NOT_ENDED = "every run ends, and every node of it"
    WRONG_END = "a run ends as its shape says"
    REFUSED = "what is asked of a run that goes on is accepted"
    RERUN = "a finished child is not started again"
    TWICE = "an attempt is started once"
    UNEXPLAINED = "an attempt is given up only if something was done to its process"
    INVENTED = "a child that succeeded has come to its last line"
    SURVIVOR = "nothing of a revoked run goes on after its end"
    DIVERGED = "a client sees in the end what the server has"
    CAME_BACK = "a run that Redis was emptied of is gone"
    UNNAMED = "a child that is stopped since its run is gone is named in its worker's log"
    LEFT_OVER = "nothing is kept of a run that is not there"


class Column(StrEnum):
    """What is counted."""

    RUNS = "runs"
    ENDED = "ended so"
    BEGUN = "begun"
    FINISHED = "finished"
    GIVEN_UP = "given up"
    UNRECORDED = "killed unrecorded"
    TOO_LATE = "ended too late"
    WITH_REDIS = "lost with Redis"
    EMPTIED = "emptied"
    BREACHES = "breaches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken promise: of which run, of which node if of one, and what was seen."""

    rule: Rule
    run_id: str
    kind: str
    said: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found: the breaches, and the counts by kind of shape."""

    breaches: Sequence[Breach]
    counts: Mapping[str, Counter[Column]]
