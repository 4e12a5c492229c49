"""What this package adds to the time that a server takes to start."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import STOCK
from tests.processes import Process, declare, jupyter_server

from .findings import Findings, Measured, Target
from .gateways import Gateways

PROVIDERS = 20
PLAIN = "without this package"
ALONE = "with it"
MANY = f"with {PROVIDERS} providers"
SILENT = f"with {PROVIDERS} silent providers"
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
                await asyncio.to_thread(server.start)
                first.add(name, time.perf_counter() - begun)
                cpu.add(name, server.cpu_time())
                await asyncio.to_thread(server.stop)
            imports.add(PLAIN, await _import("jupyter_server.serverapp"))
            imports.add(ALONE, await _import("jupyter_server.serverapp, kernel_providers_ext.app"))
    targets = [
        Target(f"{one.what}, {name} by without", one.ratio(name, PLAIN), 1.05)
        for one, name in ((first, ALONE), (cpu, ALONE), (first, SILENT), (imports, ALONE))
    ]
    return Findings(TITLE, INTRO, [*servers], [first, cpu, imports], targets)


async def _import(modules: str) -> float:
    begun = time.perf_counter()
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", f"import {modules}"], check=True)
    return time.perf_counter() - begun


def _with_providers(folder: Path, gateways: Gateways) -> Process:
    server = jupyter_server(folder, token="token-of-the-server")
    for number, url in enumerate(gateways.urls):
        declare(server, f"place-{number}", {"url": url})
    return server
