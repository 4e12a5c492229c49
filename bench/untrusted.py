"""What a provider that answers as much as it likes costs this server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.client import Client
from tests.support.processes import ROOT, ServerProcess, jupyter_server

from . import probe
from .results import Measurement, Results, Target
from .untrusted_gateway import KERNELS, LISTS, PROVIDER, UntrustedGateway, kernelspecs

SETTLING = 1.0  # seconds without a request, so that the garbage of the last one is gone
RENAMES = 20
SOCKETS = 10
TITLE = "A provider that answers as much as it likes"
INTRODUCTION = f"""
A scripted gateway in another process sends lists of kernelspecs of up to 8 MiB, of which each is
read again and again. *delay* is the longest delay of the server's event loop while a list is read,
and *status* the longest answer to `GET /api/status` at that time; the table has the median of all
readings. In single ones, Python searches the memory of the whole server for garbage meanwhile,
which takes 10 to 90 ms. The memory is what the server has more than before: after the provider has
offered {KERNELS:,} logos of 500 KiB, and renamed all kernels {RENAMES} times; and while it sends
frames of 64 MiB to {SOCKETS} browsers that do not read them. The exit is that of a server whose
provider does not read the 30 MB that wait for it.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Measure each list, then memory and exit."""
    delay, status = Measurement("delay", "ms"), Measurement("status", "ms")
    memory, leaving = Measurement("memory", "MB"), Measurement("exit", "ms")
    async with UntrustedGateway() as gateway:
        async with _server(gateway, folder / "lists") as (_, client):
            for _ in range(rounds):
                for name, text in LISTS.items():
                    await gateway.answer(text)
                    await _sample(name, client, delay, status)
        async with _server(gateway, folder / "memory") as (server, client):
            await gateway.answer(kernelspecs(20))
            await client.wait_for_kernelspec(f"{PROVIDER}/k0")
            before = server.memory()
            for number in range(RENAMES):
                await gateway.answer(kernelspecs(KERNELS, prefix=f"n{number}-"))
                await client.request("POST", f"api/kernel-providers/{PROVIDER}/retry")
                await client.wait_for_kernelspec(f"{PROVIDER}/n{number}-0")
                for kernel in range(20):
                    logo = f"kernelspecs/{PROVIDER}%2Fn{number}-{kernel}/logo.svg"
                    await client.request("GET", logo)
            memory.add("logos", float(server.memory() - before))
            kernel_id = await client.start_kernel(f"{PROVIDER}/n{RENAMES - 1}-0")
            before = server.memory()
            for _ in range(SOCKETS):
                await client.open(kernel_id)
            largest = 0
            for _ in range(100):
                await asyncio.sleep(0.1)
                largest = max(largest, server.memory() - before)
            memory.add("frames", float(largest))
        for number in range(rounds):
            async with _server(gateway, folder / f"exit-{number}") as (server, client):
                await client.wait_for_kernelspec(f"{PROVIDER}/n{RENAMES - 1}-0")
                kernel_id = await client.start_kernel(f"{PROVIDER}/n{RENAMES - 1}-0")
                websocket = (await client.open(kernel_id)).websocket
                for _ in range(3):
                    await websocket.send_bytes(bytes(10**7))
                begun = time.monotonic()
                await server.stop_async()
                leaving.add("a provider that reads nothing", time.monotonic() - begun)
    targets = [
        *(Target(f"delay: {name}", delay.series[name].median, 0.05, "ms") for name in LISTS),
        Target("memory: logos", memory.series["logos"].median, 100e6, "MB"),
        Target("memory: frames", memory.series["frames"].median, SOCKETS * 2 * 64e6, "MB"),
        Target("exit", max(leaving.series["a provider that reads nothing"].samples), 5.0, "ms"),
    ]
    setups = [*LISTS, "logos", "frames", "a provider that reads nothing"]
    return Results(TITLE, INTRODUCTION, setups, [delay, status, memory, leaving], targets)


@asynccontextmanager
async def _server(
    gateway: UntrustedGateway, folder: Path
) -> AsyncIterator[tuple[ServerProcess, Client]]:
    server = jupyter_server(
        folder,
        token="token-of-the-server",
        env={"PYTHONPATH": str(ROOT)},
        config={"ServerApp": {"jpserver_extensions": {probe.__name__: True}}},
    )
    gateway.declare(server)
    await asyncio.to_thread(server.start)
    try:
        async with Client(server.url, server.token) as client:
            await client.get(probe.DELAYS_PATH)
            yield server, client
    finally:
        await server.stop_async()


async def _sample(name: str, client: Client, delay: Measurement, status: Measurement) -> None:
    """Have the list read once, and add the longest delay and the longest answer meanwhile."""
    await asyncio.sleep(SETTLING)
    await client.get(probe.DELAYS_PATH)
    retry = f"api/kernel-providers/{PROVIDER}/retry"
    reading = asyncio.create_task(client.request("POST", retry))
    longest = 0.0
    while not reading.done():
        begun = time.perf_counter()
        await client.get("api/status")
        longest = max(longest, time.perf_counter() - begun)
    status.add(name, longest)
    delay.add(name, max((await client.get(probe.DELAYS_PATH))["delays"], default=0.0))
