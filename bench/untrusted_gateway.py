"""
A scripted gateway that answers as much as it likes, in a separate process.

    python -m bench.untrusted_gateway <port>

`UntrustedGateway` starts it, and chooses its list of kernelspecs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.processes import ROOT, ServerProcess, declare, free_port

KERNELS = 2_000
LOGO = bytes(500 * 2**10)
FRAME = bytes(64 * 2**20)
PROVIDER = "untrusted"


def kernelspecs(count: int, prefix: str = "k", padding: int = 0) -> str:
    """Return a list of so many kernelspecs, each with a logo and so many more characters."""
    specs = {
        f"{prefix}{n}": {
            "name": f"{prefix}{n}",
            "spec": {
                "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": f"Python {n}",
                "language": "python",
                "metadata": {"padding": "x" * padding},
            },
            "resources": {"logo-svg": f"/kernelspecs/{prefix}{n}/logo.svg"},
        }
        for n in range(count)
    }
    return json.dumps({"default": "", "kernelspecs": specs})


def colliding(count: int) -> str:
    """Return kernelspecs whose display names collide again each time they are made unique."""
    specs, shown = {}, "A"
    for n in range(count):
        specs[f"k{n}"] = {"spec": {"display_name": shown}}
        shown = f"A [{PROVIDER}/k{n}]" if n % 2 else "A"
    return json.dumps({"kernelspecs": specs})


#: Lists that the limit of their size lets through.
LISTS = {
    "20 kernelspecs": kernelspecs(20),
    "2,000 kernelspecs": kernelspecs(KERNELS),
    "2,000 of 1 KB": kernelspecs(KERNELS, padding=700),
    "20,000 kernelspecs": kernelspecs(20_000),
    "colliding names": colliding(100_000),
    "8 MiB of brackets": '{"kernelspecs": {"a": [' + "[]," * 2_700_000 + "[]]}}",
    "60 KB of brackets each": '{"kernelspecs": {'
    + ",".join(f'"{n}": {{"spec": {{"x": [{"[]," * 20_000}[]]}}}}' for n in range(130))
    + "}}",
}


class UntrustedGateway:
    """The process with the gateway."""

    def __init__(self) -> None:
        self._port = free_port()
        self._process: asyncio.subprocess.Process
        self._client: aiohttp.ClientSession
        self.url = f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> UntrustedGateway:
        command = (sys.executable, "-m", "bench.untrusted_gateway", str(self._port))
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe)
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        self._client = aiohttp.ClientSession(self.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        self._process.kill()
        await self._process.wait()

    def declare(self, server: ServerProcess) -> None:
        """Make the gateway a provider of a server."""
        declare(server, PROVIDER, {"url": self.url, "on_server_exit": "keep"})

    async def answer(self, kernelspecs: str) -> None:
        """Answer with this list from now on."""
        await self._client.post("/list", data=kernelspecs.encode())


class Script:
    """The gateway in that process."""

    def __init__(self) -> None:
        self._list = b'{"kernelspecs": {}}'
        self._kernels: set[str] = set()
        self.app = web.Application(client_max_size=2**26)
        self.app.router.add_post("/list", self._set_list)
        self.app.router.add_get("/api/kernelspecs", self._kernelspecs)
        self.app.router.add_get("/kernelspecs/{name}/{file}", self._logo)
        self.app.router.add_post("/api/kernels", self._start)
        self.app.router.add_get("/api/kernels/{kernel}", self._kernel)
        self.app.router.add_get("/api/kernels/{kernel}/channels", self._channels)

    async def _set_list(self, request: web.Request) -> web.Response:
        self._list = await request.read()
        return web.Response()

    async def _kernelspecs(self, _: web.Request) -> web.Response:
        return web.Response(body=self._list, content_type="application/json")

    async def _logo(self, _: web.Request) -> web.Response:
        return web.Response(body=LOGO, content_type="image/svg+xml")

    async def _start(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response(_model(body["kernel_id"], body["name"]), status=201)

    async def _kernel(self, request: web.Request) -> web.Response:
        return web.json_response(_model(request.match_info["kernel"], "k0"))

    async def _channels(self, request: web.Request) -> web.StreamResponse:
        """Send large frames for ever, and read nothing."""
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        assert request.transport is not None
        request.transport.pause_reading()
        with suppress(ConnectionError):  # the server has left
            while True:
                await websocket.send_bytes(FRAME)
        return websocket


def _model(kernel_id: str, name: str) -> dict[str, Any]:
    return {"id": kernel_id, "name": name, "execution_state": "idle"}


async def _serve(port: int) -> None:
    runner = web.AppRunner(Script().app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
