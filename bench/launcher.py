"""The launcher and the kernel picker with many kernels; `launcher.mjs` measures."""

from __future__ import annotations

import json
import subprocess
from asyncio import to_thread
from pathlib import Path

from tests.support.processes import ROOT

from .results import Measurement, Results, Target

KERNELS = 1_000
STOCK, OURS = "stock", "ours"
FRAME = 1 / 60  # seconds
NOTICEABLE = 0.1  # seconds
TITLE = "Launcher and kernel picker"
INTRODUCTION = f"""
With {KERNELS:,} kernelspecs of one provider, in Chromium. *open* is the time from the command to
the frame with all cards, or with the list's first kernels, *redraw* the time to draw an open
launcher again. *show all* is the time from the click to the frame with all kernels of the list, and
*search* the time from a key in the search field to the frame with the results. *picker, open* and
*picker, one key* are the same for the kernel picker. JupyterLab's own launcher and picker have no
search; its picker is one menu of the browser.
"""


async def run(rounds: int, _: Path) -> Results:
    """Open both launchers in turn."""
    opening, redraw = Measurement("open", "ms"), Measurement("redraw", "ms")
    search, whole = Measurement("search, one key", "ms"), Measurement("show all", "ms")
    picker, key = Measurement("picker, open", "ms"), Measurement("picker, one key", "ms")
    command = ["node", "bench/launcher.mjs", str(KERNELS), str(3 * rounds)]
    times = json.loads(await to_thread(subprocess.check_output, command, cwd=ROOT))
    for measurement, setup, samples in (
        (opening, STOCK, times["stock"]),
        (opening, OURS, times["ours"]),
        (redraw, STOCK, times["redraw"]),
        (whole, OURS, times["all"]),
        (search, OURS, times["search"]),
        (picker, STOCK, times["picker"]["stock"]),
        (picker, OURS, times["picker"]["ours"]),
        (key, OURS, times["picker"]["filter"]),
    ):
        for milliseconds in samples:
            measurement.add(setup, milliseconds / 1000)
    limit = redraw.series[STOCK].median + FRAME
    targets = [
        opening.ratio_target("open: ours / stock", OURS, STOCK, 1.0),
        Target(
            "search, one key: at most a stock redraw and a frame",
            search.series[OURS].median,
            limit,
            "ms",
        ),
        Target(
            "picker, open: at most a stock one and what people notice",
            picker.series[OURS].median,
            picker.series[STOCK].median + NOTICEABLE,
            "ms",
        ),
    ]
    measurements = [opening, redraw, whole, search, picker, key]
    return Results(TITLE, INTRODUCTION, [STOCK, OURS], measurements, targets)
