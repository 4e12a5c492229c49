"""The results of a benchmark: samples by measurement and setup, targets, and Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

#: The factor from the unit of a sample (seconds, bytes, numbers) to the unit that is shown.
UNITS = {"ms": 1e3, "%": 100.0, "kB": 1e-3, "MB": 1e-6, "": 1.0}


@dataclass
class Series:
    """Samples of one setup, in seconds, bytes or numbers; or the failure that replaces them."""

    samples: list[float] = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> float:
        """The median of the samples; NaN, which misses every target, after a failure."""
        return median(self.samples) if self.samples and not self.failure else math.nan


@dataclass
class Measurement:
    """One quantity in a unit, with a series for each setup."""

    name: str
    unit: str
    series: dict[str, Series] = field(default_factory=dict)

    def add(self, setup: str, sample: float | str) -> None:
        """Add a sample, or the failure that replaces it."""
        series = self.series.setdefault(setup, Series())
        if isinstance(sample, str):
            series.failure = sample
        else:
            series.samples.append(sample)

    def has_failed(self, setup: str) -> bool:
        """Return whether a setup has a failure instead of samples."""
        return setup in self.series and bool(self.series[setup].failure)

    def cell(self, setup: str) -> str:
        """Return the median with its unit, for a table."""
        series = self.series.get(setup)
        if series is None:
            return "–"
        if series.failure:
            return f"**{series.failure}**"
        return f"{number(series.median * UNITS[self.unit])} {self.unit}".strip()

    def ratio_target(
        self, name: str, setup: str, reference: str, limit: float, *, at_least: bool = False
    ) -> Target:
        """
        Return a target for the samples of a setup divided by those of a reference.

        Each sample is divided by the reference's sample of the same turn, because the machine's
        speed varies over time and then affects both.
        """
        series, other = self.series[setup], self.series[reference]
        if series.failure or other.failure:
            return Target(name, math.nan, limit, at_least=at_least)
        ratios = [a / b for a, b in zip(series.samples, other.samples, strict=True)]
        quartiles = quantiles(ratios)[::2] if len(ratios) > 1 else []
        return Target(name, median(ratios), limit, at_least=at_least, quartiles=quartiles)


@dataclass(frozen=True)
class Target:
    """A limit and the value that was measured; half of the ratios lie between the quartiles."""

    name: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False
    quartiles: Sequence[float] = ()

    @property
    def is_met(self) -> bool:
        """Whether the value is within the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        value, limit = (number(one * UNITS[self.unit]) for one in (self.value, self.limit))
        unit = f" {self.unit}".rstrip()
        met = "yes" if self.is_met else "**no**"
        quartiles = " to ".join(map(number, self.quartiles))
        return f"| {self.name} | {value}{unit} | {quartiles} | {sign} {limit}{unit} | {met} |"


@dataclass
class Curves:
    """Lines of points that show how cost grows with one quantity, by name."""

    x_label: str
    unit: str
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    #: Sentences that say why points are missing.
    notes: list[str] = field(default_factory=list)

    def add(self, line: str, x: float, y: float) -> None:
        """Add a point to a line."""
        self.lines.setdefault(line, []).append((x, y))

    def markdown(self) -> str:
        """Return the points as a Markdown table."""
        xs = sorted({x for points in self.lines.values() for x, _ in points})
        heads = " | ".join(f"{x:,.0f}" for x in xs)
        text = f"\n| {self.x_label} | {heads} |\n|---{'|---' * len(xs)}|\n"
        for line, points in self.lines.items():
            known = dict(points)
            cells = [number(known[x]) if x in known else "–" for x in xs]
            text += f"| {line}, {self.unit} | {' | '.join(cells)} |\n"
        return text + "".join(f"\n{note}\n" for note in self.notes)


@dataclass
class Results:
    """The results of one part of the benchmarks."""

    title: str
    introduction: str
    setups: Sequence[str] = ()
    measurements: list[Measurement] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    curves: list[Curves] = field(default_factory=list)
    #: The command, the date and the versions.
    environment: str = ""

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Results:
        """Return the results that `dataclasses.asdict` has converted to a dictionary."""
        measurements = [
            Measurement(m["name"], m["unit"], {s: Series(**raw) for s, raw in m["series"].items()})
            for m in raw["measurements"]
        ]
        targets = [Target(**{**t, "value": _or_nan(t["value"])}) for t in raw["targets"]]
        curves = [Curves(**curve) for curve in raw["curves"]]
        return cls(**{**raw, "measurements": measurements, "targets": targets, "curves": curves})

    def markdown(self) -> str:
        """Return the results as Markdown."""
        text = f"## {self.title}\n\n{self.introduction.strip()}\n"
        if self.measurements:
            text += f"\n| | {' | '.join(self.setups)} |\n|---{'|---' * len(self.setups)}|\n"
            for measurement in self.measurements:
                cells = " | ".join(map(measurement.cell, self.setups))
                text += f"| {measurement.name} | {cells} |\n"
        if self.targets:
            text += "\n| target | result | quartiles | limit | met |\n|---|---|---|---|---|\n"
            text += "".join(f"{target}\n" for target in self.targets)
        text += "".join(curves.markdown() for curves in self.curves)
        return text + f"\n{self.environment}\n"


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def number(value: float) -> str:
    """Return a number with three significant figures."""
    if math.isnan(value):
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
