"""The three ways to show a run while it moves: a tree with bars, plain lines, lines of JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from inception.runs.model import Run, State
from webapp.cli.following import Change, is_snapshot
from webapp.cli.printing import STYLES, echo_json, on_terminal, percent, said, span
from webapp.cli.run_view import Record, RunView

PROGRESS_EVERY: Final = 1.0
"""Seconds (s) between two lines about one node's progress; a new state is told at once."""
DRAW_EVERY: Final = 0.05
"""Seconds (s) between two drawings of the tree, at least."""
_BAR_WIDTH: Final = 24
_LEAST_ROWS: Final = 5
_LINES_BESIDE: Final = 4


class View(Protocol):
    """Shows a run."""

    def show(self, change: Change) -> None:
        """Show what has moved."""

    def close(self) -> None:
        """Show the last of it, and how the run ended."""


def choose_view(*, as_json: bool) -> View:
    """JSON when asked, the tree for somebody who looks, lines for a file or a pipe."""
    if as_json:
        return JsonLines()
    return LiveTree() if on_terminal() else PlainLines()


class JsonLines:
    """The first line is `{"snapshot": Snapshot}`, those after it are Events."""

    def show(self, change: Change) -> None:
        """Print a line for each event."""
        if is_snapshot(change):
            echo_json({"snapshot": change})
            return
        for event in change["events"]:
            echo_json(event)

    def close(self) -> None:
        """Nothing remains: the last event was the run's end."""


class PlainLines:
    """A line for each new state, and now and then one about progress."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._view = RunView()
        self._clock = clock
        self._told: dict[str, tuple[State, int, float]] = {}

    def show(self, change: Change) -> None:
        """Print what is worth a line."""
        for path, record in self._view.apply(change):
            if self._is_worth_a_line(path, record):
                click.echo(line_of(path, record))

    def close(self) -> None:
        """Print how it ended."""
        if self._view.run is not None:
            click.echo(end_of(self._view.run))

    def _is_worth_a_line(self, path: str, record: Record) -> bool:
        now, state, attempt = self._clock(), record["state"], _attempt(record)
        told = self._told.get(path)
        if told is not None and told[:2] == (state, attempt) and not self._is_due(told, now):
            return False
        self._told[path] = (state, attempt, now)
        return True

    def _is_due(self, told: tuple[State, int, float], now: float) -> bool:
        return told[0] == State.PROGRESS and now - told[2] >= PROGRESS_EVERY


class LiveTree:
    """The tree on a terminal, drawn anew when something moved, no more than its height."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._view = RunView()
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._drawn_at = 0.0

    def show(self, change: Change) -> None:
        """Draw what is now, after the pause that bounds how often."""
        for _ in self._view.apply(change):
            pass
        if not self._live.is_started:
            self._live.start()
        time.sleep(max(0.0, self._drawn_at + DRAW_EVERY - time.monotonic()))
        self._draw(max(_LEAST_ROWS, self._console.height - _LINES_BESIDE))

    def close(self) -> None:
        """Leave the last drawing where it is, and say how it ended."""
        self._live.stop()
        if self._view.run is not None:
            click.echo(end_of(self._view.run))

    def _draw(self, most: int) -> None:
        self._live.update(tree_of(self._view, most), refresh=True)
        self._drawn_at = time.monotonic()


def tree_of(view: RunView, most: int) -> Group:
    """The run and at most `most` of its nodes as a table with bars."""
    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    table.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column(width=8)
    table.add_column(width=_BAR_WIDTH)
    table.add_column(width=6, justify="right")
    table.add_column(ratio=2, no_wrap=True, overflow="ellipsis")
    if view.run is not None:
        _add_row(table, Text(_name(view.run), style="bold"), view.run)
    nodes, left_out = view.rows(most)
    for node in nodes:
        _add_row(table, Text("  " * (node["path"].count(".") + 1) + _name(node)), node)
    more = [Text(f"  … and {left_out:,} more", style="dim")] if left_out else []
    return Group(table, *more)


def line_of(path: str, record: Record) -> str:
    """One record as one line: path, state, completion, name, and what it says."""
    name = record["label"] or record["name"]
    words = f"{path or '-':<10} {record['state']:<8} {percent(record['meta']):>5}  {name}"
    return f"{words}  {said(record['meta'])}".rstrip()


def end_of(run: Run) -> str:
    """How a run ended, as one line, with its error if it has one."""
    error = f": {said(run['meta'])}" if run["meta"]["error"] else ""
    took = span(run["started_at"], run["finalized_at"])
    return f"{run['id']} {run['state']}{f' after {took}' if took else ''}{error}"


def _add_row(table: Table, name: Text, record: Record) -> None:
    style = STYLES[State(record["state"])]
    meta = record["meta"]
    bar = ProgressBar(
        total=100,
        completed=meta["completion"],
        width=_BAR_WIDTH,
        complete_style=style,
        finished_style=style,
    )
    # A text of their own would be read for markup: what a task says is shown as it is.
    words = Text(said(meta) or _waiting(record), style="red" if meta["error"] else "dim")
    table.add_row(name, Text(record["state"], style=style), bar, percent(meta), words)


def _name(record: Record) -> str:
    return record["label"] or record["name"].rpartition(".")[2]


def _waiting(record: Mapping[str, object]) -> str:
    return str(record.get("waiting") or "")


def _attempt(record: Mapping[str, object]) -> int:
    attempt = record.get("attempt")
    return attempt if isinstance(attempt, int) else 0
