"""Draws what has been measured, as SVG."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from .results import UNITS, Curves, Findings, Series

SIZE = (8, 3.2)  # inches
TITLE_WIDTH = 26  # characters
STYLE: Any = {
    "svg.hashsalt": "kernel-providers-ext",  # so that the same figures are the same file
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(findings: Findings, folder: Path, name: str) -> list[Path]:
    """Draw into a folder: bars for what was measured, lines for how it grows; return the files."""
    drawn = []
    with mpl.rc_context(STYLE):
        if findings.measured:
            drawn.append(_save(_bars(findings), folder / f"bench-{name}.svg"))
        for curves in findings.curves:
            what = curves.along.replace(" ", "-")
            drawn.append(_save(_lines(curves), folder / f"bench-{name}-{what}.svg"))
    return drawn


def _bars(findings: Findings) -> Figure:
    """Draw a panel for each thing, with a bar for each contender, from zero."""
    things = findings.measured
    figure, panels = plt.subplots(
        1, len(things), figsize=(2.2 * len(things) + 1.5, SIZE[1]), squeeze=False, sharey=True
    )
    names = list(findings.contenders)
    for panel, thing in zip(panels[0], things, strict=True):
        values = [_value(thing.series.get(name), UNITS[thing.unit]) for name in names]
        colors = ["#1976d2" if name.startswith("ours") else "#9e9e9e" for name in names]
        bars = panel.barh(names, values, color=colors)
        panel.bar_label(bars, [thing.cell(name).replace("**", "") for name in names], padding=2)
        panel.set_title(fill(thing.what.replace("`", ""), TITLE_WIDTH), fontsize=9)
        panel.set_xlim(0, 1.6 * max(*values, 1e-9))
        panel.xaxis.set_visible(False)
    panels[0][0].invert_yaxis()
    return figure


def _value(series: Series | None, factor: float) -> float:
    return series.median * factor if series is not None and not series.word else 0.0


def _lines(curves: Curves) -> Figure:
    figure, axes = plt.subplots(figsize=SIZE)
    for name, points in curves.lines.items():
        axes.loglog(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xlabel(curves.along)
    axes.set_ylabel(curves.unit)
    axes.grid(which="major", alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return path
