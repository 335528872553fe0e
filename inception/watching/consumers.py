"""Which queues somebody consumes, as the beats say: so that a node can tell why it waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inception.runs.presence import unconsumed

if TYPE_CHECKING:
    from inception.runs.records import BeatRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """The living compute workers and their queues; `known` is false before the first beat."""

    known: bool = False
    workers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The queues of each process."""

    @classmethod
    def from_beats(cls, beats: Mapping[str, BeatRecord], alive: Iterable[str]) -> Consumers:
        """Read the beats of the processes that are `alive`."""
        workers = [
            beats[name]
            for name in alive
            if beats[name].kind == "compute" and not beats[name].stopping
        ]
        return cls(known=True, workers={beat.process: frozenset(beat.queues) for beat in workers})

    @property
    def queues(self) -> frozenset[str]:
        """All queues that a worker of ours consumes."""
        return frozenset().union(*self.workers.values())

    def died_since(self, before: Consumers, beats: Mapping[str, BeatRecord]) -> frozenset[str]:
        """The queues of the workers that lived `before`, do so no more, and didn't say they leave.

        One that left within one beat, unheard of, is taken for dead too.
        """
        gone = before.workers.keys() - self.workers.keys()
        leaving = {name for name in gone & beats.keys() if beats[name].stopping}
        return frozenset(queue for name in gone - leaving for queue in before.workers[name])

    def serve(self, queue: str | None) -> bool:
        """True if a worker of ours consumes `queue`."""
        return queue in self.queues

    def why_waiting(self, queue: str | None) -> str | None:
        """What a child in `queue` waits for, if it isn't just its turn."""
        if not self.known or queue is None or self.serve(queue):
            return None
        return unconsumed(queue)
