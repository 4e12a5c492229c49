"""The time that a server takes to start, with and without this package."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import STOCK
from tests.support.processes import ServerProcess, jupyter_server

from .gateways import Gateways
from .results import Measurement, Results

PROVIDERS = 20
PLAIN = "stock"
OURS = "ours"
WITH_PROVIDERS = f"ours, {PROVIDERS} providers"
WITH_SILENT = f"ours, {PROVIDERS} silent providers"
SERVER_MODULES = "jupyter_server.serverapp"
ALL_MODULES = f"{SERVER_MODULES}, kernel_providers_ext.extension"
TITLE = "Server start-up"
INTRODUCTION = """
The time from the start of the process to the first answer of `GET /api`, and the CPU time until
then. *import* is the time to import all modules of such a server, in a process of its own.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Start servers in turn."""
    answer = Measurement("time to the first answer", "ms")
    cpu = Measurement("CPU time until then", "ms")
    imports = Measurement("import", "ms")
    async with Gateways(PROVIDERS, 10) as online, Gateways(PROVIDERS, 10) as silent:
        await silent.silence(PROVIDERS)
        servers = {
            PLAIN: jupyter_server(folder / "stock", token="token-of-stock", config=STOCK),
            OURS: jupyter_server(folder / "ours", token="token-of-ours"),
            WITH_PROVIDERS: _with_providers(folder / "online", online),
            WITH_SILENT: _with_providers(folder / "silent", silent),
        }
        for _ in range(4 * rounds):
            for setup, server in random.sample([*servers.items()], len(servers)):
                start = time.perf_counter()
                try:
                    await asyncio.to_thread(server.start, 0.002)
                    answer.add(setup, time.perf_counter() - start)
                    cpu.add(setup, server.cpu_time())
                finally:
                    await asyncio.to_thread(server.stop)
            imports.add(PLAIN, await _import(SERVER_MODULES, folder))
            imports.add(OURS, await _import(ALL_MODULES, folder))
    targets = [
        one.ratio_target(f"{one.name}: {setup} / {PLAIN}", setup, PLAIN, 1.05)
        for one, setup in (
            (answer, OURS),
            (cpu, OURS),
            (imports, OURS),
            (answer, WITH_PROVIDERS),
            (answer, WITH_SILENT),
        )
    ]
    return Results(TITLE, INTRODUCTION, [*servers], [answer, cpu, imports], targets)


async def _import(modules: str, folder: Path) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-c", f"import {modules}"]
    await asyncio.to_thread(subprocess.run, command, check=True, cwd=folder)
    return time.perf_counter() - start


def _with_providers(folder: Path, gateways: Gateways) -> ServerProcess:
    server = jupyter_server(folder, token="token-of-the-server")
    gateways.declare(server)
    return server
