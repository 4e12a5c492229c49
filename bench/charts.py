"""Draws results as SVG."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from .results import UNITS, Curves, Results, Series

SIZE = (8, 3.2)  # inches
TITLE_WIDTH = 26  # characters
STYLE: Any = {
    "svg.hashsalt": "kernel-providers-ext",  # the same results give the same file
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(results: Results, folder: Path, name: str) -> list[Path]:
    """
    Draw results into a folder and return the files.

    Measurements become ``<name>.svg`` with bars, and each set of curves a file with lines.
    """
    drawn = []
    with mpl.rc_context(STYLE):
        if results.measurements:
            drawn.append(_save(_bars(results), folder / f"{name}.svg"))
        for curves in results.curves:
            x_label = curves.x_label.replace(" ", "-")
            drawn.append(_save(_lines(curves), folder / f"{name}-{x_label}.svg"))
    return drawn


def _bars(results: Results) -> Figure:
    """Draw a panel for each measurement, with a bar for each setup, from zero."""
    measurements = results.measurements
    figure, panels = plt.subplots(
        1,
        len(measurements),
        figsize=(2.2 * len(measurements) + 1.5, SIZE[1]),
        squeeze=False,
        sharey=True,
    )
    setups = list(results.setups)
    for panel, measurement in zip(panels[0], measurements, strict=True):
        values = [_value(measurement.series.get(one), UNITS[measurement.unit]) for one in setups]
        colors = ["#1976d2" if setup.startswith("ours") else "#9e9e9e" for setup in setups]
        bars = panel.barh(setups, values, color=colors)
        labels = [measurement.cell(setup).replace("**", "") for setup in setups]
        panel.bar_label(bars, labels, padding=2)
        panel.set_title(fill(measurement.name.replace("`", ""), TITLE_WIDTH), fontsize=9)
        panel.set_xlim(0, 1.6 * max(*values, 1e-9))
        panel.xaxis.set_visible(False)
    panels[0][0].invert_yaxis()
    return figure


def _value(series: Series | None, factor: float) -> float:
    return series.median * factor if series is not None and not series.failure else 0.0


def _lines(curves: Curves) -> Figure:
    figure, axes = plt.subplots(figsize=SIZE)
    for name, points in curves.lines.items():
        axes.loglog(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xlabel(curves.x_label)
    axes.set_ylabel(curves.unit)
    axes.grid(which="major", alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return path
