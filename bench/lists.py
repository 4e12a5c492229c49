"""Response times of the REST API's lists, with many providers and with none."""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path

from tests.conftest import STOCK
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, jupyter_server

from .gateways import Gateways
from .results import Measurement, Results

PROVIDERS, KERNELSPECS = 50, 20
SAMPLES = 40  # of each request in a round
ALL_ONLINE = "ours, all providers online"
HALF_SILENT = "ours, half of them silent"
STOCK_MANY = "stock, as many kernelspecs"
OURS_LOCAL = "ours, local only"
STOCK_LOCAL = "stock, local only"
TITLE = "REST lists"
INTRODUCTION = f"""
Milliseconds to an answer with {PROVIDERS} providers of {KERNELSPECS} kernelspecs each. A silent
provider accepts connections and sends nothing. For comparison: Jupyter Server without this package
and with {PROVIDERS * KERNELSPECS:,} kernelspecs in its folders; and both servers without a provider
and with one kernelspec.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Send requests to all servers in turn."""
    kernelspecs = Measurement("GET /api/kernelspecs", "ms")
    kernels = Measurement("GET /api/kernels", "ms")
    async with AsyncExitStack() as stack:

        async def client_of(process: ServerProcess, count: int) -> Client:
            stack.callback(process.stop)
            await asyncio.to_thread(process.start)
            client = await stack.enter_async_context(Client(process.url, process.token))

            async def is_complete() -> bool:
                return len(await client.kernelspecs()) >= count

            await wait_until(is_complete)
            return client

        many = PROVIDERS * KERNELSPECS
        gateways = [
            await stack.enter_async_context(Gateways(PROVIDERS, KERNELSPECS)) for _ in range(2)
        ]
        clients = {
            ALL_ONLINE: await client_of(_with_providers(folder / "online", gateways[0]), many),
            HALF_SILENT: await client_of(_with_providers(folder / "silent", gateways[1]), many),
            STOCK_MANY: await client_of(_with_kernelspecs(folder / "many"), many),
            OURS_LOCAL: await client_of(jupyter_server(folder / "ours", token="token-of-ours"), 1),
            STOCK_LOCAL: await client_of(_stock(folder / "stock"), 1),
        }
        await gateways[1].silence(PROVIDERS // 2)
        await wait_until(lambda: _are_offline(clients[HALF_SILENT]))
        for _ in range(SAMPLES * rounds):
            for measurement in (kernelspecs, kernels):
                for setup, client in random.sample([*clients.items()], len(clients)):
                    measurement.add(setup, await _sample(client, measurement.name))
    targets = [
        one.ratio_target(f"{one.name}: {setup} / {reference}", setup, reference, limit)
        for one, setup, reference, limit in (
            (kernelspecs, HALF_SILENT, ALL_ONLINE, 1.1),
            (kernelspecs, ALL_ONLINE, STOCK_MANY, 0.5),
            (kernelspecs, OURS_LOCAL, STOCK_LOCAL, 1.05),
            (kernels, OURS_LOCAL, STOCK_LOCAL, 1.05),
        )
    ]
    return Results(TITLE, INTRODUCTION, [*clients], [kernelspecs, kernels], targets)


async def _sample(client: Client, request: str) -> float:
    start = time.perf_counter()
    await client.get(request.removeprefix("GET /"))
    return time.perf_counter() - start


async def _are_offline(client: Client) -> bool:
    providers = (await client.get("api/kernel-providers"))["providers"]
    return [provider["state"] for provider in providers].count("offline") == PROVIDERS // 2


def _with_providers(folder: Path, gateways: Gateways) -> ServerProcess:
    server = jupyter_server(folder, token="token-of-the-server")
    gateways.declare(server, refresh_interval=5, timeouts={"request": 2})
    return server


def _with_kernelspecs(folder: Path) -> ServerProcess:
    server = _stock(folder)
    for number in range(PROVIDERS * KERNELSPECS):
        path = server.folder / "data" / "kernels" / f"kernel-{number}" / "kernel.json"
        path.parent.mkdir(parents=True)
        argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": f"Environment {number}", "language": "python"}
        path.write_text(json.dumps(spec))
        (path.parent / "logo-svg.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return server


def _stock(folder: Path) -> ServerProcess:
    return jupyter_server(folder, token="token-of-stock", config=STOCK)
