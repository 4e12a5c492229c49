"""What has been measured: samples by what is measured and by who did it, and what is wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

#: Milliseconds and so on, each as a factor of the unit in which samples are.
UNITS = {"ms": 1e3, "%": 100.0, "kB": 1e-3, "": 1.0}


@dataclass
class Series:
    """Samples of one thing by one contender, in seconds, bytes or numbers; or why there is none."""

    samples: list[float] = field(default_factory=list)
    word: str = ""

    @property
    def median(self) -> float:
        """The median of the samples; NaN, which meets no target, where something failed."""
        return median(self.samples) if self.samples and not self.word else math.nan


@dataclass
class Measured:
    """One thing that was measured, in a unit, by contender."""

    what: str
    unit: str
    series: dict[str, Series] = field(default_factory=dict)

    def add(self, who: str, sample: float | str) -> None:
        """Add a sample, or a word for why there is none."""
        series = self.series.setdefault(who, Series())
        if isinstance(sample, str):
            series.word = sample
        else:
            series.samples.append(sample)

    def has_failed(self, who: str) -> bool:
        """Tell whether there is a word instead of samples."""
        return who in self.series and bool(self.series[who].word)

    def cell(self, who: str) -> str:
        """Return the median as a person wants to read it."""
        series = self.series.get(who)
        if series is None:
            return "–"
        if series.word:
            return f"**{series.word}**"
        return f"{number(series.median * UNITS[self.unit])} {self.unit}".strip()

    def target(
        self, what: str, who: str, to: str, limit: float, *, at_least: bool = False
    ) -> Target:
        """
        Return what is wanted of a contender's samples by those of another.

        Each is divided by the one that was taken in the same turn: a machine that is slower for a
        while is so for both.
        """
        one, other = self.series[who], self.series[to]
        if one.word or other.word:
            return Target(what, math.nan, limit, at_least=at_least)
        ratios = [a / b for a, b in zip(one.samples, other.samples, strict=True)]
        quartiles = quantiles(ratios)[::2] if len(ratios) > 1 else []
        return Target(what, median(ratios), limit, at_least=at_least, quartiles=quartiles)


@dataclass(frozen=True)
class Target:
    """What is wanted, and what was found; half of the ratios lie between the quartiles."""

    what: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False
    quartiles: Sequence[float] = ()

    @property
    def is_met(self) -> bool:
        """Whether the value is within its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        value, limit = (number(one * UNITS[self.unit]) for one in (self.value, self.limit))
        unit = f" {self.unit}".rstrip()
        met = "yes" if self.is_met else "**no**"
        half = " to ".join(map(number, self.quartiles))
        return f"| {self.what} | {value}{unit} | {half} | {sign} {limit}{unit} | {met} |"


@dataclass
class Curves:
    """How something grows along with something else: lines of points, by what is measured."""

    along: str
    unit: str
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    #: Why points are missing, as sentences.
    remarks: list[str] = field(default_factory=list)

    def add(self, what: str, x: float, y: float) -> None:
        """Add a point to a line."""
        self.lines.setdefault(what, []).append((x, y))

    def document(self) -> str:
        """Return the points as a Markdown table."""
        xs = sorted({x for points in self.lines.values() for x, _ in points})
        heads = " | ".join(f"{x:,.0f}" for x in xs)
        text = f"\n| {self.along} | {heads} |\n|---{'|---' * len(xs)}|\n"
        for what, points in self.lines.items():
            known = dict(points)
            cells = [number(known[x]) if x in known else "–" for x in xs]
            text += f"| {what}, {self.unit} | {' | '.join(cells)} |\n"
        return text + "".join(f"\n{remark}\n" for remark in self.remarks)


@dataclass
class Findings:
    """All that one part of the benchmark has found."""

    title: str
    intro: str
    contenders: Sequence[str] = ()
    measured: list[Measured] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    curves: list[Curves] = field(default_factory=list)
    made_with: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Findings:
        """Return what `dataclasses.asdict` has made a dictionary of."""
        measured = [
            Measured(m["what"], m["unit"], {w: Series(**s) for w, s in m["series"].items()})
            for m in raw["measured"]
        ]
        targets = [Target(**{**t, "value": _or_nan(t["value"])}) for t in raw["targets"]]
        curves = [Curves(**curve) for curve in raw["curves"]]
        return cls(**{**raw, "measured": measured, "targets": targets, "curves": curves})

    def document(self) -> str:
        """Return it as Markdown."""
        text = f"## {self.title}\n\n{self.intro.strip()}\n"
        if self.measured:
            text += f"\n| | {' | '.join(self.contenders)} |\n|---{'|---' * len(self.contenders)}|\n"
            for one in self.measured:
                cells = " | ".join(map(one.cell, self.contenders))
                text += f"| {one.what} | {cells} |\n"
        if self.targets:
            text += "\n| wanted | found | quartiles | limit | met |\n|---|---|---|---|---|\n"
            text += "".join(f"{target}\n" for target in self.targets)
        text += "".join(curves.document() for curves in self.curves)
        return text + f"\n{self.made_with}\n"


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def number(value: float) -> str:
    """Return a number with three figures that count."""
    if math.isnan(value):
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
