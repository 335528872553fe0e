"""One plot for each row: its curves where it has any, else ours beside theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from bench.figures import Figure, Lines

_OURS: Final = "#0b62a3"
_THEIRS: Final = "#c8792b"
_FAR_APART: Final = 30.0
"""Ratio from which a linear scale would show one of two bars as nothing."""


def draw(title: str, figures: Sequence[Figure], lines: Lines | None, file: Path) -> None:
    """Write the row's plot as SVG; the same figures give the same bytes."""
    mpl.rcParams["svg.hashsalt"] = title
    canvas = Canvas(figsize=(7.2, 3.2 if lines is not None else 0.9 + 0.75 * len(figures)))
    axes: Any = canvas.add_subplot()
    if lines is not None:
        _curves(axes, lines)
    else:
        _bars(axes, figures)
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    canvas.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(file, format="svg", metadata={"Date": None})
    text = "\n".join(line.rstrip() for line in file.read_text().splitlines())
    file.write_text(text + "\n")


def _curves(axes: Any, lines: Lines) -> None:
    for name, points in lines.points.items():
        marker = "o" if len(points) < 20 else None
        axes.plot([x for x, _y in points], [y for _x, y in points], label=name, marker=marker)
    axes.set_xlabel(lines.x)
    axes.set_ylabel(lines.y)
    if lines.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)


def _bars(axes: Any, figures: Sequence[Figure]) -> None:
    """Horizontal bars, two for a figure that has something beside it; units are in the labels."""
    labels, values, colours = [], [], []
    for figure in reversed(figures):
        if figure.theirs is not None:
            labels.append(f"{figure.against} ({figure.unit})")
            values.append(figure.theirs)
            colours.append(_THEIRS)
        labels.append(f"{figure.name} ({figure.unit})")
        values.append(figure.ours)
        colours.append(_OURS)
    places = range(len(values))
    axes.barh(places, values, color=colours)
    axes.set_yticks(places, labels, fontsize=8)
    positive = [value for value in values if value > 0]
    if positive and max(positive) / min(positive) > _FAR_APART:
        axes.set_xscale("log")
    for place, value in zip(places, values, strict=True):
        axes.annotate(f" {value:.4g}", (value, place), va="center", fontsize=8)
    axes.margins(x=0.15)
