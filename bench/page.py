"""Renders docs/benchmarks.md from the records of the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import plots, record
from bench.figures import Figure, Row
from bench.record import Record

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_PLOTS: Final = "img/benchmarks"

_HEAD: Final = """# Benchmarks

Made by `make bench`; `make bench ROW=6` measures one row again. Each row is measured beside what
one would have otherwise, in one run on one machine: **the ratios are the figures**, the absolute
ones are that machine's. A target that is missed says so here, with what bounds it. How it was
measured is in [`bench/rows`](../bench/rows), one file a row. Each says the machine's load when it
began: where that is near its number of cores or above, others were at work beside it.

"""


def render(rows: Mapping[str, Row]) -> None:
    """Write the page, and a plot for each row that has figures."""
    records = {number: record.read(number) for number in rows}
    known = {number: found for number, found in records.items() if found is not None}
    for number, found in known.items():
        if figures := record.figures_of(found):
            title = f"Row {number}: {rows[number].title}"
            plots.draw(title, figures, record.lines_of(found), _plot_file(number))
    parts = [_HEAD, _summary(rows, known), *(_section(rows[n], f) for n, f in known.items())]
    PAGE.write_text("\n".join([*parts, *_soak(), _machines(known)]))


def _plot_file(number: str) -> Path:
    return PAGE.parent / _PLOTS / f"row-{number}.svg"


def _summary(rows: Mapping[str, Row], known: Mapping[str, Record]) -> str:
    lines = ["| row | measured | against | verdict |", "|---|---|---|---|"]
    for number, row in rows.items():
        verdict = _verdict(known.get(number))
        lines.append(f"| [{number}](#row-{number}) | {row.what} | {row.against} | {verdict} |")
    return "\n".join([*lines, ""])


def _verdict(found: Record | None) -> str:
    if found is None:
        return "not measured yet"
    for word in ("skipped", "failed"):
        if word in found:
            return f"{word}: {found[word]}"
    judged = [figure for figure in record.figures_of(found) if figure.is_met is not None]
    missed = [figure.name for figure in judged if not figure.is_met]
    if not missed:
        return "reached"
    if len(missed) == len(judged):
        return "missed"
    return f"missed: {', '.join(missed)}"


def _section(row: Row, found: Record) -> str:
    figures = record.figures_of(found)
    lines = [f"## Row {row.number}", "", f"{row.title}. Against: {row.against}.", ""]
    if figures:
        lines += _table(figures)
        lines += ["", f"![Row {row.number}]({_PLOTS}/row-{row.number}.svg)", ""]
    else:
        lines += [f"{_verdict(found).capitalize()}.", ""]
    lines += [f"- {note}" for note in found.get("notes", ())]
    if row.bound_by and any(figure.is_met is False for figure in figures):
        lines.append(f"- What bounds it: {row.bound_by}")
    lines += [
        (
            f"- Measured {found['measured_at']} in {found['seconds']:.0f} s; the machine's load "
            f"when it began was {found['load_before']:g}."
        ),
        "",
    ]
    return "\n".join(lines)


def _soak() -> list[str]:
    """What `make soak` came to last; nothing if it never ran."""
    found = record.read_soak()
    if found is None:
        return []
    lines = [
        "## Soak",
        "",
        (
            f"`make soak`, {found['minutes']:g} minutes of steady mixed load: runs that succeed, "
            "fail and are revoked, 50 websocket clients. Medians of the second and of the last "
            "fifth of the time."
        ),
        "",
        "| | after warming up | at the end | |",
        "|---|---|---|---|",
    ]
    for name, (warm, last) in found["ends"].items():
        verdict = "**grows**" if name in found["grown"] else "flat"
        lines.append(f"| {name} | {_number(warm)} | {_number(last)} | {verdict} |")
    lines += ["", f"![Soak]({_PLOTS}/soak.svg)", ""]
    lines += [f"- {note}" for note in found.get("notes", ())]
    return ["\n".join([*lines, ""])]


def _table(figures: list[Figure]) -> list[str]:
    head = ["| figure | ours | theirs | ratio | target | |", "|---|---|---|---|---|---|"]
    return [*head, *(_line(figure) for figure in figures)]


def _line(figure: Figure) -> str:
    theirs = "" if figure.theirs is None else f"{_number(figure.theirs)} ({figure.against})"
    ratio = "" if math.isnan(figure.ratio) else _number(figure.ratio)
    verdict = {None: "", True: "reached", False: "**missed**"}[figure.is_met]
    ours = f"{_number(figure.ours)} {figure.unit}"
    return f"| {figure.name} | {ours} | {theirs} | {ratio} | {figure.target or ''} | {verdict} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _machines(known: Mapping[str, Record]) -> str:
    """What the rows were taken on; rows of one machine together."""
    groups: dict[str, list[str]] = {}
    for number, found in known.items():
        said = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
        groups.setdefault(said, []).append(number)
    lines = [f"- Rows {', '.join(numbers)}: {said}." for said, numbers in groups.items()]
    return "\n".join(["## Measured on", "", *lines, ""])
