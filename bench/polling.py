"""The requests to providers, and the server's CPU time, while no user does anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.client import Client
from tests.support.processes import ROOT, ServerProcess, jupyter_server

from .baselines import with_gateway_url
from .gateways import Gateways
from .results import Measurement, Results, Target

PROVIDERS, KERNELSPECS, TABS = 50, 20, 3
CONNECTED, UNCONNECTED = range(3), range(3, 6)  # the providers with a kernel
MINUTES = 10  # of each sample
INACTIVE = 240.0  # seconds after which the server treats its clients as inactive
NO_TAB, WITH_TABS = "ours, no tab", f"ours, {TABS} tabs"
STOCK_TABS = f"--gateway-url, {TABS} tabs"
TITLE = "Polling while idle"
INTRODUCTION = f"""
A server with {PROVIDERS} providers of {KERNELSPECS} kernelspecs each, observed for {MINUTES}
minutes with JupyterLab open in {TABS} tabs of Chromium, and for {MINUTES} minutes without a tab.
For comparison, Jupyter Server with `--gateway-url` and one gateway, to which it passes each request
on. Six of the providers run an idle kernel; three of these kernels have an open connection, as from
a notebook.
"""


async def run(_: int, folder: Path) -> Results:
    """Observe the servers for a while."""
    requests = Measurement("requests a minute, provider without a kernel", "")
    bodies = Measurement("requests a minute, answered with a body", "")
    kernels = Measurement("requests a minute, provider with an idle kernel", "")
    logos = Measurement("logos requested when tabs open for the second time", "")
    cpu = Measurement("CPU of the server, one core", "%")
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(Gateways(PROVIDERS, KERNELSPECS))
        ours = jupyter_server(folder / "ours", token="token-of-the-server")
        gateways.declare(ours)
        gateway = await stack.enter_async_context(Gateways(1, KERNELSPECS))
        stock = with_gateway_url(folder / "stock", gateway.urls[0], "")
        for server in (ours, stock):
            stack.callback(server.stop)
            await asyncio.to_thread(server.start)

        async def observe(setup: str, server: ServerProcess, remote: Gateways) -> None:
            await remote.take_counts()
            cpu_before = server.cpu_time()
            await asyncio.sleep(60 * MINUTES)
            cpu.add(setup, (server.cpu_time() - cpu_before) / 60 / MINUTES)
            counts = await remote.take_counts()
            with_kernel = [*CONNECTED, *UNCONNECTED] if remote is gateways else []
            without = set(range(len(remote.urls))).difference(with_kernel)
            requests.add(setup, _requests(counts, without) / len(without) / MINUTES)
            bodies.add(setup, _requests(counts, without, "200") / len(without) / MINUTES)
            if with_kernel:
                kernels.add(setup, _requests(counts, with_kernel) / len(with_kernel) / MINUTES)

        client = await stack.enter_async_context(Client(ours.url, ours.token))
        for number in range(PROVIDERS):
            await client.wait_for_kernelspec(f"provider-{number}/kernel-0")
        for number in (*CONNECTED, *UNCONNECTED):
            kernel_id = await client.start_kernel(f"provider-{number}/kernel-0")
            if number in CONNECTED:
                kernel = await client.connect(kernel_id)
                stack.push_async_callback(kernel.close)
        async with _tabs(ours):
            pass
        await gateways.take_counts()
        async with _tabs(ours), _tabs(stock):
            await asyncio.sleep(60)
            logos.add(WITH_TABS, _logos(await gateways.take_counts()))
            await asyncio.gather(
                observe(WITH_TABS, ours, gateways), observe(STOCK_TABS, stock, gateway)
            )
        await asyncio.sleep(INACTIVE)
        await observe(NO_TAB, ours, gateways)
    targets = [
        Target(f"{one.name}: {setup}", one.series[setup].median, limit, one.unit)
        for one, setup, limit in (
            (requests, WITH_TABS, 2),
            (bodies, WITH_TABS, 0),
            (requests, NO_TAB, 0.2),
            (kernels, WITH_TABS, 2),
            (kernels, NO_TAB, 0.2),
            (logos, WITH_TABS, 0),
            (cpu, WITH_TABS, 0.01),
            (cpu, NO_TAB, 0.01),
        )
    ]
    setups = [WITH_TABS, NO_TAB, STOCK_TABS]
    return Results(TITLE, INTRODUCTION, setups, [requests, bodies, kernels, logos, cpu], targets)


def _requests(counts: Mapping[str, int], gateways: Collection[int], status: str = "") -> int:
    """Return the number of requests to gateways, optionally only those with a status."""
    return sum(
        count
        for request, count in counts.items()
        if request.startswith(status) and int(request.split("/")[1]) in gateways
    )


def _logos(counts: Mapping[str, int]) -> int:
    return sum(count for request, count in counts.items() if ".svg" in request)


@asynccontextmanager
async def _tabs(server: ServerProcess) -> AsyncIterator[None]:
    address = json.dumps({"url": server.url, "token": server.token})
    pipe = asyncio.subprocess.PIPE
    command = ("node", "bench/browser.mjs", "tabs", str(TABS), address)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline(), "the tabs do not open"
    try:
        yield
    finally:
        process.stdin.close()
        await process.wait()
