"""The setups that are compared: the ways from a client to a kernel."""

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
from tests.support.client import LEGACY, V1, Client, KernelWebsocket
from tests.support.processes import declare, jupyter_server
from tests.support.proxies import UPGRADE, Nginx

from .baselines import MIXER, REMOTE_KERNEL, gateway, with_gateway_url, with_mixer

DIRECT = "direct"
FLOOR = "floor"
GATEWAY_URL = "--gateway-url"
OURS = "ours, remote"
DIRECT_PROXY = "direct, NGINX"
OURS_PROXY = "ours, NGINX"
STOCK_LOCAL = "stock, local"
OURS_LOCAL = "ours, local"
MEANINGS = {
    DIRECT: "a client of the Kernel Gateway itself",
    FLOOR: "the same, but the client acknowledges each frame at once (`TCP_QUICKACK`)",
    GATEWAY_URL: "Jupyter Server with `--gateway-url`",
    MIXER: "Jupyter Server with kernels-mixer, which supports only the older protocol",
    OURS: "this package, a kernel of that gateway",
    DIRECT_PROXY: "a client of the gateway behind NGINX",
    OURS_PROXY: "this package, a kernel of the gateway behind NGINX",
    STOCK_LOCAL: "Jupyter Server without this package, a local kernel",
    OURS_LOCAL: "Jupyter Server with this package, a local kernel",
}
#: A cell may be silent for long, and a message may have any size.
NGINX_LIMITS = "proxy_read_timeout 1h; client_max_body_size 0;"
#: By default, Jupyter Server drops output beyond 1,000 messages or 1 MB a second.
UNLIMITED = {"ZMQChannelsWebsocketConnection": {"limit_rate": False}}


class QuickAckKernel(KernelWebsocket):
    """A kernel's websocket that acknowledges each frame at once, which no browser does."""

    async def _receive(self) -> dict[str, Any]:
        socket = self.websocket.get_extra_info("socket")
        if TCP_QUICKACK is not None:
            socket.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)
        return await super()._receive()


@dataclass(frozen=True)
class Setup:
    """A way to a kernel: a client of a server, and the kernel's name there."""

    name: str
    client: Client
    token: str
    kernel_name: str

    async def start(self) -> str:
        """Start a kernel."""
        return await self.client.start_kernel(self.kernel_name)

    async def connect(self, kernel_id: str) -> KernelWebsocket:
        """Open a kernel's websocket and wait until the kernel answers."""
        # kernels-mixer accepts the newer protocol, but then sends no reply.
        protocol = LEGACY if self.name == MIXER else V1
        kernel = await self.client.open(kernel_id, protocol)
        if self.name == FLOOR:
            kernel = QuickAckKernel(kernel.websocket, kernel.session_id)
        await kernel.wait_until_ready()
        return kernel

    async def stop(self, kernel_id: str) -> None:
        """Stop a kernel."""
        await self.client.request("DELETE", f"api/kernels/{kernel_id}")


@asynccontextmanager
async def running_setups(
    folder: Path, extra_config: Mapping[str, Any] | None = None
) -> AsyncIterator[list[Setup]]:
    """Start all servers, yield their setups, and stop the servers at the end."""
    config = {**UNLIMITED, **(extra_config or {})}
    remote = gateway(folder / "gateway")
    limits = remote.config_folder / "jupyter_kernel_gateway_config.json"
    limits.write_text(json.dumps(UNLIMITED))
    stock = jupyter_server(folder / "stock", token="token-of-stock", config={**STOCK, **config})
    ours = jupyter_server(folder / "ours", token="token-of-ours", config=config)
    by_url = with_gateway_url(folder / "url", remote.url, remote.token, config)
    passing = f"location / {{ proxy_pass {remote.url.rstrip('/')}; {UPGRADE} {NGINX_LIMITS} }}"
    nginx = Nginx(folder / "nginx", passing)
    token = {"value": remote.token}
    declare(ours, "bench", {"url": remote.url, "token": token})
    declare(ours, "proxied", {"url": nginx.url, "token": token})
    processes = {
        (DIRECT, FLOOR): (remote, REMOTE_KERNEL),
        (GATEWAY_URL,): (by_url, REMOTE_KERNEL),
        (MIXER,): (with_mixer(folder / "mixer", remote.url, remote.token, config), REMOTE_KERNEL),
        (OURS,): (ours, f"bench/{REMOTE_KERNEL}"),
        (OURS_PROXY,): (ours, f"proxied/{REMOTE_KERNEL}"),
        (STOCK_LOCAL,): (stock, "python3"),
        (OURS_LOCAL,): (ours, "python3"),
    }
    async with AsyncExitStack() as stack:
        stack.callback(nginx.close)
        for process in dict.fromkeys(process for process, _ in processes.values()):
            (
                process.config_folder / "jupyter_config.json"
            ).unlink()  # kernels use TCP, as by default
            stack.callback(process.stop, timeout=5)
            await asyncio.to_thread(process.start)
        setups = []
        for names, (process, kernel_name) in processes.items():
            client = await stack.enter_async_context(Client(process.url, process.token))
            await client.wait_for_kernelspec(kernel_name)
            setups += [Setup(name, client, process.token, kernel_name) for name in names]
        client = await stack.enter_async_context(Client(f"{nginx.url}/", remote.token))
        setups.append(Setup(DIRECT_PROXY, client, remote.token, REMOTE_KERNEL))
        yield setups
