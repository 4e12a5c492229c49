"""What providers are asked, and what the server does, while nobody does anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.client import Client
from tests.support.processes import ROOT, Process, jupyter_server

from .baselines import with_gateway_url
from .gateways import Gateways
from .results import Findings, Measured, Target

PROVIDERS, KERNELSPECS, TABS = 50, 20, 3
CONNECTED, ALONE = range(3), range(3, 6)  # providers with a kernel, and with nobody at that
MINUTES = 10  # for which it is polled, each time
SETTLED = 240.0  # seconds after which the server knows that nobody is there any more
NOBODY, SOMEBODY = "ours, no tab", f"ours, {TABS} tabs"
STOCK_TABS = f"--gateway-url, {TABS} tabs"
TITLE = "Nobody does anything"
INTRO = f"""
A server with {PROVIDERS} providers of {KERNELSPECS} kernelspecs each, polled for {MINUTES} minutes
with JupyterLab open in {TABS} tabs of Chromium, and for as long with none; and Jupyter Server with
`--gateway-url` and one gateway, which it asks whenever it is asked itself. At six of the providers
an idle kernel runs, three of which have an open connection, as from a notebook.
"""


async def run(_: int, folder: Path) -> Findings:
    """Watch for a while."""
    asked = Measured("requests to a provider without a kernel, a minute", "")
    bodies = Measured("of them answered with a body", "")
    kernels = Measured("requests to a provider with an idle kernel, a minute", "")
    logos = Measured("logos asked for, when tabs are opened for the second time", "")
    load = Measured("CPU of the server, of a core", "%")
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(Gateways(PROVIDERS, KERNELSPECS))
        ours = jupyter_server(folder / "ours", token="token-of-the-server")
        gateways.declare(ours)
        gateway = await stack.enter_async_context(Gateways(1, KERNELSPECS))
        stock = with_gateway_url(folder / "stock", gateway.urls[0], "")
        for server in (ours, stock):
            stack.callback(server.stop)
            await asyncio.to_thread(server.start)

        async def poll(name: str, server: Process, at: Gateways) -> None:
            await at.asked()
            cpu = server.cpu_time()
            await asyncio.sleep(60 * MINUTES)
            load.add(name, (server.cpu_time() - cpu) / 60 / MINUTES)
            counts = await at.asked()
            with_kernel = [*CONNECTED, *ALONE] if at is gateways else []
            without = set(range(len(at.urls))).difference(with_kernel)
            asked.add(name, _requests(counts, without) / len(without) / MINUTES)
            bodies.add(name, _requests(counts, without, "200") / len(without) / MINUTES)
            if with_kernel:
                kernels.add(name, _requests(counts, with_kernel) / len(with_kernel) / MINUTES)

        client = await stack.enter_async_context(Client(ours.url, ours.token))
        for number in range(PROVIDERS):
            await client.wait_for_kernelspec(f"place-{number}/kernel-0")
        for number in (*CONNECTED, *ALONE):
            kernel_id = await client.start_kernel(f"place-{number}/kernel-0")
            if number in CONNECTED:
                kernel = await client.connect(kernel_id)
                stack.push_async_callback(kernel.close)
        async with _tabs(ours):
            pass
        await gateways.asked()
        async with _tabs(ours), _tabs(stock):
            await asyncio.sleep(60)
            logos.add(SOMEBODY, _logos(await gateways.asked()))
            await asyncio.gather(poll(SOMEBODY, ours, gateways), poll(STOCK_TABS, stock, gateway))
        await asyncio.sleep(SETTLED)
        await poll(NOBODY, ours, gateways)
    targets = [
        Target("requests a minute, tabs open", asked.series[SOMEBODY].median, 2),
        Target("bodies a minute, tabs open", bodies.series[SOMEBODY].median, 0),
        Target("requests a minute, no tab open", asked.series[NOBODY].median, 0.2),
        Target("requests a minute, idle kernel, tabs open", kernels.series[SOMEBODY].median, 2),
        Target("requests a minute, idle kernel, no tab open", kernels.series[NOBODY].median, 0.2),
        Target("logos asked for, second view", logos.series[SOMEBODY].median, 0),
        Target("CPU, tabs open", load.series[SOMEBODY].median, 0.01, "%"),
        Target("CPU, no tab open", load.series[NOBODY].median, 0.01, "%"),
    ]
    contenders = [SOMEBODY, NOBODY, STOCK_TABS]
    return Findings(TITLE, INTRO, contenders, [asked, bodies, kernels, logos, load], targets)


def _requests(counts: Mapping[str, int], gateways: Collection[int], status: str = "") -> int:
    """Return how often gateways were asked for anything, answered with that status."""
    return sum(
        count
        for what, count in counts.items()
        if what.startswith(status) and int(what.split("/")[1]) in gateways
    )


def _logos(counts: Mapping[str, int]) -> int:
    return sum(count for what, count in counts.items() if ".svg" in what)


@asynccontextmanager
async def _tabs(server: Process) -> AsyncIterator[None]:
    given = json.dumps({"url": server.url, "token": server.token})
    pipe = asyncio.subprocess.PIPE
    command = ("node", "bench/browser.mjs", "tabs", str(TABS), given)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline(), "the tabs do not open"
    try:
        yield
    finally:
        process.stdin.close()
        await process.wait()
