"""How answers look: tables on a terminal, tab-separated lines in a pipe, JSON when asked."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import click
from rich.cells import cell_len
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

Cut: TypeAlias = Literal["start", "end"]
"""Where a text that doesn't fit is cut: the end of a dotted name says more than its start."""
_GAP: Final = 2


_CONTROLS: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0x7F, 0xA0))
    if chr(code) not in "\n\t"
}


_ESCAPED: Final = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""The control characters that JSON itself leaves as they are."""


def echo_json(value: object) -> None:
    """Print one value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False).translate(_ESCAPED))


def on_terminal() -> bool:
    """True if somebody looks at what is printed."""
    return sys.stdout.isatty()


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    cut: Mapping[str, Cut] = MappingProxyType({}),
) -> None:
    """A table with a head on a terminal; else a line a row, tabs between, no head.

    Where a terminal is too narrow for all of it, the columns named in `cut` are cut at the end
    that is said; the others never, so that an id can be copied.
    """
    if not on_terminal():
        for row in rows:
            click.echo("\t".join(_one_line(cell) for cell in row))
        return
    console = Console()
    console.print(table_of(columns, rows, cut, console.width))


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[str]], cut: Mapping[str, Cut], width: int
) -> Table:
    """The table for a terminal of so many characters."""
    cells = [[_one_line(cell) for cell in row] for row in rows]
    natural = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    widths = fit(natural, [column in cut for column in columns], width - _GAP * (len(columns) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, room in zip(columns, widths, strict=True):
        table.add_column(column, width=room, no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(
            *(
                _styled(_cut_start(cell, room) if cut.get(column) == "start" else cell)
                for column, cell, room in zip(columns, row, widths, strict=True)
            )
        )
    return table


def fit(natural: Sequence[int], may_be_cut: Sequence[bool], room: int) -> list[int]:
    """How wide each column is: as wide as it wants to be, or an equal share of what is left."""
    widths = list(natural)
    left = room - sum(n for n, cut in zip(natural, may_be_cut, strict=True) if not cut)
    narrowest_first = sorted((n, at) for at, n in enumerate(natural) if may_be_cut[at])
    for count, (wanted, at) in enumerate(narrowest_first):
        widths[at] = max(1, min(wanted, left // (len(narrowest_first) - count)))
        left -= widths[at]
    return widths


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Name and value, a line each; what is empty is left out."""
    for name, value in facts:
        if value:
            click.echo(f"{name + ':':<12} {harmless(value)}")


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


def age(ms: int) -> str:
    """How long ago a time in ms since the epoch was, by this machine's clock: `5s`, `3m`, `2d`."""
    seconds = max(0, int(time.time() - ms / 1000))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def counted(number: int, noun: str) -> str:
    """So many of them: `1 consumer`, `2 consumers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(meta: Meta) -> str:
    """How much is done, as `42 %`; 100 only if all of it is."""
    return f"{math.floor(meta['completion'])} %"


def said(meta: Meta) -> str:
    """What a task says of itself: its error if it has one, else its message; one line."""
    return _one_line(meta["error"] or meta["message"])


def harmless(text: str) -> str:
    """Without control characters, which a terminal would obey; lines and tabs stay."""
    return text.translate(_CONTROLS)


def _one_line(text: str) -> str:
    return harmless(" ".join(text.split()))


def _cut_start(text: str, room: int) -> str:
    return text if cell_len(text) <= room else "…" + text[len(text) - room + 1 :]


def _styled(cell: str) -> Text:
    style = STYLES[State(cell)] if cell in State.__members__ else ""
    return Text(_one_line(cell), style=style)
