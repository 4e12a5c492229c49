"""Providers that answer what no gateway does: this server, its memory and its exit are unharmed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import StartServer
from tests.support.client import V1, Client, wait_until
from tests.support.processes import ServerProcess
from tests.support.web_runner import stop

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]

SVG = "image/svg+xml"


@dataclass
class Liar:
    """A scripted gateway whose answers a test changes; ``asked`` are its requests."""

    kernelspecs: dict[str, Any] = field(default_factory=lambda: {"py": {"spec": {}}})
    #: The id of each kernel that is started; a new one if it is empty.
    kernel_id: str = ""
    kernels: dict[str, Any] = field(default_factory=dict)
    logo: bytes = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    reads: bool = True
    asked: list[str] = field(default_factory=list)
    subprotocols: list[str] = field(default_factory=list)
    received: int = 0
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(f"{request.method} {request.raw_path}")
        if request.path == "/api/kernelspecs":
            return web.json_response({"kernelspecs": self.kernelspecs})
        if request.path == "/api/kernels" and request.method == "POST":
            kernel_id = self.kernel_id or str(uuid.uuid4())
            model = {"id": kernel_id, "name": "py", "execution_state": "idle"}
            self.kernels[kernel_id] = model
            return web.json_response(model, status=201)
        if request.path == "/api/kernels":
            return web.json_response([*self.kernels.values()])
        if request.path.endswith("/channels"):
            return await self._channels(request)
        if request.path.startswith("/kernelspecs/"):
            return web.Response(body=self.logo, content_type=SVG)
        kernel_id = request.path.split("/")[3]
        if request.method == "DELETE":
            self.kernels.pop(kernel_id, None)
            return web.Response(status=204)
        if kernel_id in self.kernels:
            return web.json_response(self.kernels[kernel_id])
        return web.json_response({"message": f"Kernel does not exist: {kernel_id}"}, status=404)

    async def _channels(self, request: web.Request) -> web.StreamResponse:
        self.subprotocols.append(request.headers.get("Sec-WebSocket-Protocol", ""))
        websocket = web.WebSocketResponse(protocols=[V1], max_msg_size=0)
        await websocket.prepare(request)
        if not self.reads:
            assert request.transport is not None
            request.transport.pause_reading()
        async for message in websocket:
            self.received += len(message.data)
        return websocket


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """Such a gateway."""
    liar = Liar()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", liar.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    liar.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield liar
    await stop(runner)


@pytest.mark.parametrize("wanted", ["x", "../../lab", "a b", "\ud800-a-b-c-d"])
async def test_a_client_cannot_choose_an_id_that_no_route_has(
    start_server: StartServer, liar: Liar, wanted: str
) -> None:
    """Such a request is refused before the provider is asked."""
    _, client = start_server({"far": {"url": liar.url}})
    await client.wait_for_kernelspec("far/py")
    reply = await client.request("POST", "api/kernels", {"name": "far/py", "kernel_id": wanted})
    assert reply.status == 400
    assert "POST /api/kernels" not in liar.asked


async def test_excluded_kernels_cannot_be_reached(start_server: StartServer, liar: Liar) -> None:
    """Neither in the list, nor by another case, nor by attaching a kernel that runs."""
    liar.kernelspecs = {"py": {"spec": {}}, "Secret": {"spec": {}}}
    _, client = start_server({"far": {"url": liar.url, "exclude": ["secret*"]}})
    await client.wait_for_kernelspec("far/py")
    assert "far/Secret" not in await client.kernelspecs()
    for name in ("far/Secret", "far/secret", "far/SECRET1"):
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status == 404, reply
        assert "far offers no kernel called" in reply.body["message"]
    ids = {name: str(uuid.uuid4()) for name in ("py", "Secret", "secret2")}
    liar.kernels = {one: {"id": one, "name": name} for name, one in ids.items()}
    path = "api/kernel-providers/far/kernels"
    assert [kernel["id"] for kernel in (await client.get(path))["kernels"]] == [ids["py"]]
    for name in ("Secret", "secret2"):
        reply = await client.request("POST", path, {"id": ids[name]})
        assert reply.status == 404, reply
    assert (await client.request("POST", path, {"id": ids["py"]})).status == 201
    assert not [request for request in liar.asked if request == "POST /api/kernels"]


async def test_no_provider_is_contacted_for_an_image(start_server: StartServer, liar: Liar) -> None:
    """A page of another site can have the address of a websocket as that of an image."""
    _, client = start_server({"far": {"url": liar.url}})
    await client.wait_for_kernelspec("far/py")
    kernel_id = await client.start_kernel("far/py")
    assert (await client.request("GET", f"api/kernels/{kernel_id}/channels")).status == 400
    assert liar.subprotocols == []


async def test_scripts_are_not_served(start_server: StartServer, liar: Liar) -> None:
    """A remote's ``kernel.js`` would run with the user's rights; it can be allowed."""
    resources = {"kernel.js": "/kernelspecs/py/kernel.js", "logo-svg": "/kernelspecs/py/logo.svg"}
    liar.kernelspecs = {"py": {"spec": {}, "resources": resources}}
    more = {"all": {"url": liar.url, "resources": "all"}}
    _, client = start_server({"far": {"url": liar.url}, **more})
    spec = await client.wait_for_kernelspec("far/py")
    assert spec["resources"] == {"logo-svg": "/kernelspecs/far%2Fpy/logo.svg"}
    assert (await client.request("GET", "kernelspecs/far%2Fpy/kernel.js")).status == 404
    assert (await client.request("GET", "kernelspecs/far%2Fpy/logo.svg")).status == 200
    spec = await client.wait_for_kernelspec("all/py")
    assert set(spec["resources"]) == {"kernel.js", "logo-svg"}
    assert (await client.request("GET", "kernelspecs/all%2Fpy/kernel.js")).status == 200


async def test_a_huge_logo_is_not_kept(start_server: StartServer, liar: Liar) -> None:
    """It is not read to its end, and its kernel is listed without it."""
    liar.logo = bytes(2**20)
    liar.kernelspecs = {
        f"k{n}": {"spec": {}, "resources": {"logo-svg": f"/kernelspecs/k{n}/logo.svg"}}
        for n in range(20)
    }
    _, client = start_server({"far": {"url": liar.url, "refresh_interval": 1}})
    await client.wait_for_kernelspec("far/k19")

    async def are_asked_for() -> bool:
        return sum(request.endswith(".svg") for request in liar.asked) >= 20

    await wait_until(are_asked_for)
    assert (await client.request("GET", "kernelspecs/far%2Fk0/logo.svg")).status == 404
    polls = liar.asked.count("GET /api/kernelspecs")

    async def is_polled_again() -> bool:
        return liar.asked.count("GET /api/kernelspecs") >= polls + 2

    await wait_until(is_polled_again)
    # One request was ours above; none is repeated with each poll.
    assert sum(request.endswith(".svg") for request in liar.asked) == 21


async def sent(client: Client, kernel_id: str, size: int, times: int) -> Any:
    """Open a websocket, send frames, and return it."""
    websocket = await client._session.ws_connect(
        f"{client.url}api/kernels/{kernel_id}/channels?session_id={uuid.uuid4().hex}"
    )
    for _ in range(times):
        await websocket.send_bytes(bytes(size))
    return websocket


async def test_a_provider_that_reads_nothing_cannot_hold_the_exit(
    start_server: StartServer, liar: Liar
) -> None:
    """30 MB wait for it, and the server stops within five seconds."""
    liar.reads = False
    process, client = start_server({"far": {"url": liar.url, "on_server_exit": "keep"}})
    await client.wait_for_kernelspec("far/py")
    kernel_id = await client.start_kernel("far/py")
    await sent(client, kernel_id, 10 * 2**20, 3)
    assert await process.stop_async(timeout=5) == 0


async def test_what_waits_for_providers_has_a_limit(start_server: StartServer, liar: Liar) -> None:
    """All clients together cannot fill the memory; the one that would is disconnected."""
    liar.reads = False
    config = {"KernelProviders": {"send_queue_size": 20 * 2**20}}
    _, client = start_server({"far": {"url": liar.url}}, config=config)
    await client.wait_for_kernelspec("far/py")
    kernel_id = await client.start_kernel("far/py")
    for _ in range(2):
        await sent(client, kernel_id, 4 * 2**20, 2)
    websocket = await sent(client, kernel_id, 4 * 2**20, 2)
    closed = await websocket.receive(timeout=30)
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1013)
    assert "Too much was sent" in closed.extra


@pytest.mark.parametrize(
    "config",
    [
        {"KernelProviders": {"max_message_size": 2**21}},
        {"ServerApp": {"tornado_settings": {"websocket_max_message_size": 2**21}}},
    ],
    ids=["ours", "the server's own"],
)
async def test_one_limit_holds_in_both_directions(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], config: dict[str, Any]
) -> None:
    """A message above it is not passed on; a smaller one is, and the reason is said."""
    remote = remote_servers["far"]
    settings = {"url": remote.url, "token": {"value": remote.token}, "label": "Far"}
    process, client = start_server({"far": settings}, config=config)
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    kernel = await client.connect(kernel_id)
    show = "from IPython.display import display; display({'text/plain': 'x' * %s}, raw=True)"
    messages = await kernel.execute(show % 2**20)
    [shown] = [m for m in messages if m["header"]["msg_type"] == "display_data"]
    assert len(shown["content"]["data"]["text/plain"]) == 2**20
    await kernel.send("execute_request", {"code": show % 2**22, "silent": False})

    async def is_said() -> bool:
        [model] = [
            p for p in (await client.get("api/kernel-providers"))["providers"] if p["id"] == "far"
        ]
        return any("A message of Far had more than 2 MiB" in one for one in model["warnings"])

    await wait_until(is_said)
    assert process.log().count("A message of Far had more than 2 MiB") == 1
    await kernel.close()
    kernel = await client.connect(kernel_id)
    with suppress(ConnectionError):  # the server closes the connection before it has read all
        await kernel.send("execute_request", {"code": "x" * 2**22, "silent": False})
    async for _ in kernel.messages():
        pass
    assert kernel.websocket.closed
