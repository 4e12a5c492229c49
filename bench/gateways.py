"""
Many scripted gateways in a separate process.

    python -m bench.gateways <port> <gateways> <kernelspecs of each>

They answer at once, or never, and count requests. Gateway 7 is at ``/7/``. Its kernels reply to
`kernel_info_request`. Kernels with the name ``chatty`` also send a message a hundred times a second
to each connection. `Gateways` starts the process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections import Counter
from typing import Any

import aiohttp
from aiohttp import web
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from tests.support.client import V1
from tests.support.processes import ROOT, ServerProcess, declare, free_port

CHATTY = "chatty"
INTERVAL = 0.01  # seconds between two messages of a chatty kernel
ETAG = '"unchanged"'


class Gateways:
    """The process with the gateways."""

    def __init__(self, count: int, kernelspecs: int) -> None:
        self._port = free_port()
        self._arguments = [str(self._port), str(count), str(kernelspecs)]
        self._process: asyncio.subprocess.Process
        self._client: aiohttp.ClientSession
        self.urls = [f"http://127.0.0.1:{self._port}/{n}/" for n in range(count)]

    async def __aenter__(self) -> Gateways:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.gateways", *self._arguments, cwd=ROOT, stdout=pipe
        )
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        self._client = aiohttp.ClientSession(f"http://127.0.0.1:{self._port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        self._process.terminate()
        await self._process.wait()

    def declare(self, server: ServerProcess, **settings: object) -> None:
        """Make each gateway a provider of a server: ``provider-0``, ``provider-1`` and so on."""
        for number, url in enumerate(self.urls):
            declare(server, f"provider-{number}", {"url": url, **settings})

    async def silence(self, count: int) -> None:
        """Let the first ``count`` gateways answer no more requests; 0 ends that."""
        await self._client.post("/silence", json=count)

    async def take_counts(self) -> dict[str, int]:
        """Return the requests since the last call: how many by ``<status> <path>``."""
        async with self._client.get("/counts") as response:
            counts: dict[str, int] = await response.json()
            return counts


class ScriptedGateways:
    """The gateways in that process, as one web application."""

    def __init__(self, count: int, kernelspecs: int) -> None:
        names = [CHATTY, *(f"kernel-{n}" for n in range(kernelspecs - 1))]
        self._kernelspecs = {"default": names[-1], "kernelspecs": {n: _model(n) for n in names}}
        self._kernels: dict[str, dict[str, Any]] = {}
        self._silent = 0
        self._counts: Counter[str] = Counter()
        self._session = Session(key=b"")
        self.app = web.Application()
        self.app.router.add_post("/silence", self._silence)
        self.app.router.add_get("/counts", self._take_counts)
        gateway = "/{gateway:[0-9]+}"
        for method, path, handler in (
            ("GET", "/api", self._version),
            ("GET", "/api/kernelspecs", self._list_kernelspecs),
            ("GET", "/kernelspecs/{name}/{file}", self._logo),
            ("GET", "/api/kernels", self._list),
            ("POST", "/api/kernels", self._start),
            ("GET", "/api/kernels/{kernel}", self._get),
            ("DELETE", "/api/kernels/{kernel}", self._stop),
            ("GET", "/api/kernels/{kernel}/channels", self._channels),
        ):
            self.app.router.add_route(method, gateway + path, self._counted(handler))

    def _counted(self, handler: Any) -> Any:
        async def count(request: web.Request) -> web.StreamResponse:
            if int(request.match_info["gateway"]) < self._silent:
                await asyncio.sleep(3600)
            response: web.StreamResponse = await handler(request)
            self._counts[f"{response.status} {request.path}"] += 1
            return response

        return count

    async def _silence(self, request: web.Request) -> web.Response:
        self._silent = await request.json()
        return web.Response()

    async def _take_counts(self, _: web.Request) -> web.Response:
        counts, self._counts = self._counts, Counter()
        return web.json_response(counts)

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "2.21.1"})

    async def _list_kernelspecs(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == ETAG:
            return web.Response(status=304, headers={"ETag": ETAG})
        return web.json_response(self._kernelspecs, headers={"ETag": ETAG})

    async def _logo(self, _: web.Request) -> web.Response:
        return web.Response(body=b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    async def _list(self, request: web.Request) -> web.Response:
        gateway = request.match_info["gateway"]
        kernels = [k for k in self._kernels.values() if k["gateway"] == gateway]
        return web.json_response(kernels)

    async def _start(self, request: web.Request) -> web.Response:
        kernel = {
            "id": str(uuid.uuid4()),
            "name": (await request.json())["name"],
            "last_activity": "2026-01-01T00:00:00Z",
            "execution_state": "idle",
            "connections": 0,
            "gateway": request.match_info["gateway"],
        }
        self._kernels[kernel["id"]] = kernel
        return web.json_response(kernel, status=201)

    async def _get(self, request: web.Request) -> web.Response:
        kernel = self._kernels.get(request.match_info["kernel"])
        if kernel is None:
            return web.json_response(
                {"message": "Kernel does not exist", "reason": None}, status=404
            )
        return web.json_response(kernel)

    async def _stop(self, request: web.Request) -> web.Response:
        self._kernels.pop(request.match_info["kernel"], None)
        return web.Response(status=204)

    async def _channels(self, request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(protocols=[V1], max_msg_size=0)
        await websocket.prepare(request)
        sending = None
        if self._kernels[request.match_info["kernel"]]["name"] == CHATTY:
            sending = asyncio.create_task(self._send_messages(websocket))
        async for message in websocket:
            await self._reply(websocket, message.data)
        if sending is not None:
            sending.cancel()
        return websocket

    async def _reply(self, websocket: web.WebSocketResponse, frame: bytes) -> None:
        _, parts = deserialize_msg_from_ws_v1(frame)
        parent = {"header": json.loads(parts[0])}
        for channel, msg_type, content in (
            ("iopub", "status", {"execution_state": "busy"}),
            ("shell", "kernel_info_reply", {"status": "ok"}),
            ("iopub", "status", {"execution_state": "idle"}),
        ):
            await websocket.send_bytes(self._frame(channel, msg_type, content, parent))

    async def _send_messages(self, websocket: web.WebSocketResponse) -> None:
        frame = self._frame("iopub", "stream", {"name": "stdout", "text": "x" * 80}, {"header": {}})
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not websocket.closed:
            due += INTERVAL
            await asyncio.sleep(max(due - loop.time(), 0))
            await websocket.send_bytes(frame)

    def _frame(
        self, channel: str, msg_type: str, content: dict[str, Any], parent: dict[str, Any]
    ) -> bytes:
        message = self._session.msg(msg_type, content)
        parts: Any = (message["header"], parent["header"], {}, content)
        frame: bytes = serialize_msg_to_ws_v1([*map(self._session.pack, parts)], channel)
        return frame


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "spec": {
            "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "env": {},
            "display_name": f"Environment {name}",
            "language": "python",
            "interrupt_mode": "signal",
            "metadata": {"debugger": True},
        },
        "resources": {"logo-svg": f"/kernelspecs/{name}/logo-svg.svg"},
    }


async def serve(port: int, count: int, kernelspecs: int) -> None:
    """Answer until the process is terminated."""
    runner = web.AppRunner(ScriptedGateways(count, kernelspecs).app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:4])))
