"""Which queues somebody consumes, as the beats say: so that a node can tell why it waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inception.runs.records import BeatRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """The queues of the living compute workers; `known` is false before the first beat."""

    known: bool = False
    queues: frozenset[str] = field(default_factory=frozenset)
    processes: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_beats(cls, beats: Mapping[str, BeatRecord], alive: Iterable[str]) -> Consumers:
        """Read the beats of the processes that are `alive`."""
        workers = [
            beats[name]
            for name in alive
            if beats[name].kind == "compute" and not beats[name].stopping
        ]
        return cls(
            known=True,
            queues=frozenset(queue for beat in workers for queue in beat.queues),
            processes=frozenset(beat.process for beat in workers),
        )

    def serve(self, queue: str | None) -> bool:
        """True if a worker of ours consumes `queue`."""
        return queue in self.queues

    def why_waiting(self, queue: str | None) -> str | None:
        """What a child in `queue` waits for, if it isn't just its turn."""
        if not self.known or queue is None or self.serve(queue):
            return None
        return f"no worker consumes queue {queue}"
