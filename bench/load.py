"""A server with a thousand notebooks, some of which have much to say."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

from tests.support.client import Client, Kernel
from tests.support.processes import ROOT, jupyter_server

from . import probe
from .gateways import CHATTY, INTERVAL, Gateways
from .results import Findings, Measured, Target

PROVIDERS, CONNECTIONS, CHATTING = 20, 1_000, 50
SPOKEN = CHATTING / INTERVAL  # messages a second
SECONDS = 20.0  # for which all talk
QUIET, BUSY = "nobody talks", f"{CHATTING} talk"
TITLE = "A crowd"
INTRO = f"""
A server with {CONNECTIONS:,} open kernel websockets to {PROVIDERS} providers (scripted ones, in
another process). {CHATTING} of the kernels say something a hundred times a second.
"""


async def run(rounds: int, folder: Path) -> Findings:
    """Open all connections, listen for a while, and look at the server."""
    late = Measured("event loop, late at most in 99 % of looks", "ms")
    size = Measured("memory for a connection", "kB")
    rate, load = Measured("messages a second", ""), Measured("CPU of the server, of a core", "%")
    async with AsyncExitStack() as stack:
        gateways = await stack.enter_async_context(Gateways(PROVIDERS, 2))
        config = {"ServerApp": {"jpserver_extensions": {probe.__name__: True}}}
        server = jupyter_server(
            folder / "server",
            token="token-of-the-server",
            env={"PYTHONPATH": str(ROOT)},
            config=config,
        )
        gateways.declare(server)
        stack.callback(server.stop)
        await asyncio.to_thread(server.start)
        client = await stack.enter_async_context(Client(server.url, server.token))
        for number in range(PROVIDERS):
            await client.wait_for_kernelspec(f"place-{number}/{CHATTY}")
        names = [f"place-{n % PROVIDERS}/kernel-0" for n in range(CONNECTIONS - CHATTING)]
        ids = [await client.start_kernel(name) for name in names]
        before = server.memory()
        quiet = [await client.connect(kernel_id) for kernel_id in ids]
        size.add(QUIET, (server.memory() - before) / len(quiet))
        for _ in range(rounds):
            late.add(QUIET, await _lateness(client))
        chatty = [
            await client.start_kernel(f"place-{n % PROVIDERS}/{CHATTY}") for n in range(CHATTING)
        ]
        counters = [_Counter(await client.open(kernel_id)) for kernel_id in chatty]
        for _ in range(rounds):
            cpu, heard = server.cpu_time(), sum(c.heard for c in counters)
            late.add(BUSY, await _lateness(client))
            rate.add(BUSY, (sum(c.heard for c in counters) - heard) / SECONDS)
            load.add(BUSY, (server.cpu_time() - cpu) / SECONDS)
        for counter in counters:
            await counter.close()
        for kernel in quiet:
            await kernel.close()
    targets = [
        Target("event loop late at most, while they talk", late.series[BUSY].median, 0.02, "ms"),
        Target("messages a second", rate.series[BUSY].median, 0.95 * SPOKEN, at_least=True),
        Target("memory for an idle connection", size.series[QUIET].median, 100e3, "kB"),
    ]
    return Findings(TITLE, INTRO, [QUIET, BUSY], [late, size, rate, load], targets)


class _Counter:
    """Counts what a kernel says."""

    def __init__(self, kernel: Kernel) -> None:
        self.heard = 0
        self._kernel = kernel
        self._task = asyncio.create_task(self._count())

    async def _count(self) -> None:
        async for _ in self._kernel.websocket:
            self.heard += 1

    async def close(self) -> None:
        self._task.cancel()
        await self._kernel.close()


async def _lateness(client: Client) -> float:
    """Return the 99th percentile of how late the event loop is, in seconds, over a while."""
    await client.get(probe.DELAYS)
    await asyncio.sleep(SECONDS)
    delays: list[float] = (await client.get(probe.DELAYS))["delays"]
    return quantiles(delays, n=100)[-1]
