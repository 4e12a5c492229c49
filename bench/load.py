"""A server with a thousand kernel websockets, some of which receive many messages."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

from tests.support.client import Client, KernelWebsocket
from tests.support.processes import ROOT, jupyter_server

from . import probe
from .gateways import CHATTY, INTERVAL, Gateways
from .results import Measurement, Results, Target

PROVIDERS, CONNECTIONS, CHATTY_KERNELS = 20, 1_000, 50
SENT_RATE = CHATTY_KERNELS / INTERVAL  # messages a second
SECONDS = 20.0  # of one sample
IDLE, BUSY = "all idle", f"{CHATTY_KERNELS} kernels send"
TITLE = f"Load of {CONNECTIONS:,} connections"
INTRODUCTION = f"""
A server with {CONNECTIONS:,} open kernel websockets to {PROVIDERS} providers, which are scripted
and run in another process. {CHATTY_KERNELS} of the kernels send a message a hundred times a second.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Open all connections, receive messages for a while, and measure the server."""
    delay = Measurement("event loop delay, 99th percentile", "ms")
    memory = Measurement("memory per connection", "kB")
    rate, cpu = (
        Measurement("messages a second", ""),
        Measurement("CPU of the server, one core", "%"),
    )
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
            await client.wait_for_kernelspec(f"provider-{number}/{CHATTY}")
        idle_count = CONNECTIONS - CHATTY_KERNELS
        idle_ids = [
            await client.start_kernel(f"provider-{n % PROVIDERS}/kernel-0")
            for n in range(idle_count)
        ]
        memory_before = server.memory()
        idle_kernels = [await client.connect(kernel_id) for kernel_id in idle_ids]
        memory.add(IDLE, (server.memory() - memory_before) / len(idle_kernels))
        for _ in range(rounds):
            delay.add(IDLE, await _loop_delay(client))
        chatty_ids = [
            await client.start_kernel(f"provider-{n % PROVIDERS}/{CHATTY}")
            for n in range(CHATTY_KERNELS)
        ]
        counters = [_Counter(await client.open(kernel_id)) for kernel_id in chatty_ids]
        for _ in range(rounds):
            cpu_before, count_before = server.cpu_time(), sum(c.count for c in counters)
            delay.add(BUSY, await _loop_delay(client))
            rate.add(BUSY, (sum(c.count for c in counters) - count_before) / SECONDS)
            cpu.add(BUSY, (server.cpu_time() - cpu_before) / SECONDS)
        for counter in counters:
            await counter.close()
        for kernel in idle_kernels:
            await kernel.close()
    targets = [
        Target(f"{delay.name}, {BUSY}", delay.series[BUSY].median, 0.02, "ms"),
        Target(rate.name, rate.series[BUSY].median, 0.95 * SENT_RATE, at_least=True),
        Target(f"{memory.name}, {IDLE}", memory.series[IDLE].median, 100e3, "kB"),
    ]
    return Results(TITLE, INTRODUCTION, [IDLE, BUSY], [delay, memory, rate, cpu], targets)


class _Counter:
    """Counts the messages of a kernel."""

    def __init__(self, kernel: KernelWebsocket) -> None:
        self.count = 0
        self._kernel = kernel
        self._task = asyncio.create_task(self._receive())

    async def _receive(self) -> None:
        async for _ in self._kernel.websocket:
            self.count += 1

    async def close(self) -> None:
        self._task.cancel()
        await self._kernel.close()


async def _loop_delay(client: Client) -> float:
    """Return the 99th percentile of the event loop's delay over `SECONDS`, in seconds."""
    await client.get(probe.DELAYS_PATH)
    await asyncio.sleep(SECONDS)
    delays: list[float] = (await client.get(probe.DELAYS_PATH))["delays"]
    return quantiles(delays, n=100)[-1]
