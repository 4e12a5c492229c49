"""
How fast a server answers while a provider has a fault, compared with when it has none.

    python -m bench.faults [--rounds 4] [--json timings.json] [--markdown docs/fault-timings.md]

A Kernel Gateway is behind a proxy that has one fault after another. Measured are the lists of the
REST API and a cell in a local kernel, of a server with that gateway and a healthy one as kernel
providers, and in the same run of its peers: Jupyter Server with --gateway-url, and with
kernels-mixer, which is installed into .venv/peers. Each has a notebook with a kernel there. With
and without the fault is measured in turns, and the medians are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

from tests.support.processes import Process, declare, jupyter_server

from .baselines import MIXER, REMOTE, gateway, version_of_mixer, with_gateway_url, with_mixer
from .proxy import NAMES, Proxy
from .system_under_test import CELL, LISTS, PATIENCE, Sample, Subject

SAMPLES = 12  # of each in a turn
OURS = "kernel-providers-ext"
STOCK_NAME = "--gateway-url"
TITLES = {
    OURS: "This package",
    STOCK_NAME: "Jupyter Server with `--gateway-url`",
    MIXER: "Jupyter Server with kernels-mixer",
}


@dataclass
class Comparison:
    """What one server has taken for one thing, in seconds, or a word for what has come instead."""

    without: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    word: str = ""

    @property
    def ratio(self) -> float:
        """How many times as long it takes with the fault."""
        return median(self.during) / median(self.without)

    def take(self, sample: Sample, *, is_faulty: bool) -> None:
        """Add a sample."""
        if isinstance(sample, str):
            self.word = sample
        else:
            (self.during if is_faulty else self.without).append(sample)

    def __str__(self) -> str:
        if self.word:
            return f"**{self.word}**"
        low, _, high = (q / median(self.without) for q in quantiles(self.during, n=4))
        return f"{self.ratio:.2f} ({low:.2f}–{high:.2f})"


@dataclass
class Row:
    """What one server has done in one fault."""

    server: str
    fault: str
    comparisons: dict[str, Comparison]
    is_whole: bool = True

    def __str__(self) -> str:
        cells = [str(self.comparisons.get(what, "–")) for what in (*LISTS, CELL)]
        after = "as before" if self.is_whole else "**lost**"
        return f"| {' | '.join([self.fault, *cells, after])} |"

    @property
    def answered(self) -> list[str]:
        """What has always been answered so far."""
        return [what for what, comparison in self.comparisons.items() if not comparison.word]


async def compare(subject: Subject, way: Proxy, fault: str, rounds: int) -> Row:
    """Measure a server with and without a fault, in turns."""
    row = Row(subject.name, fault, {what: Comparison() for what in subject.measured})
    for number in range(rounds):
        await measure(subject, row, is_faulty=False)
        await way.have(fault)
        asking = asyncio.create_task(subject.ask_again())
        if number % 2:  # measured is what is so while the gateway is asked, and afterwards
            await asking
        await measure(subject, row, is_faulty=True)
        await asking
        await way.have("")
        row.is_whole = await subject.recover()
        if not row.is_whole:  # what has been lost once is lost
            break
    return row


async def measure(subject: Subject, row: Row, *, is_faulty: bool) -> None:
    """Take samples of all that has answered so far."""
    # Some may hang, and so they are asked for together first, which is not counted.
    whats = row.answered
    for what, sample in zip(whats, await asyncio.gather(*map(subject.sample, whats)), strict=True):
        if isinstance(sample, str):
            row.comparisons[what].word = sample
    for _ in range(SAMPLES):
        for what in row.answered:
            row.comparisons[what].take(await subject.sample(what), is_faulty=is_faulty)


def ours(folder: Path, url: str, well: Process) -> Subject:
    """Return a server with a provider behind a proxy, and one that is well."""
    server = jupyter_server(folder, token="token-of-ours")
    settings = {
        "token": {"value": well.token},
        "refresh_interval": 1,
        "timeouts": {"connect": 2, "request": 3, "start": 10},
    }
    declare(server, "faulty", {**settings, "url": url})
    declare(server, "well", {**settings, "url": well.url})
    return Subject(OURS, server, f"faulty/{REMOTE}", "python3")


def stock(folder: Path, url: str, well: Process) -> Subject:
    """Return a server that is started with --gateway-url."""
    return Subject(STOCK_NAME, with_gateway_url(folder, url, well.token), REMOTE)


def mixer(folder: Path, url: str, well: Process) -> Subject:
    """Return a server with kernels-mixer."""
    return Subject(MIXER, with_mixer(folder, url, well.token), REMOTE, "python3")


async def run(rounds: int, faults: Sequence[str], folder: Path) -> list[Row]:
    """Measure everything."""
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        well = gateway(folder / "gateway")
        stack.callback(well.stop)
        await asyncio.to_thread(well.start)
        subjects: list[tuple[Subject, Proxy]] = []
        for make in (ours, stock, mixer):
            way = Proxy(well.url)
            await way.open()
            stack.push_async_callback(way.close)
            subject = make(folder / make.__name__, way.url, well)
            await subject.open()
            stack.push_async_callback(subject.close)
            subjects.append((subject, way))
        for fault in faults:
            for subject, way in subjects:
                rows.append(await compare(subject, way, fault, rounds))
                print(f"{subject.name:20} {rows[-1]}", flush=True)
    return rows


def worst(rows: Iterable[Row]) -> str:
    """Return a sentence about the worst of ours."""
    found = [
        (comparison.word, 0 if comparison.word else comparison.ratio, what, row.fault)
        for row in rows
        for what, comparison in row.comparisons.items()
        if row.server == OURS
    ]
    word, ratio, what, fault = max(found)
    return f"The worst of ours: {word or f'{ratio:.2f}'}, {what} in the fault “{fault}”."


def document(rows: Sequence[Row], rounds: int) -> str:
    """Return all of it as Markdown."""
    versions = [f"{name} {version(name)}" for name in ("jupyter_server", "jupyter_kernel_gateway")]
    made_with = ", ".join([*versions, f"{MIXER} {version_of_mixer()}"])
    text = f"""# While a provider has a fault

How many times as long a server takes to answer while a Kernel Gateway has a fault, as when it has
none: the ratio of the medians of {rounds * SAMPLES} samples each, taken in turns, and in
parentheses the quartiles with the fault, over the same median. Where there was no such answer, a
word says what there was: a status, *incomplete* where something was missing in it, *hangs* where
nothing came within {PATIENCE:.0f} seconds. The last column tells whether the notebook and its
kernel at the gateway were there when the fault was over.

Made by `python -m bench.faults` with {made_with}, Python {platform.python_version()}, on
{os.cpu_count()} cores. {worst(rows)}
"""
    for server in dict.fromkeys(row.server for row in rows):
        text += f"\n## {TITLES[server]}\n\n| fault | {' | '.join((*LISTS, CELL))} | afterwards |\n"
        text += "|---" * (len(LISTS) + 3) + "|\n"
        own = [row for row in rows if row.server == server]
        text += "".join(f"{line}\n" for line in (baseline(own), *own))
    return text


def baseline(rows: Sequence[Row]) -> str:
    """Return a line with the milliseconds that it takes without a fault."""
    cells = []
    for what in (*LISTS, CELL):
        samples = [
            s for row in rows if what in row.comparisons for s in row.comparisons[what].without
        ]
        cells.append(f"{1000 * median(samples):.1f} ms" if samples else "–")
    return f"| none | {' | '.join(cells)} | |"


def main() -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", default="", help="the faults with this in their name")
    parser.add_argument("--json", type=Path, help="a file for all samples")
    parser.add_argument("--markdown", type=Path, help="a file for the tables")
    arguments = parser.parse_args()
    faults = [fault for fault in NAMES if arguments.only in fault]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(run(arguments.rounds, faults, Path(folder)))
    print(worst(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows]))
    if arguments.markdown:
        arguments.markdown.write_text(document(rows, arguments.rounds), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
