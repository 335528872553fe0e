"""How one run is followed without a hole: messages go in, events and questions come out. Pure.

    asking --answer--> live --hole, foreign epoch--> asking
    asking --store away, no answer in time--> waiting --its time--> asking
    any --connection lost--> away --connected--> asking

It reads no clock: whoever drives it says what time it is (monotonic, s) and comes again at
`deadline`, whether or not there is a message.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from inception_client.errors import ClientError, Refused, RunGone, Unreachable
from inception_client.messages import (
    Answered,
    Broken,
    Came,
    Connected,
    Dropped,
    Gone,
    Lost,
    Message,
    Replaced,
)
from inception_client.records import BatchRecord, SnapshotRecord, WatchAnswer
from inception_client.view import Event, Position, RunView

ANSWER_WITHIN: Final = 10.0
"""Seconds (s) until a question counts as unanswered."""
LONGEST_PAUSE: Final = 15.0
"""Seconds (s) between two questions at most."""
MOST_TRIES: Final = 3
"""Questions that led nowhere before there is a pause in between."""
MOST_KEPT: Final = 200
"""Batches kept that overtook an answer; what is dropped beyond shows as a hole."""


class Phase(Enum):
    """Where the following of a run is."""

    AWAY = "away"
    ASKING = "asking"
    WAITING = "waiting"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A `watch` to be sent: from `position` on, from the beginning if that is None."""

    number: int
    position: Position | None


class Following:
    """Follows one run into `view`. `patience` (s) is how long the server may be silent."""

    def __init__(self, view: RunView, patience: float, now: float) -> None:
        self.view = view
        self.phase = Phase.AWAY
        self.question: Question | None = None
        self._patience = patience
        self._silent_since: float | None = now
        self._due: float | None = None
        self._tries = 0
        self._asked = 0
        self._kept: deque[BatchRecord] = deque(maxlen=MOST_KEPT)
        self._why = "nothing was heard of it"

    @property
    def has_ended(self) -> bool:
        """True once the run's last change was taken."""
        return self.phase is Phase.LIVE and self.view.has_ended

    @property
    def deadline(self) -> float | None:
        """When to come again at the latest; None: only with a message."""
        if self._silent_since is None:
            return None
        end = self._silent_since + self._patience
        return end if self._due is None else min(end, self._due)

    def next_question(self) -> Question | None:
        """The question to be sent now, once."""
        question, self.question = self.question, None
        return question

    def take(self, message: Message | None, now: float) -> list[Event]:
        """Take a message, or None when the deadline has come; return what is new.

        Raises Unreachable after `patience`, RunGone, Refused as the server did.
        """
        match message:
            case None:
                self._come_again(now)
            case Connected() | Lost() | Broken():
                self._hear_of_connection(message, now)
            case Gone():
                raise RunGone("The run was deleted.")
            case Dropped() if self.phase in (Phase.LIVE, Phase.ASKING):
                self._ask(now)  # what was dropped may have been the answer
            case Answered(number, answer):
                return self._take_answer(number, answer, now)
            case Came(batch):
                return self._take_batch(batch, now)
            case Replaced(snapshot):
                return self._take_snapshot(snapshot)
        return []

    def _come_again(self, now: float) -> None:
        if self._silent_since is not None and now >= self._silent_since + self._patience:
            raise Unreachable(f"No answer for {self._patience:g} s: {self._why}.")
        if self._due is None or now < self._due:
            return
        if self.phase is Phase.WAITING:
            self._ask(now)
        elif self.phase is Phase.ASKING:
            self._why = f"a question was not answered within {ANSWER_WITHIN:g} s"
            self._wait(now)

    def _hear_of_connection(self, message: Connected | Lost | Broken, now: float) -> None:
        match message:
            case Broken(error):
                raise error
            case Lost(why):
                self.phase, self._due, self._why = Phase.AWAY, None, why
                self._be_silent(now)
            case Connected():
                self._kept.clear()
                self._tries = 0
                self._ask(now)

    def _ask(self, now: float) -> None:
        self._asked += 1
        self._tries += 1
        self.question = Question(number=self._asked, position=self.view.position)
        self.phase, self._due = Phase.ASKING, now + ANSWER_WITHIN
        self._be_silent(now)

    def _wait(self, now: float) -> None:
        pause = min(LONGEST_PAUSE, 2.0 ** max(0, self._tries - 1))
        self.phase, self._due = Phase.WAITING, now + pause
        self._be_silent(now)

    def _miss(self, now: float) -> None:
        """Something is missing: ask for it, at once as long as that leads somewhere."""
        if self._tries < MOST_TRIES:
            self._ask(now)
        else:
            self._wait(now)

    def _be_silent(self, now: float) -> None:
        if self._silent_since is None:
            self._silent_since = now

    def _go_live(self) -> None:
        self.phase, self._due, self._silent_since = Phase.LIVE, None, None

    def _take_batch(self, batch: BatchRecord, now: float) -> list[Event]:
        if self.phase is Phase.LIVE:
            return self._apply(batch, now)
        if self.phase is not Phase.AWAY:
            self._kept.append(batch)
        return []

    def _take_snapshot(self, snapshot: SnapshotRecord) -> list[Event]:
        if self.phase is Phase.AWAY or self.view.is_ahead_of(snapshot):
            return []
        return self.view.reset(snapshot)

    def _apply(self, batch: BatchRecord, now: float) -> list[Event]:
        """Apply a batch that joins.

        One behind a hole is kept, since the answer leads up to it; one of a foreign epoch isn't.
        """
        position = self.view.position
        if self.view.joins(batch):
            self._tries = 0
            return self.view.apply(batch)
        if position is not None and position.epoch == batch["epoch"]:
            self._kept.append(batch)
        self._miss(now)
        return []

    def _take_answer(self, number: int, answer: WatchAnswer, now: float) -> list[Event]:
        if self.phase is not Phase.ASKING or number != self._asked:
            return []
        if "error" in answer:
            self._take_refusal(Refused(answer["error"]), now)
            return []
        self._go_live()
        if "snapshot" in answer:
            events = self._take_snapshot(answer["snapshot"])
        else:
            events = self._take_rest(answer, now)
        if events:
            self._tries = 0
        return events + self._take_kept(now)

    def _take_rest(self, answer: WatchAnswer, now: float) -> list[Event]:
        if "batch" not in answer:
            raise ClientError(f"The server's answer to watch was not understood: {answer!r:.200}")
        return self._apply(answer["batch"], now)

    def _take_kept(self, now: float) -> list[Event]:
        """Apply what overtook the answer, as far as it joins."""
        kept, events = list(self._kept), list[Event]()
        self._kept.clear()
        for batch in kept:
            if self.phase is Phase.LIVE:
                events += self._apply(batch, now)
            else:
                self._kept.append(batch)
        return events

    def _take_refusal(self, refusal: Refused, now: float) -> None:
        if not refusal.is_transient:
            raise refusal
        self._why = str(refusal)
        self._wait(now)
