"""
Measures response times, compared with other ways to reach the same kernels.

    ./scripts/bench [--rounds 5] [--into docs/benchmarks] [part …]

Prints tables, and writes `benchmarks.json` (all samples), `benchmarks.md` and figures. Parts that
do not run keep their previous results.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path

from . import (
    browser,
    launcher,
    lists,
    load,
    notebooks,
    polling,
    roundtrip,
    scaling,
    startup,
    untrusted,
)
from .baselines import MIXER, mixer_version
from .charts import draw
from .results import Results

PARTS = {
    "roundtrip": roundtrip.run,
    "browser": browser.run,
    "lists": lists.run,
    "startup": startup.run,
    "load": load.run,
    "launcher": launcher.run,
    "notebooks": notebooks.run,
    "scaling": scaling.run,
    "polling": polling.run,
    "untrusted": untrusted.run,
}
HEAD = """# Benchmarks

`./scripts/bench` makes this page. It runs everything on one machine and compares samples that were
taken in the same minutes. [benchmarks.json](benchmarks.json) has all samples.

In the tables, *ours* is Jupyter Server with this package, and *stock* is Jupyter Server without it.
A ratio is the median of the ratios of all turns. Half of these ratios lie between the quartiles. If
the quartiles are further apart than the ratio and its limit, the machine's noise is larger than the
difference, and only many turns give an answer.

- [Load on a hub's gateways](../admin/hub-load.md): an estimate from these results
- [Where the time goes](where-the-time-goes.md): an explanation of these results
- [Fault timings](fault-timings.md): response times while a provider has a fault
"""


def main() -> int:
    """Parse the command line, run the parts, and return the exit code: 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=(__doc__ or "").strip().splitlines()[0]
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="part",
        choices=[[], *PARTS],
        help=f"{', '.join(PARTS)}; all parts by default",
    )
    parser.add_argument("--rounds", type=int, default=5, help="more rounds take more samples")
    parser.add_argument("--into", type=Path, default=Path("docs/benchmarks"), help="a folder")
    arguments = parser.parse_args()
    json_path = arguments.into / "benchmarks.json"
    known = json.loads(json_path.read_text()) if json_path.exists() else {}
    missed = 0
    gc.freeze()  # else each collection visits all imported objects, during some sample
    for part in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            results = asyncio.run(PARTS[part](arguments.rounds, Path(folder)))
        results.environment = _environment(part, arguments.rounds)
        print(results.markdown(), flush=True)
        missed += sum(not target.is_met for target in results.targets)
        known[part] = _rounded(asdict(results))
        json_path.write_text(json.dumps(known, separators=(",", ":")) + "\n")
        write_page(known, arguments.into)
    return 1 if missed else 0


def write_page(known: dict[str, dict[str, object]], folder: Path) -> None:
    """Write `benchmarks.md` and the figures from the contents of `benchmarks.json`."""
    text = HEAD
    for part in (part for part in PARTS if part in known):
        results = Results.from_dict(known[part])
        text += f"\n{results.markdown()}"
        for figure in draw(results, folder, part):
            text += f"\n![{results.title}]({figure.name})\n"
    (folder / "benchmarks.md").write_text(text, "utf-8")


def _environment(part: str, rounds: int) -> str:
    packages = ("jupyter_server", "jupyter_kernel_gateway", "jupyterlab", "aiohttp", "tornado")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"`./scripts/bench --rounds {rounds} {part}`, {date.today()}: {versions}, {MIXER} "
        f"{mixer_version()}, Python {platform.python_version()}, {platform.system()}, "
        f"{os.cpu_count()} cores."
    )


def _rounded(value: object) -> object:
    """Return the value with four significant figures in each number; more are noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    sys.exit(main())
