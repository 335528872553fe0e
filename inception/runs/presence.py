"""Which processes there are: beats, and their burial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, cast

from inception.runs import keys, recordtext
from inception.runs.records import Beat, BeatAnswer, BeatRecord
from inception.runs.scripts import Scripts, refusals_as_errors

MAX_INTENTS: Final = 1_000
"""Revokes told with one beat; the rest comes with the next, once these are served."""


class Presence(Scripts):
    """Takes beats and reads them."""

    def beat(self, beat: Beat) -> BeatAnswer:
        """Say that this process lives; hear of the others, and what it has yet to do."""
        said = json.dumps(asdict(beat), separators=(",", ":"))
        words: list[str | int] = [beat.process, said[:-1], keys.BEATS_CHANNEL, MAX_INTENTS]
        if beat.kind == "compute":
            words += (word for claim in beat.running for word in claim)
        names = [keys.BEATS, keys.owned(beat.process), keys.REVOKES]
        now, owned, beats, intents, orphans, ended = self._run("beat", names, words)
        return BeatAnswer(
            now_ms=int(now),
            beats=_beats(beats),
            owned=int(owned),
            intents=_pairs(intents),
            orphans=_pairs(orphans),
            ended=_pairs(ended),
        )

    def bury(self, process: str) -> bool:
        """Forget a dead process's beat; False while it still owns runs."""
        names = [keys.BEATS, keys.owned(process)]
        answer = self._run_again_if_lost("bury", names, [process])
        return bool(answer[0] == "ok")

    def now_ms(self) -> int:
        """Redis' clock, in ms since the epoch. Raises StoreUnavailable."""
        with refusals_as_errors():
            seconds, microseconds = cast("tuple[int, int]", self._client.time())
        return seconds * 1000 + microseconds // 1000

    def tell(self, process: str, order: Mapping[str, object]) -> bool:
        """Say something on a process's own channel; False if nobody heard it."""
        text = json.dumps(order, separators=(",", ":"))
        with refusals_as_errors():
            return bool(self._client.publish(keys.orders(process), text))

    def read_beats(self) -> dict[str, BeatRecord]:
        """The last beat of every process that isn't buried."""
        with refusals_as_errors():
            found = cast("dict[str, str]", self._client.hgetall(keys.BEATS))
        return {process: recordtext.beat_of(text) for process, text in found.items()}

    def read_queues(self) -> list[str]:
        """The queues that children were sent to, those used last (at most 1,000)."""
        with refusals_as_errors():
            return cast("list[str]", self._client.zrange(keys.QUEUES, 0, -1))

    def read_tallies(self) -> dict[str, int]:
        """How many runs, steps, attempts, events, rescues, losses and beats there ever were.

        Counted in the step that made each, so nothing is missed; what never happened is left out.
        """
        with refusals_as_errors():
            found = cast("dict[str, str]", self._client.hgetall(keys.TALLIES))
        return {what: int(number) for what, number in found.items()}


def unconsumed(queue: str) -> str:
    """Why a message in a queue waits that no worker of ours consumes."""
    return f"no worker consumes queue {queue}"


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(words[::2], words[1::2], strict=True))


def _beats(words: Sequence[str]) -> dict[str, BeatRecord]:
    return {process: recordtext.beat_of(text) for process, text in _pairs(words)}
