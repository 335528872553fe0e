"""A row's record: bench/results/<row>.json, what the page is rendered from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench import machine
from bench.figures import Figure, Lines, Measured, Of, Row, Target

RESULTS: Final = Path(__file__).parent / "results"

Record = dict[str, Any]


def of_measured(row: Row, measured: Measured, seconds: float, load: float) -> Record:
    """The record of a row that was measured; `load` is the machine's when it began."""
    return {
        **_head(row, seconds, load),
        "figures": [_plain(figure) for figure in measured.figures],
        "notes": list(measured.notes),
        "lines": asdict(measured.lines) if measured.lines is not None else None,
    }


def of_missing(row: Row, why: str, *, skipped: bool, seconds: float, load: float) -> Record:
    """The record of a row that was skipped, or that failed."""
    return {**_head(row, seconds, load), "skipped" if skipped else "failed": why}


def write(number: str, record: Record) -> None:
    """Keep the record, in place of an earlier one."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{number}.json").write_text(json.dumps(record, indent=1) + "\n")


def read(number: str) -> Record | None:
    """The last record of a row, if there is one."""
    file = RESULTS / f"{number}.json"
    return json.loads(file.read_text()) if file.exists() else None


def write_soak(said: Record) -> None:
    """Keep what a soak came to, in place of an earlier one."""
    write("soak", said)


def read_soak() -> Record | None:
    """The last soak, if there is one: `minutes`, `before` and `after` of each quantity, `grown`."""
    return read("soak")


def figures_of(record: Record) -> list[Figure]:
    """The record's figures; none for a row that failed."""
    return [_figure(said) for said in record.get("figures", ())]


def lines_of(record: Record) -> Lines | None:
    """The record's curves, if it has any."""
    said = record.get("lines")
    return Lines(**said) if said else None


def _head(row: Row, seconds: float, load: float) -> Record:
    return {
        "row": row.number,
        "title": row.title,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "load_before": round(load, 2),
        "machine": machine.describe(),
    }


def _plain(figure: Figure) -> Record:
    ratio = figure.ratio
    return {
        **asdict(figure),
        "ratio": None if math.isnan(ratio) else ratio,
        "met": figure.is_met,
    }


def _figure(said: Mapping[str, Any]) -> Figure:
    target = said["target"]
    fields = {name: said[name] for name in ("name", "unit", "ours", "against", "theirs")}
    return Figure(
        **fields,
        target=Target(**{**target, "of": Of(target["of"])}) if target is not None else None,
    )
