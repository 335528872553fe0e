"""A node of a run in the hands of this process, and how it ends.

What is here belongs to the run it is part of, and is guarded by its lock.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inception.authoring.outcome import Outcome
from inception.runs.meta import empty_meta
from inception.runs.model import Attempt, JsonValue, Meta, NodeKind, State
from inception.runs.recordtext import raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from inception.authoring.frame import StepRequest, WatchOptions
    from inception.runs.model import Node
    from inception.runs.records import ClaimRecord
    from inception.watching.timers import Timer

NULL: Final = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnd:
    """How a node ends; `value_text` is raw JSON."""

    state: State
    meta: Meta
    value_text: str = NULL
    traceback: str | None = None

    def fields(self) -> dict[str, str]:
        """The end as a patch of the node's or run's record."""
        return {
            "state": raw(self.state),
            "meta": raw(self.meta),
            "value": self.value_text,
            "traceback": raw(self.traceback),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class LiveNode:
    """One node of a held run; the root is one too, at path "".

    `end` is decided at once, `recorded` says that Redis has it: a parent is told only then.
    """

    path: str
    name: str
    kind: NodeKind
    task_id: str
    queue: str | None = None
    attempt: int = 1
    settled: int = 0
    """The last attempt whose end was acted upon; it is told of in several ways."""
    state: State = State.PENDING
    meta: Meta = field(default_factory=empty_meta)
    shown: Meta = field(default_factory=empty_meta)
    """What it said before its end was decided."""
    queued_at: int | None = None
    claim: ClaimRecord | None = None
    request: StepRequest | None = None
    options: WatchOptions | None = None
    retries: int = 0
    """How many attempts may follow a failure, as it is recorded."""
    retries_left: int = 0
    backing_off: bool = False
    """Its next attempt waits for its time, and is sent then."""
    waiting: str | None = None
    end: NodeEnd | None = None
    recorded: bool = False
    result_expires: bool = False
    """Its Celery result was stored with its end, for a while: nobody has to delete it."""
    heard: float = field(default_factory=time.monotonic)
    words: int = 0
    """How often it was heard to say something: what was read before that is older."""
    sent_at: float = 0.0
    missed_beats: int = 0
    unsent: dict[str, str] = field(default_factory=dict)
    conflation: Timer | None = None
    deadlines: list[Timer] = field(default_factory=list)
    resend: Timer | None = None
    waiters: list[Callable[[LiveNode], None]] = field(default_factory=list)
    early: list[Callable[[], None]] = field(default_factory=list)
    """What was said of it before this process knew that it is recorded, and heard."""

    @classmethod
    def from_record(cls, node: Node, retries: int = 0) -> LiveNode:
        """A node as it was recorded by whoever held the run before."""
        failures = sum(earlier["state"] == State.FAILURE for earlier in node["attempts"])
        live = cls(
            path=node["path"],
            name=node["name"],
            kind=node["kind"],
            task_id=node["task_id"],
            queue=node["queue"],
            attempt=node["attempt"],
            state=State(node["state"]),
            meta=node["meta"],
            queued_at=node["queued_at"],
            retries=retries,
            retries_left=max(0, retries - failures),
            waiting=node["waiting"],
        )
        if live.state.is_final:
            live.end = NodeEnd(
                state=live.state,
                meta=node["meta"],
                value_text=raw(node["value"]),
                traceback=node["traceback"],
            )
            live.recorded = True
        return live

    @property
    def ended(self) -> bool:
        """True once its end is decided, recorded or not."""
        return self.end is not None

    @property
    def awaits_claim(self) -> bool:
        """True while its message is under way: nobody has it, or Celery's own retry follows."""
        return self.claim is None or self.claim.retry_at is not None

    @property
    def may_be_lost(self) -> bool:
        """True for a child that was sent and is in nobody's hands, as far as is known."""
        is_sent = self.request is not None and not self.backing_off
        return is_sent and self.kind == "child" and self.awaits_claim and not self.ended

    def outcome(self) -> Outcome:
        """What its parent gets; only for a node whose end is recorded."""
        if self.end is None:
            raise ValueError(f"Node {self.path} has not ended.")
        value: JsonValue = json.loads(self.end.value_text)
        return Outcome(
            state=self.end.state,
            meta=self.end.meta,
            returned=value,
            traceback=self.end.traceback,
            task_id=self.task_id,
            path=self.path,
        )

    def as_earlier(self, state: State, error: str | None) -> Attempt:
        """The present attempt as one that ended so, for the list of its attempts."""
        claim = self.claim
        return Attempt(
            attempt=self.attempt,
            worker=claim.worker if claim else None,
            started_at=claim.at if claim else None,
            finalized_at=None,
            state=state,
            error=error,
        )

    def begin_again(self, anew: LiveNode, attempt: int, queued_at: int) -> None:
        """Become what `anew` is, as this attempt, which is to be started; `queued_at` in ms."""
        self.name, self.kind, self.queue = anew.name, anew.kind, anew.queue
        self.request, self.retries, self.retries_left = anew.request, anew.retries, anew.retries
        self.attempt, self.task_id, self.state = attempt, anew.task_id, State.PENDING
        self.queued_at = queued_at
        self.meta, self.end, self.recorded = empty_meta(), None, False
        self.claim, self.options, self.waiting, self.missed_beats = None, None, None, 0
        self.heard = time.monotonic()
        self.unsent.clear()

    def keep(self, timer: Timer) -> None:
        """Have a timer dropped when this node ends. Those that have gone off are forgotten.

        Some are set again and again, for as long as a child talks or doesn't stop.
        """
        self.deadlines = [each for each in self.deadlines if each.action is not None]
        self.deadlines.append(timer)

    def cancel_timers(self) -> None:
        """Drop its deadlines and its sending again."""
        for timer in (*self.deadlines, self.conflation, self.resend):
            if timer is not None:
                timer.cancel()
        self.deadlines.clear()
        self.conflation = self.resend = None
