"""Round trips through JupyterLab, in Chromium."""

from __future__ import annotations

import json
import subprocess
from asyncio import to_thread
from pathlib import Path

from tests.support.processes import ROOT

from .results import Measurement, Results
from .setups import GATEWAY_URL, OURS, OURS_LOCAL, STOCK_LOCAL, running_setups

SETUPS = (GATEWAY_URL, OURS, STOCK_LOCAL, OURS_LOCAL)
EXPOSE_APP = {"LabApp": {"expose_app_in_browser": True}}
TITLE = "In JupyterLab"
INTRODUCTION = """
The same round trips through JupyterLab's own kernel connection, in Chromium. A time is from the
request to its `done`, as for a notebook's cell. kernels-mixer is left out: it accepts the protocol
that JupyterLab offers, and then sends no reply.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Measure all setups in turn, each in its own tab."""
    info, execution = Measurement("kernel_info", "ms"), Measurement("`1+1`", "ms")
    async with running_setups(folder, EXPOSE_APP) as setups:
        servers = [
            {"name": s.name, "url": s.client.url, "token": s.token, "kernel": s.kernel_name}
            for s in setups
            if s.name in SETUPS
        ]
        command = ["node", "bench/browser.mjs", "roundtrip", str(rounds), json.dumps(servers)]
        lines = (await to_thread(subprocess.check_output, command, cwd=ROOT)).splitlines()
    for line in map(json.loads, lines):
        for measurement, key in ((info, "info"), (execution, "execution")):
            for milliseconds in line[key]:
                measurement.add(line["name"], milliseconds / 1000)
    targets = [
        one.ratio_target(f"{one.name}: {setup} / {reference}", setup, reference, limit)
        for one, limit in ((info, 0.2), (execution, 0.25))
        for setup, reference in ((OURS, GATEWAY_URL), (OURS_LOCAL, STOCK_LOCAL))
    ]
    return Results(TITLE, INTRODUCTION, SETUPS, [info, execution], targets)
