"""
How fast it is, beside other ways to the same kernels.

    ./scripts/bench [--rounds 5] [--into docs] [part …]

Prints tables, and writes `benchmarks.json` (all samples), `benchmarks.md` and figures. Parts that
are not run keep what they had found before.
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
    startup,
)
from . import (
    load as crowd,
)
from . import (
    polling as idle,
)
from . import (
    roundtrip as talk,
)
from . import (
    scaling as growth,
)
from .baselines import MIXER, version_of_mixer
from .charts import draw
from .results import Findings

PARTS = {
    "talk": talk.run,
    "browser": browser.run,
    "lists": lists.run,
    "startup": startup.run,
    "crowd": crowd.run,
    "launcher": launcher.run,
    "growth": growth.run,
    "idle": idle.run,
}
HEAD = """# Benchmarks

Made by `./scripts/bench`, which runs everything on one machine and compares what ran in the same
minutes; all samples are in [benchmarks.json](benchmarks.json). A ratio that was found is the median
of those of all turns, half of which lie between its quartiles: where these are further apart than
the ratio and its limit, the machine's noise is larger than what is asked for, and only many turns
tell. What a hub's gateways have to bear is [worked out](hub-load.md) from these figures; what they
do not say by themselves stands in [where the time goes](performance.md). How fast everything is
while a provider has a fault: [fault timings](fault-timings.md).
"""


def main() -> int:
    """Parse the command line, run, and return the exit code: 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all, where none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--into", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    store = arguments.into / "benchmarks.json"
    known = json.loads(store.read_text()) if store.exists() else {}
    missed = 0
    gc.freeze()  # else each look at all that is imported would be part of some sample
    for part in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            findings = asyncio.run(PARTS[part](arguments.rounds, Path(folder)))
        findings.made_with = _circumstances(part, arguments.rounds)
        print(findings.document(), flush=True)
        missed += sum(not target.is_met for target in findings.targets)
        known[part] = _rounded(asdict(findings))
        store.write_text(json.dumps(known, separators=(",", ":")) + "\n")
        _write(known, arguments.into)
    return 1 if missed else 0


def _write(known: dict[str, dict[str, object]], folder: Path) -> None:
    text = HEAD
    for part in (part for part in PARTS if part in known):
        findings = Findings.of(known[part])
        text += f"\n{findings.document()}"
        for figure in draw(findings, folder, part):
            text += f"\n![{findings.title}]({figure.name})\n"
    (folder / "benchmarks.md").write_text(text, "utf-8")


def _circumstances(part: str, rounds: int) -> str:
    packages = ("jupyter_server", "jupyter_kernel_gateway", "jupyterlab", "aiohttp", "tornado")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"`./scripts/bench --rounds {rounds} {part}`, {date.today()}: {versions}, {MIXER} "
        f"{version_of_mixer()}, Python {platform.python_version()}, {platform.system()}, "
        f"{os.cpu_count()} cores."
    )


def _rounded(value: object) -> object:
    """Return the value with four figures that count in each number: more are noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    sys.exit(main())
