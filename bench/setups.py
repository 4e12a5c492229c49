"""The ways to a kernel that are measured beside each other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import IPPROTO_TCP
from typing import Any

from kernel_providers_ext.gateway.channels import TCP_QUICKACK
from tests.conftest import STOCK
from tests.support.client import LEGACY, V1, Client, Kernel
from tests.support.processes import declare, jupyter_server

from .baselines import REMOTE, gateway, with_gateway_url, with_mixer

DIRECT = "direct"
FLOOR = "floor"
GATEWAY_URL = "--gateway-url"
MIXED = "kernels-mixer"
OURS = "ours, remote"
STOCK_LOCAL = "stock, local"
OURS_LOCAL = "ours, local"
MEANINGS = {
    DIRECT: "a client of the Kernel Gateway itself",
    FLOOR: "the same, if the client acknowledges at once whatever comes (`TCP_QUICKACK`)",
    GATEWAY_URL: "Jupyter Server with `--gateway-url`",
    MIXED: "Jupyter Server with kernels-mixer, which answers in the older protocol only",
    OURS: "this package, a kernel of that gateway",
    STOCK_LOCAL: "Jupyter Server without this package, a kernel of its own",
    OURS_LOCAL: "Jupyter Server with this package, a kernel of its own",
}
#: Jupyter Server drops what a kernel says in excess of 1,000 messages or 1 MB a second.
UNLIMITED = {"ZMQChannelsWebsocketConnection": {"limit_rate": False}}


class PromptKernel(Kernel):
    """A kernel's websocket that acknowledges at once whatever comes, as no browser does."""

    async def _receive(self) -> dict[str, Any]:
        socket = self.websocket.get_extra_info("socket")
        if TCP_QUICKACK is not None:
            socket.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)
        return await super()._receive()


@dataclass(frozen=True)
class Contender:
    """A way to a kernel: the server that a client talks to, and the kernel's name there."""

    name: str
    client: Client
    token: str
    kernel_name: str

    async def start(self) -> str:
        """Start a kernel."""
        return await self.client.start_kernel(self.kernel_name)

    async def connect(self, kernel_id: str) -> Kernel:
        """Open a kernel's websocket and wait until the kernel answers."""
        # With the newer protocol, which it agrees to, kernels-mixer does not answer at all.
        protocol = LEGACY if self.name == MIXED else V1
        kernel = await self.client.open(kernel_id, protocol)
        if self.name == FLOOR:
            kernel = PromptKernel(kernel.websocket, kernel.session_id)
        await kernel.wait_until_ready()
        return kernel

    async def stop(self, kernel_id: str) -> None:
        """Stop a kernel."""
        await self.client.request("DELETE", f"api/kernels/{kernel_id}")


@asynccontextmanager
async def contenders(
    folder: Path, more: Mapping[str, Any] | None = None
) -> AsyncIterator[list[Contender]]:
    """Start all servers, some with ``more`` configuration, and stop them at the end."""
    config = {**UNLIMITED, **(more or {})}
    far = gateway(folder / "gateway")
    limits = far.config_folder / "jupyter_kernel_gateway_config.json"
    limits.write_text(json.dumps(UNLIMITED))
    stock = jupyter_server(folder / "stock", token="token-of-stock", config={**STOCK, **config})
    ours = jupyter_server(folder / "ours", token="token-of-ours", config=config)
    by_url = with_gateway_url(folder / "url", far.url, far.token, config)
    declare(ours, "bench", {"url": far.url, "token": {"value": far.token}})
    processes = {
        (DIRECT, FLOOR): (far, REMOTE),
        (GATEWAY_URL,): (by_url, REMOTE),
        (MIXED,): (with_mixer(folder / "mixer", far.url, far.token, config), REMOTE),
        (OURS,): (ours, f"bench/{REMOTE}"),
        (STOCK_LOCAL,): (stock, "python3"),
        (OURS_LOCAL,): (ours, "python3"),
    }
    async with AsyncExitStack() as stack:
        for process in dict.fromkeys(process for process, _ in processes.values()):
            (process.config_folder / "jupyter_config.json").unlink()  # with TCP, as users have it
            stack.callback(process.stop, timeout=5)
            await asyncio.to_thread(process.start)
        made = []
        for names, (process, kernel_name) in processes.items():
            client = await stack.enter_async_context(Client(process.url, process.token))
            await client.wait_for_kernelspec(kernel_name)
            made += [Contender(name, client, process.token, kernel_name) for name in names]
        yield made
