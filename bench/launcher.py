"""The launcher with many kernels, see `launcher.mjs`."""

from __future__ import annotations

import json
import subprocess
from asyncio import to_thread
from pathlib import Path

from tests.support.processes import ROOT

from .results import Findings, Measured, Target

KERNELS = 1_000
STOCK, OURS = "JupyterLab's own", "ours"
FRAME = 1 / 60  # seconds
TITLE = "The launcher"
INTRO = f"""
With {KERNELS:,} kernelspecs of one provider, in Chromium: from the command to the frame with all
the cards; the same for drawing an open one anew; and from a key in the search box, which
JupyterLab's own has not, to the frame with what is found.
"""


async def run(rounds: int, _: Path) -> Findings:
    """Open both launchers in turn."""
    opened, redraw = Measured("open", "ms"), Measured("draw anew", "ms")
    search = Measured("a key in the search box", "ms")
    command = ["node", "bench/launcher.mjs", str(KERNELS), str(3 * rounds)]
    times = json.loads(await to_thread(subprocess.check_output, command, cwd=ROOT))
    for measured, who, key in (
        (opened, STOCK, "stock"),
        (opened, OURS, "ours"),
        (redraw, STOCK, "redraw"),
        (search, OURS, "search"),
    ):
        for milliseconds in times[key]:
            measured.add(who, milliseconds / 1000)
    limit = redraw.series[STOCK].median + FRAME
    targets = [
        opened.target("open, ours by JupyterLab's own", OURS, STOCK, 1.0),
        Target("a key, by the stock redraw and a frame", search.series[OURS].median, limit, "ms"),
    ]
    return Findings(TITLE, INTRO, [STOCK, OURS], [opened, redraw, search], targets)
