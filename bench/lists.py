"""How long the lists of the REST API take, with many providers and with none."""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path

from tests.conftest import STOCK
from tests.support.client import Client, until
from tests.support.processes import Process, jupyter_server

from .gateways import Gateways
from .results import Findings, Measured

PROVIDERS, KERNELSPECS = 50, 20
SAMPLES = 40  # of each in a round
MANY = "ours, all providers well"
HALF = "ours, half of them silent"
ON_DISK = "stock, as many on disk"
ALONE = "ours, local only"
PLAIN = "stock, local only"
TITLE = "The lists"
INTRO = f"""
Milliseconds to an answer with {PROVIDERS} providers of {KERNELSPECS} kernelspecs each; of those
that are silent, each accepts connections and says nothing. Beside that, Jupyter Server without this
package, with {PROVIDERS * KERNELSPECS:,} kernelspecs in its folders, and both with no provider and
one kernelspec.
"""


async def run(rounds: int, folder: Path) -> Findings:
    """Ask all servers in turn."""
    specs, kernels = Measured("GET /api/kernelspecs", "ms"), Measured("GET /api/kernels", "ms")
    async with AsyncExitStack() as stack:

        async def client_of(process: Process, count: int) -> Client:
            stack.callback(process.stop)
            await asyncio.to_thread(process.start)
            client = await stack.enter_async_context(Client(process.url, process.token))

            async def is_complete() -> bool:
                return len(await client.kernelspecs()) >= count

            await until(is_complete)
            return client

        many = PROVIDERS * KERNELSPECS
        gateways = [
            await stack.enter_async_context(Gateways(PROVIDERS, KERNELSPECS)) for _ in range(2)
        ]
        clients = {
            MANY: await client_of(_with_providers(folder / "many", gateways[0]), many),
            HALF: await client_of(_with_providers(folder / "half", gateways[1]), many),
            ON_DISK: await client_of(_with_folders(folder / "disk"), many),
            ALONE: await client_of(jupyter_server(folder / "alone", token="token-of-alone"), 1),
            PLAIN: await client_of(_stock(folder / "plain"), 1),
        }
        await gateways[1].silence(PROVIDERS // 2)
        await until(lambda: _are_offline(clients[HALF]))
        for _ in range(SAMPLES * rounds):
            for measured in (specs, kernels):
                for name, client in random.sample([*clients.items()], len(clients)):
                    measured.add(name, await _sample(client, measured.what))
    targets = [
        specs.target("kernelspecs, half silent by all well", HALF, MANY, 1.1),
        specs.target("kernelspecs, ours by stock with as many", MANY, ON_DISK, 0.5),
        specs.target("kernelspecs, ours by stock, local only", ALONE, PLAIN, 1.05),
        kernels.target("kernels, ours by stock, local only", ALONE, PLAIN, 1.05),
    ]
    return Findings(TITLE, INTRO, [*clients], [specs, kernels], targets)


async def _sample(client: Client, what: str) -> float:
    begun = time.perf_counter()
    await client.get(what.removeprefix("GET /"))
    return time.perf_counter() - begun


async def _are_offline(client: Client) -> bool:
    providers = (await client.get("api/kernel-providers"))["providers"]
    return [provider["state"] for provider in providers].count("offline") == PROVIDERS // 2


def _with_providers(folder: Path, gateways: Gateways) -> Process:
    server = jupyter_server(folder, token="token-of-the-server")
    gateways.declare(server, refresh_interval=5, timeouts={"request": 2})
    return server


def _with_folders(folder: Path) -> Process:
    server = _stock(folder)
    for number in range(PROVIDERS * KERNELSPECS):
        path = server.folder / "data" / "kernels" / f"kernel-{number}" / "kernel.json"
        path.parent.mkdir(parents=True)
        argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": f"Environment {number}", "language": "python"}
        path.write_text(json.dumps(spec))
        (path.parent / "logo-svg.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return server


def _stock(folder: Path) -> Process:
    return jupyter_server(folder, token="token-of-stock", config=STOCK)
