"""Follows one run by what Redis publishes of it, without a gap and without asking again and again.

The channel is subscribed before the snapshot is read; after a lost connection the stream is asked
once for what was missed. The rules by which batches join are those of the web's relay.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from typing_extensions import TypeIs

from inception.runs import keys
from inception.runs.errors import EventsGone, RunNotFound, StoreUnavailable
from inception.runs.listener import Listener
from inception.runs.model import FINAL_STATES, Batch, Run, Snapshot
from inception.runs.store import Store
from webapp.relay.published import read_published
from webapp.relay.run_feed import Need, RunFeed

MAX_INBOX: Final = 1_000
"""Messages that may wait to be read; beyond, they are dropped and the stream is asked instead."""
RETRY_READING: Final = 1.0
"""Seconds (s) until Redis is asked again after it did not answer."""

Change: TypeAlias = Snapshot | Batch


def is_snapshot(change: Change) -> TypeIs[Snapshot]:
    """True for a snapshot, which has nodes; a batch has events."""
    return "nodes" in change


class Follower:
    """One run as it moves: `changes` yields a snapshot, then batches, until the run's end."""

    def __init__(self, store: Store, url: str, run_id: str) -> None:
        """`url` is that of the store's Redis, for a connection of its own."""
        self._store = store
        self._listener = Listener(url, name="cli", on_gap=self.gap)
        self._feed = RunFeed(run_id)
        self._inbox: queue.Queue[str] = queue.Queue(MAX_INBOX)
        self._missed = threading.Event()
        self.run: Run | None = None

    def start(self) -> None:
        """Connect."""
        self._listener.start()

    def stop(self) -> None:
        """Hang up."""
        self._listener.stop()

    def hear(self, text: str) -> None:
        """Put aside what was published; never waits."""
        try:
            self._inbox.put_nowait(text)
        except queue.Full:
            self._missed.set()

    def gap(self) -> None:
        """Something may have been missed; never waits."""
        self._missed.set()
        self.hear("")  # wakes whoever waits; with a full inbox nobody does

    def changes(self) -> Iterator[Change]:
        """Yield what there is now, then what moves; ends after the run's last change.

        Waits as long as it takes, for Redis too once it has answered the first time. Raises
        RunNotFound, StoreUnavailable (at the start alone).
        """
        self._listener.subscribe(keys.events(self._feed.run_id), self.hear)
        yield self._take_snapshot()
        while not self._has_ended():
            self._wait_for_news()
            if self._feed.need is not Need.NOTHING:
                yield from self._catch_up()
            batch = self._feed.take()
            if batch is not None:
                yield self._note(batch)

    def _has_ended(self) -> bool:
        return self.run is not None and self.run["state"] in FINAL_STATES

    def _wait_for_news(self) -> None:
        """Wait for one message, then take all that came with it."""
        self._accept(self._inbox.get())
        while not self._inbox.empty():
            self._accept(self._inbox.get_nowait())
        if self._missed.is_set():
            self._missed.clear()
            self._feed.gap()

    def _accept(self, text: str) -> None:
        if not text:
            return
        published = read_published(text)
        if published.gone:
            raise RunNotFound(f"The run {self._feed.run_id} was deleted.")
        if published.batch is not None:
            self._feed.accept(published.batch)

    def _catch_up(self) -> Iterator[Change]:
        """Read what is missing; a snapshot is yielded where events don't reach back."""
        while self._feed.need is not Need.NOTHING:
            try:
                if self._feed.need is Need.SNAPSHOT:
                    yield self._take_snapshot()
                else:
                    self._fill()
            except StoreUnavailable:
                time.sleep(RETRY_READING)

    def _fill(self) -> None:
        feed, gaps = self._feed, self._feed.gaps
        try:
            feed.fill(self._store.events_since(feed.run_id, feed.epoch, feed.heard), gaps)
        except EventsGone:
            feed.need = Need.SNAPSHOT

    def _take_snapshot(self) -> Snapshot:
        gaps = self._feed.gaps
        snapshot = self._store.snapshot(self._feed.run_id)
        self._feed.reset(snapshot["epoch"], snapshot["seq"], gaps)
        self.run = snapshot["run"]
        return snapshot

    def _note(self, batch: Batch) -> Batch:
        for event in batch["events"]:
            self.run = event.get("run", self.run)
        return batch


@contextmanager
def following(store: Store, url: str, run_id: str) -> Iterator[Follower]:
    """A follower with a connection of its own, which is closed at the end."""
    follower = Follower(store, url, run_id)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()
