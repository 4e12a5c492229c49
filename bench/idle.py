"""What providers are asked, and what the server does, while nobody does anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.client import Client
from tests.processes import Process, declare, jupyter_server

from .findings import Findings, Measured, Target
from .gateways import Gateways
from .peers import ROOT

PROVIDERS, KERNELSPECS, TABS = 50, 20, 3
MINUTES = 10  # for which it is watched, each time
SETTLED = 240.0  # seconds after which the server knows that nobody is there any more
NOBODY, SOMEBODY = "no tab is open", f"{TABS} tabs are open"
TITLE = "Nobody does anything"
INTRO = f"""
A server with {PROVIDERS} providers of {KERNELSPECS} kernelspecs each, watched for {MINUTES} minutes
with JupyterLab open in {TABS} tabs of Chromium, and for as long with none.
"""


async def run(_: int, folder: Path) -> Findings:
    """Watch for a while."""
    asked, bodies = (
        Measured("requests to each provider, a minute", ""),
        Measured("of them answered with a body", ""),
    )
    load = Measured("CPU of the server, of a core", "%")
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(Gateways(PROVIDERS, KERNELSPECS))
        server = jupyter_server(folder / "server", token="token-of-the-server")
        for number, url in enumerate(gateways.urls):
            declare(server, f"place-{number}", {"url": url})
        stack.callback(server.stop)
        await asyncio.to_thread(server.start)

        async def watch(name: str) -> None:
            await gateways.asked()
            cpu = server.cpu_time()
            await asyncio.sleep(60 * MINUTES)
            counts = await gateways.asked()
            asked.add(name, sum(counts.values()) / PROVIDERS / MINUTES)
            full = sum(n for what, n in counts.items() if what.startswith("200"))
            bodies.add(name, full / PROVIDERS / MINUTES)
            load.add(name, (server.cpu_time() - cpu) / 60 / MINUTES)

        async with Client(server.url, server.token) as client:
            for number in range(PROVIDERS):
                await client.wait_for_kernelspec(f"place-{number}/kernel-0")
        async with _tabs(server):
            await asyncio.sleep(60)
            await watch(SOMEBODY)
        await asyncio.sleep(SETTLED)
        await watch(NOBODY)
    targets = [
        Target("requests a minute, tabs open", asked.series[SOMEBODY].median, 2),
        Target("bodies a minute, tabs open", bodies.series[SOMEBODY].median, 0),
        Target("requests a minute, no tab open", asked.series[NOBODY].median, 0.2),
        Target("CPU, no tab open", load.series[NOBODY].median, 0.01, "%"),
    ]
    return Findings(TITLE, INTRO, [SOMEBODY, NOBODY], [asked, bodies, load], targets)


@asynccontextmanager
async def _tabs(server: Process) -> AsyncIterator[None]:
    given = json.dumps({"url": server.url, "token": server.token})
    pipe = asyncio.subprocess.PIPE
    command = ("node", "bench/browser.mjs", "tabs", str(TABS), given)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline(), "the tabs do not open"
    yield
    process.stdin.close()
    await process.wait()
