"""Lists and counts runs, newest first. What one call reads is bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from typing import Final, TypeAlias, cast

from inception.runs import keys, recordtext
from inception.runs.errors import BadRequest
from inception.runs.model import Run, State
from inception.runs.records import RunFilter
from inception.runs.scripts import Scripts, refusals_as_errors

LIST_SCANS: Final = 2_000
"""Runs that one page may look at; a page that found too few goes on by its cursor."""
COUNT_SCANS: Final = 20_000
"""Runs that counting with a filter beyond state and time looks at, the newest."""
_PAGE: Final = 200
_CURSOR: Final = re.compile(r"(\d{1,15})-([A-Za-z0-9._:@+-]{1,200})")

Position: TypeAlias = tuple[int, str]
"""Where a run is in the list: its creation (ms), then its id; the list goes downwards."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A run of an index, with its record's text."""

    position: Position
    text: str


class Listing(Scripts):
    """Lists and counts runs by filter."""

    def list_runs(
        self, which: RunFilter, limit: int, cursor: str | None = None
    ) -> tuple[list[Run], str | None]:
        """At most `limit` runs, newest first, and the cursor to go on with (None: that's all).

        One call looks at no more than 2,000 runs, 200 a round trip and index: a page may be
        shorter than `limit` and still have a cursor. Raises BadRequest for a cursor that is none.
        """
        runs: list[Run] = []
        for looked_at, found in enumerate(self._scan(which, _position(cursor)), start=1):
            run = recordtext.run_of(found.text)
            if matches(run, which):
                runs.append(run)
            if len(runs) == limit or looked_at == LIST_SCANS:
                return runs, _cursor(found.position)
        return runs, None

    def count_runs(self, which: RunFilter) -> dict[str, int]:
        """How many runs match, by state; states without any are left out.

        Exact by state and time. With names, tags, label or q the newest 20,000 are counted.
        """
        if replace(which, states=frozenset(), since=None, until=None) == RunFilter():
            counts = self._count_indexes(which)
        else:
            counts = self._count_records(which)
        return {state: number for state, number in counts.items() if number}

    def expired_runs(self, *, older_than_ms: int, keep: int, limit: int) -> list[str]:
        """At most `limit` ended runs to delete: ended before that time, or beyond `keep` runs.

        Those created first are looked at. Two round trips, or three where some may be too old.
        `older_than_ms` is a time in ms since the epoch.
        """
        ended = [keys.runs_in(state) for state in State if state.is_final]
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for index in ended:
                pipe.zcard(index)
            for index in ended:
                pipe.zrange(index, 0, limit - 1, withscores=True)
            answers = pipe.execute()
        surplus = max(0, sum(answers[: len(ended)]) - keep)
        oldest = sorted((at, run_id) for page in answers[len(ended) :] for run_id, at in page)
        beyond = [run_id for _at, run_id in oldest[:surplus]]
        aged = [run_id for at, run_id in oldest[surplus:] if at < older_than_ms]
        return [*beyond, *self._ended_before(older_than_ms, aged)][:limit]

    def _ended_before(self, time_ms: int, run_ids: Sequence[str]) -> list[str]:
        """Which of these ended runs did so before that time."""
        if not run_ids:
            return []
        with refusals_as_errors(), self._client.pipeline(transaction=False) as pipe:
            for run_id in run_ids:
                pipe.hget(keys.run(run_id), "record")
            texts = cast("list[str | None]", pipe.execute())
        return [
            run_id
            for run_id, text in zip(run_ids, texts, strict=True)
            if text is not None and _ended_at(text) < time_ms
        ]

    def _count_indexes(self, which: RunFilter) -> dict[str, int]:
        states = [state for state in State if not which.states or state in which.states]
        least, largest = _bounds(which)
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            for state in states:
                pipe.zcount(keys.runs_in(state), least, largest)
            return dict(zip(states, cast("list[int]", pipe.execute()), strict=True))

    def _count_records(self, which: RunFilter) -> dict[str, int]:
        counts: dict[str, int] = {}
        for looked_at, found in enumerate(self._scan(which, None)):
            if looked_at == COUNT_SCANS:
                break
            run = recordtext.run_of(found.text)
            if matches(run, which):
                counts[run["state"]] = counts.get(run["state"], 0) + 1
        return counts

    def _scan(self, which: RunFilter, after: Position | None) -> Iterator[_Found]:
        """Yield the runs of the indexes that the filter's states need, newest first."""
        indexes = [keys.runs_in(state) for state in sorted(which.states)] or [keys.RUNS]
        scans = [self._scan_index(index, which, after) for index in indexes]
        last: Position | None = None
        for found in merge(*scans, key=lambda found: found.position, reverse=True):
            # A run that changed its state between two pages is in both of their indexes.
            if found.position != last:
                yield found
            last = found.position

    def _scan_index(self, index: str, which: RunFilter, after: Position | None) -> Iterator[_Found]:
        least, largest = _bounds(which)
        while True:
            words = _page_words(least, largest, after)
            answer = cast("list[str]", self._run("page_of_runs", [index], words))
            for run_id, created, text in zip(answer[::3], answer[1::3], answer[2::3], strict=True):
                after = (int(created), run_id)
                yield _Found(after, text)
            if len(answer) < 3 * _PAGE:
                return


def _ended_at(text: str) -> int:
    """When a run ended, in ms since the epoch; 0 if it goes on, as it was retried just now."""
    return int(json.loads(recordtext.fields_of(text)["finalized_at"]) or 0)


def matches(run: Run, which: RunFilter) -> bool:
    """True if the filter shows this run."""
    return (
        (not which.states or run["state"] in which.states)
        and (not which.names or run["name"] in which.names)
        and (not which.tags or not which.tags.isdisjoint(run["tags"]))
        and (which.label is None or run["label"] == which.label)
        and (which.since is None or run["created_at"] >= which.since)
        and (which.until is None or run["created_at"] <= which.until)
        and (not which.q or _contains(run, which.q.casefold()))
    )


def _contains(run: Run, words: str) -> bool:
    texts = (run["id"], run["name"], run["label"] or "", *run["tags"])
    return any(words in text.casefold() for text in texts)


def _bounds(which: RunFilter) -> tuple[str, str]:
    return (
        "-inf" if which.since is None else str(which.since),
        "+inf" if which.until is None else str(which.until),
    )


def _page_words(least: str, largest: str, after: Position | None) -> Sequence[str | int]:
    """What the script is asked: from the cursor on, unless the filter ends before it."""
    if after is None or (largest != "+inf" and int(largest) < after[0]):
        return [least, largest, "", _PAGE]
    return [least, str(after[0]), after[1], _PAGE]


def _cursor(position: Position) -> str:
    return f"{position[0]}-{position[1]}"


def _position(cursor: str | None) -> Position | None:
    if not cursor:
        return None
    parts = _CURSOR.fullmatch(cursor)
    if not parts:
        raise BadRequest(f"{cursor[:80]!r} is no cursor; take it from `next` of the page before.")
    return int(parts[1]), parts[2]
