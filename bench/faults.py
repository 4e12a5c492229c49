"""
Measures a server's response times while a provider has a fault, compared with no fault.

    python -m bench.faults [--rounds 4] [--only text] [--json timings.json]
                           [--markdown docs/benchmarks/fault-timings.md]

A Kernel Gateway is behind a proxy that has one fault after the other. A server has that gateway and
an online one as kernel providers. The benchmark measures the lists of its REST API and a cell in a
local kernel. In the same run it measures two baselines: Jupyter Server with --gateway-url, and with
kernels-mixer, which is installed into .venv/baselines. Each server has a notebook with a kernel at
the gateway. Samples with and without the fault are taken in turns, and their medians are compared.
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

from tests.support.processes import ServerProcess, declare, jupyter_server

from .baselines import (
    MIXER,
    REMOTE_KERNEL,
    gateway,
    mixer_version,
    with_gateway_url,
    with_mixer,
)
from .proxy import NAMES, ProxyProcess
from .system_under_test import CELL, LISTS, TIMEOUT, Sample, SystemUnderTest

SAMPLES = 12  # of each request in a turn
OURS = "kernel-providers-ext"
GATEWAY_URL = "--gateway-url"
TITLES = {
    OURS: "This package",
    GATEWAY_URL: "Jupyter Server with `--gateway-url`",
    MIXER: "Jupyter Server with kernels-mixer",
}


@dataclass
class Comparison:
    """Samples of one request in seconds, without and with a fault; or the failure with it."""

    without: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    failure: str = ""

    @property
    def ratio(self) -> float:
        """The median with the fault, divided by the median without."""
        return median(self.during) / median(self.without)

    def add(self, sample: Sample, *, is_faulty: bool) -> None:
        """Add a sample."""
        if isinstance(sample, str):
            self.failure = sample
        else:
            (self.during if is_faulty else self.without).append(sample)

    def __str__(self) -> str:
        if self.failure:
            return f"**{self.failure}**"
        low, _, high = (q / median(self.without) for q in quantiles(self.during, n=4))
        return f"{self.ratio:.2f} ({low:.2f}–{high:.2f})"


@dataclass
class Row:
    """The comparisons of one server and one fault, by request."""

    server: str
    fault: str
    comparisons: dict[str, Comparison]
    has_recovered: bool = True

    def __str__(self) -> str:
        cells = [str(self.comparisons.get(request, "–")) for request in (*LISTS, CELL)]
        after = "recovered" if self.has_recovered else "**lost**"
        return f"| {' | '.join([self.fault, *cells, after])} |"

    @property
    def answered(self) -> list[str]:
        """The requests that have not failed so far."""
        return [
            request for request, comparison in self.comparisons.items() if not comparison.failure
        ]


async def compare(system: SystemUnderTest, proxy: ProxyProcess, fault: str, rounds: int) -> Row:
    """Measure a server with and without a fault, in turns."""
    row = Row(system.name, fault, {request: Comparison() for request in system.requests})
    for number in range(rounds):
        await measure(system, row, is_faulty=False)
        await proxy.set_fault(fault)
        retry = asyncio.create_task(system.retry())
        if number % 2:  # half of the rounds measure during the retry, half after it
            await retry
        await measure(system, row, is_faulty=True)
        await retry
        await proxy.set_fault("")
        row.has_recovered = await system.recover()
        if not row.has_recovered:  # the other rounds would measure another state
            break
    return row


async def measure(system: SystemUnderTest, row: Row, *, is_faulty: bool) -> None:
    """Take samples of all requests that have not failed so far."""
    # Send all requests at once first, uncounted: requests that hang then share one timeout.
    requests = row.answered
    samples = await asyncio.gather(*map(system.sample, requests))
    for request, sample in zip(requests, samples, strict=True):
        if isinstance(sample, str):
            row.comparisons[request].failure = sample
    for _ in range(SAMPLES):
        for request in row.answered:
            row.comparisons[request].add(await system.sample(request), is_faulty=is_faulty)


def ours(folder: Path, url: str, remote: ServerProcess) -> SystemUnderTest:
    """Return a server with two providers: one behind the proxy, and one without faults."""
    server = jupyter_server(folder, token="token-of-ours")
    settings = {
        "token": {"value": remote.token},
        "refresh_interval": 1,
        "timeouts": {"connect": 2, "request": 3, "start": 10},
    }
    declare(server, "faulty", {**settings, "url": url})
    declare(server, "healthy", {**settings, "url": remote.url})
    return SystemUnderTest(OURS, server, f"faulty/{REMOTE_KERNEL}", "python3")


def gateway_url(folder: Path, url: str, remote: ServerProcess) -> SystemUnderTest:
    """Return a server that is started with --gateway-url."""
    return SystemUnderTest(GATEWAY_URL, with_gateway_url(folder, url, remote.token), REMOTE_KERNEL)


def mixer(folder: Path, url: str, remote: ServerProcess) -> SystemUnderTest:
    """Return a server with kernels-mixer."""
    return SystemUnderTest(MIXER, with_mixer(folder, url, remote.token), REMOTE_KERNEL, "python3")


async def run(rounds: int, faults: Sequence[str], folder: Path) -> list[Row]:
    """Measure all servers with all faults."""
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        remote = gateway(folder / "gateway")
        stack.callback(remote.stop)
        await asyncio.to_thread(remote.start)
        systems: list[tuple[SystemUnderTest, ProxyProcess]] = []
        for make in (ours, gateway_url, mixer):
            proxy = ProxyProcess(remote.url)
            await proxy.open()
            stack.push_async_callback(proxy.close)
            system = make(folder / make.__name__, proxy.url, remote)
            await system.open()
            stack.push_async_callback(system.close)
            systems.append((system, proxy))
        for fault in faults:
            for system, proxy in systems:
                rows.append(await compare(system, proxy, fault, rounds))
                print(f"{system.name:20} {rows[-1]}", flush=True)
    return rows


def worst(rows: Iterable[Row]) -> str:
    """Return a sentence about the worst result of this package."""
    results = [
        (comparison.failure, 0 if comparison.failure else comparison.ratio, request, row.fault)
        for row in rows
        for request, comparison in row.comparisons.items()
        if row.server == OURS
    ]
    failure, ratio, request, fault = max(results)
    worst_result = failure or f"{ratio:.2f}"
    return f"The worst result of this package: {worst_result}, {request} with the fault “{fault}”."


def markdown(rows: Sequence[Row], rounds: int) -> str:
    """Return the page as Markdown."""
    versions = [f"{name} {version(name)}" for name in ("jupyter_server", "jupyter_kernel_gateway")]
    packages = ", ".join([*versions, f"{MIXER} {mixer_version()}"])
    text = f"""# Fault timings

This page compares a server's response times while a Kernel Gateway has a fault with those without a
fault. A ratio divides the median of {rounds * SAMPLES} samples with the fault by the median of as
many without. The samples are taken in turns. The quartiles with the fault, divided by the same
median, are in parentheses.

A failure replaces the ratio: a status; *incomplete* if something was missing in the answer; *hangs*
if there was no answer within {TIMEOUT:.0f} seconds. The last column says whether the notebook and
its kernel at the gateway were there after the fault.

`python -m bench.faults` made this page with {packages}, Python {platform.python_version()}, on
{os.cpu_count()} cores. {worst(rows)}
"""
    for server in dict.fromkeys(row.server for row in rows):
        heads = ("fault", *LISTS, CELL, "after the fault")
        text += f"\n## {TITLES[server]}\n\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|\n"
        own = [row for row in rows if row.server == server]
        text += "".join(f"{line}\n" for line in (without_fault(own), *own))
    return text


def without_fault(rows: Sequence[Row]) -> str:
    """Return a table row with the medians without a fault, in milliseconds."""
    cells = []
    for request in (*LISTS, CELL):
        samples = [
            sample
            for row in rows
            if request in row.comparisons
            for sample in row.comparisons[request].without
        ]
        cells.append(f"{1000 * median(samples):.1f} ms" if samples else "–")
    return f"| none | {' | '.join(cells)} | |"


def main() -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", default="", help="only faults with this text in their name")
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
        arguments.markdown.write_text(markdown(rows, arguments.rounds), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
