"""What this package adds to the time that a server takes to start."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import STOCK
from tests.support.processes import Process, jupyter_server

from .gateways import Gateways
from .results import Findings, Measured

PROVIDERS = 20
PLAIN = "stock"
ALONE = "ours"
MANY = f"ours, {PROVIDERS} providers"
SILENT = f"ours, {PROVIDERS} silent providers"
BOTH = "jupyter_server.serverapp, kernel_providers_ext.extension"
TITLE = "The start of a server"
INTRO = """
From the start of the process to the first answer of `GET /api`, and the CPU that it took until
then. The import is that of all that a server with this package imports, in a process of its own.
"""


async def run(rounds: int, folder: Path) -> Findings:
    """Start servers in turn."""
    first, cpu = Measured("until the first answer", "ms"), Measured("CPU until then", "ms")
    imports = Measured("import", "ms")
    async with Gateways(PROVIDERS, 10) as well, Gateways(PROVIDERS, 10) as silent:
        await silent.silence(PROVIDERS)
        servers = {
            PLAIN: jupyter_server(folder / "plain", token="token-of-plain", config=STOCK),
            ALONE: jupyter_server(folder / "alone", token="token-of-alone"),
            MANY: _with_providers(folder / "many", well),
            SILENT: _with_providers(folder / "silent", silent),
        }
        for _ in range(4 * rounds):
            for name, server in random.sample([*servers.items()], len(servers)):
                begun = time.perf_counter()
                try:
                    await asyncio.to_thread(server.start, 0.002)
                    first.add(name, time.perf_counter() - begun)
                    cpu.add(name, server.cpu_time())
                finally:
                    await asyncio.to_thread(server.stop)
            imports.add(PLAIN, await _import("jupyter_server.serverapp", folder))
            imports.add(ALONE, await _import(BOTH, folder))
    targets = [
        one.target(f"{one.what}, {name} by stock", name, PLAIN, 1.05)
        for one, name in (
            (first, ALONE),
            (cpu, ALONE),
            (imports, ALONE),
            (first, MANY),
            (first, SILENT),
        )
    ]
    return Findings(TITLE, INTRO, [*servers], [first, cpu, imports], targets)


async def _import(modules: str, folder: Path) -> float:
    begun = time.perf_counter()
    command = [sys.executable, "-c", f"import {modules}"]
    await asyncio.to_thread(subprocess.run, command, check=True, cwd=folder)
    return time.perf_counter() - begun


def _with_providers(folder: Path, gateways: Gateways) -> Process:
    server = jupyter_server(folder, token="token-of-the-server")
    gateways.declare(server)
    return server
