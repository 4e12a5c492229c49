"""Round trips as JupyterLab has them, in Chromium."""

from __future__ import annotations

import json
import subprocess
from asyncio import to_thread
from pathlib import Path

from tests.support.processes import ROOT

from .results import Findings, Measured
from .setups import GATEWAY_URL, OURS, OURS_LOCAL, STOCK_LOCAL, contenders

THEM = (GATEWAY_URL, OURS, STOCK_LOCAL, OURS_LOCAL)
EXPOSED = {"LabApp": {"expose_app_in_browser": True}}
TITLE = "In JupyterLab"
INTRO = """
The same round trips through JupyterLab's own kernel connection, in Chromium: from the request to
its `done`, as a notebook's cell waits for it. kernels-mixer is not among them: it agrees to the
protocol that JupyterLab offers, and then does not answer.
"""


async def run(rounds: int, folder: Path) -> Findings:
    """Measure all in turn, each in a tab of its own."""
    info, executed = Measured("kernel_info", "ms"), Measured("`1+1`", "ms")
    async with contenders(folder, EXPOSED) as them:
        servers = [
            {"name": c.name, "url": c.client.url, "token": c.token, "kernel": c.kernel_name}
            for c in them
            if c.name in THEM
        ]
        command = ["node", "bench/browser.mjs", "talk", str(rounds), json.dumps(servers)]
        lines = (await to_thread(subprocess.check_output, command, cwd=ROOT)).splitlines()
    for line in map(json.loads, lines):
        for measured, key in ((info, "info"), (executed, "execution")):
            for milliseconds in line[key]:
                measured.add(line["name"], milliseconds / 1000)
    targets = [
        one.target(f"{one.what}, {name} by {to}", name, to, limit)
        for one, limit in ((info, 0.2), (executed, 0.25))
        for name, to in ((OURS, GATEWAY_URL), (OURS_LOCAL, STOCK_LOCAL))
    ]
    return Findings(TITLE, INTRO, THEM, [info, executed], targets)
