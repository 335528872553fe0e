"""Where a room is in its run's events, and what it has still to be sent. Pure.

A feed takes batches as they are heard and keeps the newest record of each path: an event carries
a whole record, so the older ones are superseded. Batches must join without a hole: the feed says
what it needs (`Need`) where they don't, and stays behind until it has been given that.

      unpositioned ──reset──▶ whole ◀──fill── holed         (Need.EVENTS)
                                ▲ └──hole, gap───▲
                                └──reset── foreign epoch     (Need.SNAPSHOT)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Final

from inception.runs.model import Batch, Event
from webapp.relay.published import is_as_heard

MAX_AHEAD: Final = 64
"""Batches kept that came after a hole; what is dropped beyond is read again with the hole."""
MAX_RECENT: Final = 16
"""Sent batches kept for members who join from a snapshot a little older than the room."""
MAX_RECENT_EVENTS: Final = 1_000


class Need(Enum):
    """What has to be read before a feed can go on."""

    NOTHING = 0
    EVENTS = 1
    SNAPSHOT = 2


class RunFeed:
    """The position of one run's room: `sent` to its members, `heard` without a hole.

    `gaps` counts the interruptions of hearing, after which the stream has to be asked.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.epoch = ""
        self.sent = 0
        self.heard = 0
        self.need = Need.NOTHING
        self.gaps = 0
        self._pending: dict[str | None, Event] = {}
        self._whole: Batch | None = None
        """The one batch heard since the last was taken, if that is all there is to send."""
        self._ahead: deque[Batch] = deque(maxlen=MAX_AHEAD)
        self._recent: deque[tuple[Batch, int]] = deque()
        """Each with the number of its events."""
        self._recent_events = 0

    @property
    def positioned(self) -> bool:
        """False until the first snapshot said where the run is."""
        return self.epoch != ""

    @property
    def has_news(self) -> bool:
        """True if `take` has something to send."""
        return self.heard > self.sent and self.need is Need.NOTHING

    @property
    def is_even(self) -> bool:
        """True if the members have all there is, and nothing is lacking."""
        return self.positioned and self.heard == self.sent and self.need is Need.NOTHING

    def pass_on(self, batch: Batch) -> None:
        """A batch that continues what was heard goes to the members as it is, while all is even.

        The short way of `accept` and `take`.
        """
        self.sent = self.heard = batch["to"]
        self._remember(batch)

    def accept(self, batch: Batch) -> None:
        """Take a batch as it was heard."""
        if not self.positioned:
            self._ahead.append(batch)
        elif batch["epoch"] != self.epoch:
            self._ahead.append(batch)
            self.need = Need.SNAPSHOT
        elif batch["from"] > self.heard:
            self._ahead.append(batch)
            self._needs_events()
        else:
            self._merge(batch)

    def gap(self) -> None:
        """Something may have been missed: the stream has to be asked."""
        self.gaps += 1
        if self.positioned:
            self._needs_events()

    def fill(self, batch: Batch, gaps: int) -> None:
        """Take what the stream says of everything since `heard`.

        `gaps` is what the count of gaps was before the stream was asked: an answer from before a
        gap can't close it.
        """
        if batch["epoch"] != self.epoch or batch["from"] > self.heard:
            self.need = Need.SNAPSHOT
        elif self.need is Need.EVENTS:
            self._merge(batch)
            self._go_on()
            self._reopen(gaps)

    def reset(self, epoch: str, seq: int, gaps: int) -> None:
        """Start from a snapshot as of `seq`, which the members are sent instead of events.

        `gaps` is what the count of gaps was before the snapshot was read.
        """
        self.epoch, self.sent, self.heard = epoch, seq, seq
        self._whole = None
        self._pending.clear()
        self._recent.clear()
        self._recent_events = 0
        self._go_on()
        self._reopen(gaps)

    def take(self) -> Batch | None:
        """The one batch that brings the members from `sent` to `heard`."""
        if not self.has_news:
            return None
        batch = self._whole or self._batch(self.sent, self.heard, self._pending.values())
        self.sent = self.heard
        self._pending.clear()
        self._whole = None
        self._remember(batch)
        return batch

    def since(self, seq: int) -> Batch | None:
        """One batch from `seq` to `sent` out of what was sent lately; None if that is too old."""
        if not self._recent or self._recent[0][0]["from"] > seq:
            return None
        newest: dict[str | None, Event] = {}
        for batch, _events in self._recent:
            for event in batch["events"]:
                if event["seq"] > seq:
                    newest[subject(event)] = event
        return self._batch(seq, self.sent, newest.values())

    def _reopen(self, gaps: int) -> None:
        if gaps != self.gaps:
            self._needs_events()

    def _needs_events(self) -> None:
        if self.need is Need.NOTHING:
            self.need = Need.EVENTS

    def _merge(self, batch: Batch) -> None:
        if batch["to"] <= self.heard:
            return
        follows = batch["from"] == self.heard == self.sent
        if follows and is_as_heard(batch):
            self._whole = batch
        else:
            self._unfold()
            self._add(batch, self.heard)
            is_whole = follows and len(self._pending) == len(batch["events"])
            self._whole = batch if is_whole else None
        self.heard = batch["to"]

    def _add(self, batch: Batch, after: int) -> None:
        for event in batch["events"]:
            if event["seq"] > after:
                self._pending[subject(event)] = event

    def _unfold(self) -> None:
        """Go on from a batch that nobody has looked into yet: there is more to send than it."""
        if self._whole is not None and not self._pending:
            self._add(self._whole, self.sent)

    def _go_on(self) -> None:
        """With a hole closed, take what was heard beyond it as far as that joins."""
        ahead = sorted(self._ahead, key=lambda batch: batch["from"])
        self._ahead.clear()
        self.need = Need.NOTHING
        for batch in ahead:
            if batch["epoch"] == self.epoch:
                self.accept(batch)

    def _batch(self, start: int, end: int, events: Iterable[Event]) -> Batch:
        ordered = sorted(events, key=lambda event: event["seq"])
        return Batch(
            {
                "run_id": self.run_id,
                "epoch": self.epoch,
                "from": start,
                "to": end,
                "events": ordered,
            }
        )

    def _remember(self, batch: Batch) -> None:
        events = batch["to"] - batch["from"] if is_as_heard(batch) else len(batch["events"])
        self._recent.append((batch, events))
        self._recent_events += events
        while len(self._recent) > MAX_RECENT or self._recent_events > MAX_RECENT_EVENTS:
            self._recent_events -= self._recent.popleft()[1]


def subject(event: Event) -> str | None:
    """Whom an event is about: a node's path, or None for the run."""
    node = event.get("node")
    return node["path"] if node is not None else None
