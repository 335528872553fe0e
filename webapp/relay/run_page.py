"""One client's page of the list of runs: which changes concern it, and when it hears them. Pure.

The page is what the client got from `watch_runs`, plus runs that appear since. A run's progress
reaches it once a second; its state changes, and its leaving, as soon as the page is due. Of runs
that are not on the page it hears only that there were changes, for who counts them, and how they
ended, for who shows how the latest of each parent did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NotRequired

from typing_extensions import TypedDict

from inception.runs.model import FINAL_STATES, Run, State

PROGRESS_INTERVAL: Final = 1.0
"""Seconds (s) between two changes of one run that aren't changes of its state."""
COUNTS_INTERVAL: Final = 1.0
"""Seconds (s) between two words of changes beyond the page."""
MAX_ENDED: Final = 200
"""Ends of runs beyond the page that are told at a time: the latest."""
MAX_FOLLOWED: Final = 5_000
"""Runs one client follows, with the older pages it read; the oldest are let go."""


class EndedRun(TypedDict):
    """How a run ended, in ms. One that was retried has no duration: what it kept took no time."""

    name: str
    run_id: str
    state: State
    ended_at: int
    duration: int | None


class RunChanges(TypedDict):
    """What the event `runs` carries.

    `next` comes only with a first page in full, which it goes on; `others` when runs that are not
    on the page changed their state or were deleted: what was counted is to be counted again.
    `ended` are the ends of runs that are not on the page, whatever the filter.
    """

    runs: list[Run]
    gone: list[str]
    next: NotRequired[str | None]
    others: NotRequired[bool]
    ended: NotRequired[list[EndedRun]]


@dataclass(slots=True)
class _Row:
    """A followed run as its client knows it; `shown_at` in seconds (s)."""

    created_at: int
    state: State
    shown_at: float


class _Others:
    """What becomes of runs beyond a page; `counted` says whose change of state matters."""

    def __init__(self, counted: Callable[[Run], bool]) -> None:
        self._counted = counted
        self._states: dict[str, State] = {}
        self._ended: dict[str, EndedRun] = {}
        self._told_at = -COUNTS_INTERVAL
        self._changed = False

    @property
    def has_news(self) -> bool:
        """Whether there is something to be told."""
        return self._changed or bool(self._ended)

    def pass_by(self, run: Run) -> None:
        """A run that is not on the page has this record now."""
        if (end := _end_of(run)) is not None:
            self._ended.pop(run["id"], None)
            self._ended[run["id"]] = end
            if len(self._ended) > MAX_ENDED:
                del self._ended[next(iter(self._ended))]
        if not self._counted(run) or self._states.get(run["id"]) == run["state"]:
            return
        self._changed = True
        self._states.pop(run["id"], None)
        if run["state"] not in FINAL_STATES:
            self._states[run["id"]] = run["state"]
        if len(self._states) > MAX_FOLLOWED:
            del self._states[next(iter(self._states))]

    def miss(self, run_id: str) -> None:
        """A run that was not on the page is no more."""
        self._states.pop(run_id, None)
        self._changed = True

    def wait(self, now: float) -> float:
        """Seconds until it may be told."""
        return max(0.0, self._told_at + COUNTS_INTERVAL - now)

    def tell(self, changes: RunChanges, now: float) -> None:
        """Add to the changes what is to be told now; it is told then."""
        if not self.has_news or self.wait(now) > 0:
            return
        if self._changed:
            changes["others"] = True
        if self._ended:
            changes["ended"] = list(self._ended.values())
        self._changed, self._ended, self._told_at = False, {}, now


class RunPage:
    """What one client follows; `matches` is its filter.

    `counted` says which runs it counts, listed or not; without it nothing is said of the others.
    """

    def __init__(
        self, matches: Callable[[Run], bool], counted: Callable[[Run], bool] | None = None
    ) -> None:
        self._matches = matches
        self._others = None if counted is None else _Others(counted)
        self._rows: dict[str, _Row] = {}
        self._oldest = 0
        self._waiting: dict[str, Run] = {}
        self._gone: dict[str, None] = {}
        self._reading = True

    def expect_page(self) -> None:
        """The page is about to be read (again): keep whatever is heard until it is there."""
        self._reading = True

    def start(self, runs: Sequence[Run], *, more: bool, now: float) -> RunChanges:
        """Begin with the page as it was read; `more` if older runs are left out of it.

        Returns the page in full, for a client that followed another before. What was heard while
        it was read, and is newer than the page, still waits to be taken.
        """
        followed, page = self._rows, {run["id"]: run for run in runs}
        self._reading = False
        self._rows = {run["id"]: _Row(run["created_at"], run["state"], now) for run in runs}
        self._oldest = runs[-1]["created_at"] if more and runs else 0
        waiting, self._waiting = self._waiting, {}
        for run in waiting.values():
            if _is_newer(run, page.get(run["id"])):
                self.accept(run)
        return {"runs": list(runs), "gone": [each for each in followed if each not in page]}

    def reach_down(self) -> None:
        """An older page is about to be read: keep what is heard of any run, however old."""
        self._oldest = 0

    def extend(self, runs: Sequence[Run], *, oldest: int, now: float) -> None:
        """Follow an older page as it was read too; `oldest` is where it ends (ms), 0 for the end.

        What was heard while it was read, and is newer, still waits to be taken.
        """
        for run in runs:
            self._rows.setdefault(run["id"], _Row(run["created_at"], run["state"], now))
        self._oldest = oldest
        self._waiting = {
            run_id: run for run_id, run in self._waiting.items() if run["created_at"] >= oldest
        }

    def accept(self, run: Run) -> None:
        """Take the newest record of any run."""
        run_id = run["id"]
        if not self._matches(run):
            self._drop(run_id)
        elif run_id in self._rows or run["created_at"] >= self._oldest:
            self._waiting[run_id] = run
            self._gone.pop(run_id, None)
            return
        if self._others is not None:
            self._others.pass_by(run)

    def remove(self, run_id: str) -> None:
        """A run was deleted or has expired."""
        if self._others is not None and run_id not in self._rows:
            self._others.miss(run_id)
        self._drop(run_id)

    def _drop(self, run_id: str) -> None:
        self._waiting.pop(run_id, None)
        if self._rows.pop(run_id, None) is not None or self._reading:
            self._gone[run_id] = None

    def wait(self, now: float) -> float | None:
        """Seconds until something is due; None if nothing waits."""
        if self._reading:
            return None
        if self._gone:
            return 0.0
        waits = [self._wait_of(run, now) for run in self._waiting.values()]
        if self._others is not None and self._others.has_news:
            waits.append(self._others.wait(now))
        return min(waits, default=None)

    def take(self, now: float) -> RunChanges:
        """What is due now, which may be nothing; the client has seen it then."""
        if self._reading:
            return RunChanges(runs=[], gone=[])
        due = [run for run in self._waiting.values() if self._wait_of(run, now) <= 0]
        for run in due:
            del self._waiting[run["id"]]
            self._rows[run["id"]] = _Row(run["created_at"], run["state"], now)
        changes = RunChanges(runs=due, gone=list(self._gone))
        for run_id in self._gone:
            self._rows.pop(run_id, None)
        self._gone.clear()
        self._let_go()
        if self._others is not None:
            self._others.tell(changes, now)
        return changes

    def _wait_of(self, run: Run, now: float) -> float:
        row = self._rows.get(run["id"])
        if row is None or row.state != run["state"]:
            return 0.0
        return max(0.0, row.shown_at + PROGRESS_INTERVAL - now)

    def _let_go(self) -> None:
        surplus = len(self._rows) - MAX_FOLLOWED
        if surplus > 0:
            oldest = sorted(self._rows, key=lambda run_id: self._rows[run_id].created_at)
            for run_id in oldest[:surplus]:
                del self._rows[run_id]


def _end_of(run: Run) -> EndedRun | None:
    ended, started = run["finalized_at"], run["started_at"]
    if ended is None:
        return None
    is_whole = started is not None and "retried_at" not in run
    return {
        "name": run["name"],
        "run_id": run["id"],
        "state": run["state"],
        "ended_at": ended,
        "duration": ended - started if is_whole and started is not None else None,
    }


def _is_newer(run: Run, shown: Run | None) -> bool:
    return shown is None or run["epoch"] != shown["epoch"] or run["seq"] > shown["seq"]
