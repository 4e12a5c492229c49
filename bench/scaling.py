"""The growth of cost with providers, with running kernels, and with the size of a message."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import aiohttp

from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, jupyter_server

from .baselines import MIXER
from .gateways import Gateways
from .results import Curves, Results
from .setups import DIRECT, GATEWAY_URL, OURS, Setup, running_setups

PROVIDERS = (1, 10, 50, 200)
KERNELSPECS = 20
KERNELS = (10, 100, 1_000)
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8)  # bytes of a message
SETUPS = (DIRECT, GATEWAY_URL, MIXER, OURS)
REQUESTS = 400  # to providers in turn, because CPU time has steps of 10 ms
TIMEOUT = 60.0  # seconds for a message, which takes a second or two
TITLE = "Scaling"
INTRODUCTION = f"""
The cost by number of providers ({KERNELSPECS} kernelspecs each), by number of running remote
kernels at 20 providers, and by size of one message from a kernel. Both axes are logarithmic, so a
cost that grows in proportion is a line at 45°.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Measure the three quantities."""
    return Results(
        TITLE,
        INTRODUCTION,
        curves=[
            await _providers(rounds, folder / "providers"),
            await _kernels(rounds, folder / "kernels"),
            await _messages(rounds, folder / "messages"),
        ],
    )


async def _providers(rounds: int, folder: Path) -> Curves:
    curves = Curves("providers", "milliseconds")
    for count in PROVIDERS:
        async with _running_server(folder / str(count), count) as (server, client):
            for path in ("api/kernelspecs", "api/kernel-providers", "api/kernels"):
                curves.add(f"GET /{path}", count, 1000 * await _get(client, path, rounds))
            cpu = server.cpu_time()
            for number in range(REQUESTS):
                path = f"api/kernel-providers/provider-{number % count}/retry"
                await client.request("POST", path)
            seconds = (server.cpu_time() - cpu) / REQUESTS * count
            curves.add("CPU time to poll all once", count, 1000 * seconds)
    return curves


async def _kernels(rounds: int, folder: Path) -> Curves:
    curves = Curves("running remote kernels", "milliseconds")
    async with _running_server(folder, 20) as (_, client):
        running = 0
        for count in KERNELS:
            for number in range(running, count):
                await client.start_session(f"provider-{number % 20}/kernel-0", f"{number}.ipynb")
            running = count
            for path in ("api/kernels", "api/sessions", "api/kernelspecs"):
                curves.add(f"GET /{path}", count, 1000 * await _get(client, path, rounds))
    return curves


async def _messages(rounds: int, folder: Path) -> Curves:
    curves = Curves("bytes of a message", "milliseconds")
    async with running_setups(folder) as setups:
        kernels = {setup: await setup.start() for setup in setups if setup.name in SETUPS}
        for size in SIZES:
            times: dict[Setup, list[float]] = {setup: [] for setup in kernels}
            remaining = list(kernels)
            for _ in range(rounds):
                for setup in random.sample(remaining, len(remaining)):
                    seconds = await _message(setup, kernels[setup], size)
                    if isinstance(seconds, str):
                        remaining.remove(setup)
                        del times[setup]
                        curves.notes.append(f"{setup.name}, {size:,} bytes: {seconds}.")
                    else:
                        times[setup].append(seconds)
            for setup, samples in times.items():
                curves.add(setup.name, size, 1000 * median(samples))
    return curves


async def _message(setup: Setup, kernel_id: str, size: int) -> float | str:
    """Return the seconds until a message arrives, or the failure that replaces it."""

    async def measure() -> float | str:
        kernel = await setup.connect(kernel_id)
        try:
            start = time.perf_counter()
            printed = await kernel.run(f"print('x' * {size}, end='')")
            seconds = time.perf_counter() - start
            return seconds if len(printed) == size else f"{len(printed):,} of them arrive"
        finally:
            await kernel.close()

    try:
        return await asyncio.wait_for(measure(), TIMEOUT)
    except asyncio.TimeoutError:
        return f"no message within {TIMEOUT:.0f} seconds"
    except (AssertionError, aiohttp.ClientError, ConnectionError):
        return "the connection is closed"


@asynccontextmanager
async def _running_server(
    folder: Path, providers: int
) -> AsyncIterator[tuple[ServerProcess, Client]]:
    """Yield a server with this number of providers, and a client, when all have been listed."""
    server = jupyter_server(folder, token="token-of-the-server")
    async with Gateways(providers, KERNELSPECS) as gateways:
        gateways.declare(server)
        try:
            await asyncio.to_thread(server.start)
            async with Client(server.url, server.token) as client:

                async def is_complete() -> bool:
                    return len(await client.kernelspecs()) > providers * KERNELSPECS

                await wait_until(is_complete)
                yield server, client
        finally:
            await asyncio.to_thread(server.stop)


async def _get(client: Client, path: str, rounds: int) -> float:
    """Return the median seconds to an answer."""
    samples = []
    for _ in range(10 * rounds):
        start = time.perf_counter()
        await client.get(path)
        samples.append(time.perf_counter() - start)
    return median(samples)
