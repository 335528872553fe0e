"""How answers look: tables on a terminal, tab-separated lines in a pipe, JSON when asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inception.runs.model import Meta, State

STYLES: Final = {
    State.PENDING: "dim",
    State.STARTED: "cyan",
    State.PROGRESS: "cyan",
    State.RETRY: "yellow",
    State.REVOKING: "yellow",
    State.SUCCESS: "green",
    State.FAILURE: "red",
    State.REVOKED: "magenta",
    State.LOST: "red",
}


def echo_json(value: object) -> None:
    """Print one value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def on_terminal() -> bool:
    """True if somebody looks at what is printed."""
    return sys.stdout.isatty()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table with a head on a terminal; else a line a row, tabs between, no head."""
    if not on_terminal():
        for row in rows:
            click.echo("\t".join(_one_line(cell) for cell in row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold" if column == "id" else "ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(_styled(cell) for cell in row))
    Console().print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Name and value, a line each; what is empty is left out."""
    for name, value in facts:
        if value:
            click.echo(f"{name + ':':<12} {value}")


def moment(ms: int | None) -> str:
    """A time in ms since the epoch as local date and time; empty for none."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def span(start: int | None, end: int | None) -> str:
    """The time between two (ms), as `3.2s`, `4m 10s` or `2h 5m`; empty unless both are known."""
    if start is None or end is None:
        return ""
    seconds = max(0, end - start) / 1000
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest}s"
    return f"{minutes // 60}h {minutes % 60}m"


def percent(meta: Meta) -> str:
    """How much is done, as `42 %`."""
    return f"{meta['completion']:.0f} %"


def said(meta: Meta) -> str:
    """What a task says of itself: its error if it has one, else its message; one line."""
    return _one_line(meta["error"] or meta["message"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _styled(cell: str) -> Text:
    style = STYLES[State(cell)] if cell in State.__members__ else ""
    return Text(_one_line(cell), style=style)
