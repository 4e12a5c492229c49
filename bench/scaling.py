"""How cost grows: with providers, with running kernels, and with the size of a message."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import aiohttp

from tests.support.client import Client, until
from tests.support.processes import Process, jupyter_server

from .gateways import Gateways
from .results import Curves, Findings
from .setups import DIRECT, GATEWAY_URL, MIXED, OURS, Contender, contenders

PROVIDERS = (1, 10, 50, 200)
KERNELSPECS = 20
KERNELS = (10, 100, 1_000)
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8)  # bytes of a message
THEM = (DIRECT, GATEWAY_URL, MIXED, OURS)
LOOKS = 400  # at providers in turn: CPU time has steps of 10 ms
PATIENCE = 60.0  # seconds for a message, which takes a second or two
TITLE = "How cost grows"
INTRO = f"""
With the number of providers ({KERNELSPECS} kernelspecs each), with that of running remote kernels
at 20 providers, and with the size of one message from a kernel. Both axes are logarithmic, so that
a cost which grows in proportion is a line at 45°.
"""


async def run(rounds: int, folder: Path) -> Findings:
    """Measure one after another."""
    return Findings(
        TITLE,
        INTRO,
        curves=[
            await _providers(rounds, folder / "providers"),
            await _kernels(rounds, folder / "kernels"),
            await _messages(rounds, folder / "messages"),
        ],
    )


async def _providers(rounds: int, folder: Path) -> Curves:
    curves = Curves("providers", "milliseconds")
    for count in PROVIDERS:
        async with _served(folder / str(count), count) as (server, client):
            for path in ("api/kernelspecs", "api/kernel-providers", "api/kernels"):
                curves.add(f"GET /{path}", count, 1000 * await _get(client, path, rounds))
            cpu = server.cpu_time()
            for number in range(LOOKS):
                path = f"api/kernel-providers/place-{number % count}/retry"
                await client.request("POST", path)
            seconds = (server.cpu_time() - cpu) / LOOKS * count
            curves.add("CPU to look at all once", count, 1000 * seconds)
    return curves


async def _kernels(rounds: int, folder: Path) -> Curves:
    curves = Curves("running remote kernels", "milliseconds")
    async with _served(folder, 20) as (_, client):
        running = 0
        for count in KERNELS:
            for number in range(running, count):
                await client.start_session(f"place-{number % 20}/kernel-0", f"{number}.ipynb")
            running = count
            for path in ("api/kernels", "api/sessions", "api/kernelspecs"):
                curves.add(f"GET /{path}", count, 1000 * await _get(client, path, rounds))
    return curves


async def _messages(rounds: int, folder: Path) -> Curves:
    curves = Curves("bytes of a message", "milliseconds")
    async with contenders(folder) as them:
        kernels = {one: await one.start() for one in them if one.name in THEM}
        for size in SIZES:
            times: dict[Contender, list[float]] = {contender: [] for contender in kernels}
            able = list(kernels)
            for _ in range(rounds):
                for contender in random.sample(able, len(able)):
                    seconds = await _message(contender, kernels[contender], size)
                    if isinstance(seconds, str):
                        able.remove(contender)
                        del times[contender]
                        failure = f"{contender.name}, {size:,} bytes: {seconds}."
                        curves.remarks.append(failure)
                    else:
                        times[contender].append(seconds)
            for contender, found in times.items():
                curves.add(contender.name, size, 1000 * median(found))
    return curves


async def _message(contender: Contender, kernel_id: str, size: int) -> float | str:
    """Return the seconds that a message takes to come, or what happens instead."""

    async def connected() -> float | str:
        kernel = await contender.connect(kernel_id)
        try:
            begun = time.perf_counter()
            printed = await kernel.run(f"print('x' * {size}, end='')")
            seconds = time.perf_counter() - begun
            return seconds if len(printed) == size else f"{len(printed):,} of them come"
        finally:
            await kernel.close()

    try:
        return await asyncio.wait_for(connected(), PATIENCE)
    except asyncio.TimeoutError:
        return f"nothing comes within {PATIENCE:.0f} seconds"
    except (AssertionError, aiohttp.ClientError, ConnectionError):
        return "the connection is closed"


@asynccontextmanager
async def _served(folder: Path, providers: int) -> AsyncIterator[tuple[Process, Client]]:
    """Yield a server with as many providers, and a client of it, when all of them are known."""
    server = jupyter_server(folder, token="token-of-the-server")
    async with Gateways(providers, KERNELSPECS) as gateways:
        gateways.declare(server)
        try:
            await asyncio.to_thread(server.start)
            async with Client(server.url, server.token) as client:

                async def is_complete() -> bool:
                    return len(await client.kernelspecs()) > providers * KERNELSPECS

                await until(is_complete)
                yield server, client
        finally:
            await asyncio.to_thread(server.stop)


async def _get(client: Client, path: str, rounds: int) -> float:
    """Return the median of the seconds to an answer."""
    samples = []
    for _ in range(10 * rounds):
        begun = time.perf_counter()
        await client.get(path)
        samples.append(time.perf_counter() - begun)
    return median(samples)
