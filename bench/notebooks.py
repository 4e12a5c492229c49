"""Many notebooks while their provider goes and comes; `notebooks.mjs` is the browser's part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.processes import ROOT, ServerProcess, declare, jupyter_server
from tests.support.tcp_proxy import TcpProxy

from .baselines import REMOTE_KERNEL, gateway, with_gateway_url
from .results import Measurement, Results, Target

NOTEBOOKS = 30
OUTAGE, RETURN = 30.0, 60.0  # seconds
MODERATE = 1.5  # an outage costs little more than notebooks that do nothing
OURS, STOCK = "ours", "--gateway-url"
EXPOSE_APP = {"LabApp": {"expose_app_in_browser": True}}
TITLE = "Notebooks while a provider goes and comes"
INTRODUCTION = f"""
One page of JupyterLab in Chromium with {NOTEBOOKS} notebooks, each with a kernel of one Kernel
Gateway. The connection to the gateway is cut for {OUTAGE:.0f} seconds. When it is back, a cell is
run in each notebook. *work* is the time that the page's main thread works, and *requests* counts
the page's requests and websockets: in the {OUTAGE:.0f} seconds before the cut, during the outage,
and in the {RETURN:.0f} seconds after it. For comparison, JupyterLab without this package, and
Jupyter Server with `--gateway-url`.
"""


async def run(rounds: int, folder: Path) -> Results:
    """Cut both servers off in turn."""
    phases = ("before", "outage", "after")
    work = {phase: Measurement(f"work, {phase}", "ms") for phase in phases}
    requests = {phase: Measurement(f"requests, {phase}", "") for phase in phases}
    answers = Measurement("until all cells have run", "ms")
    for turn in range(rounds):
        for setup in (OURS, STOCK):
            async with _page(folder / f"{turn}-{setup.strip('-')}", setup) as (page, proxy):
                await page.ask("")
                for phase in phases:
                    if phase == "outage":
                        await proxy.cut()
                    if phase == "after":
                        await proxy.restore()
                        page.write("run")
                        await asyncio.sleep(RETURN)
                        milliseconds = await page.answer()
                        late = f"not all within {RETURN:.0f} s"
                        answers.add(setup, late if milliseconds is None else milliseconds / 1000)
                    else:
                        await asyncio.sleep(OUTAGE)
                    counts = await page.ask("")
                    work[phase].add(setup, counts["busy"] / 1000)
                    requests[phase].add(setup, counts["requests"])
    measurements = [*work.values(), *requests.values(), answers]
    targets = [
        Target(
            f"{name}: outage / before",
            one["outage"].series[OURS].median / one["before"].series[OURS].median,
            MODERATE,
        )
        for name, one in (("work", work), ("requests", requests))
    ]
    return Results(TITLE, INTRODUCTION, [OURS, STOCK], measurements, targets)


class _Page:
    """The process with the browser."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def write(self, line: str) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def ask(self, line: str) -> Any:
        """Send a line, and return the answer."""
        self.write(line)
        return await self.answer()

    async def answer(self) -> Any:
        """Return the next answer."""
        assert self._process.stdout is not None
        return json.loads(await self._process.stdout.readline())


@asynccontextmanager
async def _page(folder: Path, setup: str) -> AsyncIterator[tuple[_Page, TcpProxy]]:
    """Open the notebooks; yield the page and the proxy in front of the gateway."""
    remote = gateway(folder / "gateway")
    async with AsyncExitStack() as stack:
        stack.callback(remote.stop)
        await asyncio.to_thread(remote.start)
        proxy = await TcpProxy.open(remote.port)
        stack.push_async_callback(proxy.close)
        server = _server(folder / "server", setup, proxy.port, remote.token)
        stack.callback(server.stop)
        await asyncio.to_thread(server.start)
        is_stock = setup == STOCK
        name = REMOTE_KERNEL if is_stock else f"bench/{REMOTE_KERNEL}"
        place = {"url": server.url, "token": server.token, "kernel": name, "isStock": is_stock}
        options = json.dumps({**place, "count": NOTEBOOKS, "limit": 1000 * RETURN})
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "node", "bench/notebooks.mjs", options, cwd=ROOT, stdin=pipe, stdout=pipe
        )
        stack.push_async_callback(process.wait)
        assert process.stdin is not None
        stack.callback(process.stdin.close)
        page = _Page(process)
        await page.answer()
        yield page, proxy
        await proxy.restore()  # so that the server can stop its kernels


def _server(folder: Path, setup: str, port: int, token: str) -> ServerProcess:
    url = f"http://127.0.0.1:{port}"
    if setup == STOCK:
        return with_gateway_url(folder, url, token, EXPOSE_APP)
    server = jupyter_server(folder, token="token-of-ours", config=EXPOSE_APP)
    declare(server, "bench", {"url": url, "token": {"value": token}})
    return server
