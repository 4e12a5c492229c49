"""A provider whose answers are hostile harms only itself."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.security.hostile_server import KERNELSPEC, Answer, HostileServer, model, respond
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, declare, free_port, jupyter_server

pytestmark = pytest.mark.server

#: Escape sequences, another direction of text, a line that looks like one of the log, and HTML.
TEXT = (
    "\x1b]0;title\x07\u202e\r\n[C 2026] received signal 15, stopping\n<script>alert(1)</script>\x00"
)
CONTROL = ("\x1b", "\x07", "\u202e", "\r", "\x00")
NO_IDS: list[Any] = [
    "..",
    "../../api/shutdown",
    "",
    "\ud800",
    "\r\nX-Header: x",
    "a" * 10_000,
    None,
    5,
    True,
    ["x"],
    {"id": "x"},
]
KERNEL_ROUTES = [
    ("POST", "api/kernels/{}/interrupt"),
    ("POST", "api/kernels/{}/restart"),
    ("DELETE", "api/kernels/{}"),
]


@pytest.fixture(scope="module")
def bad_port() -> int:
    """The port of the hostile provider."""
    return free_port()


@pytest.fixture(scope="module")
def attacked_server(
    remote_servers: dict[str, ServerProcess],
    bad_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server with a hostile provider, ``bad``, and a healthy one, ``good``."""
    folder: Path = tmp_path_factory.mktemp("attacked-server")
    server = jupyter_server(
        folder,
        token="token-of-attacked-server",
        config={"KernelProviders": {"start_patience": 60}},
    )
    bad = {
        "url": f"http://127.0.0.1:{bad_port}",
        "token": {"value": "token-of-bad"},
        "timeouts": {"connect": 2, "request": 3, "start": 5},
    }
    good = remote_servers["gate-b"]
    declare(server, "bad", bad)
    declare(server, "good", {"url": good.url, "token": {"value": good.token}})
    server.start()
    yield server
    server.stop()
    assert "/kernel_providers_ext/" not in server.log(), "a traceback of this package"
    for character in CONTROL:
        assert character not in server.log(), f"{character!r} in the log"


@dataclass
class Attack:
    """A server and its hostile provider, which is online until a test changes its answers."""

    server: ServerProcess
    bad: HostileServer
    client: Client

    async def poll(self) -> dict[str, Any]:
        """Let the server ask the provider now, and return the provider's model."""
        reply = await self.client.request("POST", "api/kernel-providers/bad/retry")
        assert reply.status == 200
        found: dict[str, Any] = reply.body
        return found

    async def is_not_online(self) -> bool:
        """Poll, and return whether the provider is not online."""
        return bool((await self.poll())["state"] != "online")

    async def check_others(self) -> None:
        """Check that the server, its own kernels and the healthy provider are unaffected."""
        specs = await self.client.kernelspecs()
        assert {"python3", "good/python3"} <= set(specs)
        assert (await self.client.request("GET", "api/status")).status == 200
        _, _, good = (await self.client.get("api/kernel-providers"))["providers"]
        assert good["state"] == "online"


@pytest.fixture
async def attack(attacked_server: ServerProcess, bad_port: int) -> AsyncIterator[Attack]:
    """The server, while its provider still answers well."""
    bad = HostileServer(bad_port)
    await bad.open()
    async with Client(attacked_server.url, attacked_server.token) as client:
        attack = Attack(attacked_server, bad, client)
        await client.wait_for_state("bad", "online")
        await client.wait_for_kernelspec("bad/py")
        await client.wait_for_kernelspec("good/python3")
        yield attack
        await attack.check_others()
        bad.answers.clear()
        await client.wait_for_state("bad", "online")
        for kernel in await client.get("api/kernels"):
            await client.request("DELETE", f"api/kernels/{kernel['id']}")
    await bad.close()


# -- redirects -------------------------------------------------------------------------------------


@pytest.fixture
async def elsewhere() -> AsyncIterator[HostileServer]:
    """Another server, to which the provider redirects."""
    server = HostileServer(free_port())
    await server.open()
    yield server
    await server.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    attack: Attack, elsewhere: HostileServer, status: int
) -> None:
    """Neither to another server nor to another path of the provider, whatever is asked."""
    kernel_id = await attack.client.start_kernel("bad/py")
    for target in (f"http://127.0.0.1:{elsewhere.port}/", "/elsewhere", "file:///etc/passwd"):
        attack.bad.answers[".* (?!/api/kernelspecs).*"] = respond(status, Location=target)
        start = await attack.client.request("POST", "api/kernels", {"name": "bad/py"})
        assert start.status in (502, 503), start
        attach = {"id": "x"}
        for method, path, body in [
            *((method, path.format(kernel_id), {}) for method, path in KERNEL_ROUTES),
            ("GET", "api/kernel-providers/bad/kernels", None),
            ("POST", "api/kernel-providers/bad/kernels", attach),
        ]:
            reply = await attack.client.request(method, path, body)
            assert reply.status in (502, 503), (path, reply)
        logo = await attack.client.request("GET", "kernelspecs/bad%2Fpy/logo-svg.svg")
        assert logo.status in (200, 404)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await attack.client.open(kernel_id)
        assert refused.value.status in (502, 503)
        attack.bad.answers = {".*": respond(status, Location=target)}
        await wait_until(attack.is_not_online)  # a poll may be under way
        attack.bad.answers.clear()
        await attack.client.wait_for_state("bad", "online")
    assert elsewhere.requests == []
    assert not [asked for asked in attack.bad.requests if "/elsewhere" in asked]
    assert len(await attack.client.get("api/kernels")) == 1


# -- kernelspecs and their files -------------------------------------------------------------------


async def test_names_and_texts_of_kernelspecs(attack: Attack) -> None:
    """Only usable names are offered, and texts have no control characters."""
    names = ["..", ".", "a/../b", "../x", "", "a\x00b", "a\nb", "\u202ea", "\ud800", "a" * 1000]
    specs: dict[str, Any] = {name: KERNELSPEC for name in names}
    spec = {**KERNELSPEC["spec"], "display_name": TEXT}  # type: ignore[dict-item]
    specs["text"] = {**KERNELSPEC, "spec": spec}
    specs["empty"] = {"name": None, "spec": {}, "resources": None}
    specs["wrong"] = {"name": 5, "spec": {"argv": 1, "display_name": [], "metadata": "x"}}
    broken: Any
    for broken in (None, 5, [], "x", {"spec": None}, {"spec": []}):
        specs[f"broken-{json.dumps(broken).strip('{}[]')}"] = broken
    attack.bad.kernelspecs(specs)
    polled = await attack.poll()
    assert polled["state"] == "online"
    found = {n: m for n, m in (await attack.client.kernelspecs()).items() if n.startswith("bad/")}
    assert set(found) == {"bad/text", "bad/empty", "bad/wrong"}
    assert found["bad/text"]["spec"]["display_name"].isprintable()
    for listed in found.values():
        assert isinstance(listed["spec"]["argv"], list)
        assert isinstance(listed["spec"]["metadata"], dict)
    assert not [c for c in CONTROL if c in json.dumps(polled, ensure_ascii=False)]


async def test_scripts_are_not_offered(attack: Attack) -> None:
    """Only images of the provider are below this server's address, each as a file of its own."""
    resources = {
        "kernel.js": "/kernelspecs/py/kernel.js",
        "kernel.css": "/kernelspecs/py/kernel.css",
        "page": "/kernelspecs/py/page.html",
        "logo-32x32": "javascript:alert(1)",
        "logo-64x64": "http://elsewhere.example/logo-64x64.png",
        "logo-svg": "/kernelspecs/py/../../../lab/logo.svg",
        "logo-5": 5,
        "logo-up": "/kernelspecs/py/..",
    }
    attack.bad.kernelspecs({"py": {**KERNELSPEC, "resources": resources}})
    await attack.poll()
    found = (await attack.client.wait_for_kernelspec("bad/py"))["resources"]
    assert found == {
        "logo-64x64": "/kernelspecs/bad%2Fpy/logo-64x64.png",
        "logo-svg": "/kernelspecs/bad%2Fpy/logo.svg",
    }
    for file in ("kernel.js", "kernel.css", "page.html", "..", "%2e%2e"):
        reply = await attack.client.request("GET", f"kernelspecs/bad%2Fpy/{file}")
        assert reply.status == 404, file
    for url in found.values():
        assert (await attack.client.request("GET", url.lstrip("/"))).status == 200
    asked = [r.split()[1] for r in attack.bad.requests if "/kernelspecs/" in r]
    assert set(asked) <= {
        "/kernelspecs/py/logo-svg.svg",
        "/kernelspecs/py/logo-64x64.png",
        "/kernelspecs/py/logo.svg",
    }


async def test_headers_of_a_logo_are_not_passed_on(attack: Attack) -> None:
    """A logo runs no script in this server's origin, and sets no cookie for it."""
    resources = {"logo-svg": "/kernelspecs/py/evil.svg"}
    attack.bad.kernelspecs({"py": {**KERNELSPEC, "resources": resources}})
    attack.bad.answers["GET /kernelspecs/.*"] = respond(
        200,
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        Content_Type="text/html",
        Set_Cookie="_xsrf=known; Path=/",
        Content_Security_Policy="default-src *",
        Access_Control_Allow_Origin="*",
        X_Header="x",
    )
    await attack.poll()
    await attack.client.wait_for_kernelspec("bad/py")
    reply = await attack.client.request("GET", "kernelspecs/bad%2Fpy/evil.svg")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "_xsrf=known" not in str(reply.headers)
    assert reply.headers.get("Access-Control-Allow-Origin") != "*"
    assert "X-Header" not in reply.headers


# -- kernels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("remote_id", NO_IDS, ids=lambda value: repr(value)[:20])
async def test_ids_of_started_kernels(attack: Attack, remote_id: Any) -> None:
    """A kernel whose id is none has not started, and nothing is asked about it."""
    attack.bad.answers["POST /api/kernels"] = respond(201, json.dumps(model(remote_id)))
    reply = await attack.client.request("POST", "api/kernels", {"name": "bad/py"})
    assert reply.status in (502, 503), reply
    assert await attack.client.get("api/kernels") == []
    for asked in attack.bad.requests:
        assert "shutdown" not in asked
        assert "X-Header" not in asked


@pytest.mark.parametrize("remote_id", ["/api/shutdown", "?x=#", "ключ-a-b-c-d", "%2e%2e", "a b"])
async def test_unusual_ids_of_started_kernels(attack: Attack, remote_id: str) -> None:
    """The kernel has an id of this server's making, and the provider's stays one segment."""
    attack.bad.answers["POST /api/kernels"] = respond(201, json.dumps(model(remote_id)))
    reply = await attack.client.request("POST", "api/kernels", {"name": "bad/py"})
    assert reply.status == 201
    assert re.fullmatch(r"[0-9a-f]+(-[0-9a-f]+){4}", reply.body["id"])
    assert (await attack.client.request("DELETE", f"api/kernels/{reply.body['id']}")).status == 204
    assert f"DELETE /api/kernels/{quote(remote_id, safe='')}" in attack.bad.requests


async def test_kernels_with_one_id(attack: Attack) -> None:
    """Of starts at the same time that get one id, none takes over the kernel of another."""
    one, asked, all_asked = model("11111111-1111-1111-1111-111111111111"), [], asyncio.Event()
    attack.bad.kernels.add(one["id"])

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        if len(asked) == 3:
            all_asked.set()
        await all_asked.wait()
        return web.json_response(one, status=201)

    attack.bad.answers["POST /api/kernels"] = answer
    start = {"name": "bad/py"}
    replies = await asyncio.gather(
        *(attack.client.request("POST", "api/kernels", start) for _ in range(3))
    )
    started = [reply.body["id"] for reply in replies if reply.status == 201]
    listed = [kernel["id"] for kernel in await attack.client.get("api/kernels")]
    assert sorted(started) == sorted(listed), "each kernel that was started is listed once"


async def test_models_of_kernels(attack: Attack) -> None:
    """Whatever a model says, lists are complete and valid; no other kernel is named."""
    kernel_id = await attack.client.start_kernel("bad/py")
    for more in (
        {"execution_state": {"x": 1}, "last_activity": [], "connections": "many"},
        {"execution_state": TEXT, "last_activity": TEXT, "name": TEXT},
        {"last_activity": "9999-99-99T99:99:99Z", "connections": -1},
        {"last_activity": "0001-01-01T00:00:00+23:59", "connections": 10**400},
        {"execution_state": None, "last_activity": None, "connections": None, "name": None},
        {"id": "another"},
    ):
        known = model(kernel_id, **more)
        attack.bad.answers["GET /api/kernels"] = respond(200, json.dumps([known, None, 5, "x"]))
        attack.bad.answers[f"GET /api/kernels/{kernel_id}"] = respond(200, json.dumps(known))
        await attack.poll()
        [listed] = await attack.client.get("api/kernels")
        assert listed["id"] == kernel_id
        assert listed["name"] == "bad/py"
        assert isinstance(listed["execution_state"], str)
        assert isinstance(listed["connections"], int)
        others = await attack.client.request("GET", "api/kernel-providers/bad/kernels")
        assert others.status in (200, 502, 503)
        assert (await attack.client.request("GET", "api/sessions")).status == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503, 599])
async def test_messages_are_text_of_one_line(attack: Attack, status: int) -> None:
    """What a provider says is shown without control characters, and cannot forge the log."""
    body = json.dumps({"message": TEXT, "reason": TEXT, "traceback": TEXT})
    attack.bad.answers["POST .*"] = respond(status, body)
    reply = await attack.client.request("POST", "api/kernels", {"name": "bad/py"})
    assert reply.status in (400, 403, 404, 502, 503)
    assert not [c for c in (*CONTROL, "\n") if c in reply.body["message"]]
    attack.bad.answers[".*"] = respond(status, body)
    polled = json.dumps(await attack.poll(), ensure_ascii=False)
    assert not [c for c in CONTROL if c in polled]
    assert "\n[C 2026] received signal" not in attack.server.log()


# -- frames ----------------------------------------------------------------------------------------

Send = Callable[[web.WebSocketResponse], Awaitable[None]]


async def _no_json(websocket: web.WebSocketResponse) -> None:
    for text in ("", "x", "null", "[]", "{}", '{"header": 5}', "\x00", "[" * 100_000):
        await websocket.send_str(text)


async def _no_message(websocket: web.WebSocketResponse) -> None:
    for data in (b"", b"\x00", b"\xff" * 7, b"\xff" * 8, b"\x01" + b"\x00" * 200, b"\x00" * 10**6):
        await websocket.send_bytes(data)


async def _offsets(websocket: web.WebSocketResponse) -> None:
    for count in (1, 6, 2**16, 2**62):
        offsets = b"".join(n.to_bytes(8, "little") for n in (2**63, 0, 2**64 - 1, 1, 5, 2**40))
        await websocket.send_bytes(count.to_bytes(8, "little") + offsets)


async def _many(websocket: web.WebSocketResponse) -> None:
    for _ in range(20_000):
        await websocket.send_str("{}")


async def _reserved_close_code(websocket: web.WebSocketResponse) -> None:
    _write(websocket, b"\x88\x02" + (1005).to_bytes(2, "big"))


async def _invalid_text(websocket: web.WebSocketResponse) -> None:
    _write(websocket, b"\x81\x02\xff\xfe")


async def _unknown_opcode(websocket: web.WebSocketResponse) -> None:
    _write(websocket, b"\x8b\x00")


async def _endless_frame(websocket: web.WebSocketResponse) -> None:
    _write(websocket, b"\x82\x7f" + (2**62).to_bytes(8, "big") + b"x" * 2**20)


async def _no_websocket(websocket: web.WebSocketResponse) -> None:
    _write(websocket, b"HTTP/1.1 200 OK\r\n\r\n")


def _write(websocket: web.WebSocketResponse, data: bytes) -> None:
    """Write bytes that aiohttp would not write."""
    request: Any = websocket._req
    request.transport.write(data)


FRAMES: list[Send] = [
    _no_json,
    _no_message,
    _offsets,
    _many,
    _reserved_close_code,
    _invalid_text,
    _unknown_opcode,
    _endless_frame,
    _no_websocket,
]


def channels(send: Send, sent: list[str]) -> Answer:
    """Accept a websocket, send frames when the first one is received, and then be silent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.receive()
        await send(websocket)
        sent.append(send.__name__)
        async for _ in websocket:
            pass
        return websocket

    return answer


@pytest.mark.parametrize("send", FRAMES, ids=lambda send: send.__name__.strip("_"))
async def test_frames(attack: Attack, send: Send) -> None:
    """Frames that are none end at most the connection to their own kernel."""
    kernel_id = await attack.client.start_kernel("bad/py")
    sent: list[str] = []
    attack.bad.answers[f"GET /api/kernels/{kernel_id}/channels.*"] = channels(send, sent)
    kernel = await attack.client.open(kernel_id)
    await kernel.websocket.send_str("{}")

    async def is_sent() -> bool:
        return bool(sent)

    await wait_until(is_sent)
    good = await attack.client.start_kernel("good/python3")
    assert await attack.client.run(good, "print(1)") == "1\n"
    listed = {kernel["id"] for kernel in await attack.client.get("api/kernels")}
    assert listed == {kernel_id, good}
    await kernel.close()


async def test_subprotocols_that_were_not_offered(attack: Attack) -> None:
    """A provider cannot choose a protocol that the browser does not speak."""
    kernel_id = await attack.client.start_kernel("bad/py")

    async def answer(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(protocols=("token.of.another.user",))
        websocket.headers["Sec-WebSocket-Protocol"] = "chosen"
        await websocket.prepare(request)
        await websocket.receive()
        return websocket

    attack.bad.answers[f"GET /api/kernels/{kernel_id}/channels.*"] = answer
    url = URL(attack.server.url) / f"api/kernels/{kernel_id}/channels"
    headers = {"Authorization": f"token {attack.server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        with suppress(aiohttp.WSServerHandshakeError):
            async with session.ws_connect(url) as websocket:
                assert websocket.protocol is None


async def test_subprotocols_with_a_token_are_not_passed_on(attack: Attack) -> None:
    """JupyterLab may send this server's token as a subprotocol; the provider does not get it."""
    kernel_id = await attack.client.start_kernel("bad/py")
    offered: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        offered.append(str(request.headers))
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.receive()
        return websocket

    attack.bad.answers[f"GET /api/kernels/{kernel_id}/channels.*"] = answer
    token = attack.server.token
    protocols = [f"v1.token.websocket.jupyter.org.{token}", "v1.kernel.websocket.jupyter.org"]
    url = URL(attack.server.url) / f"api/kernels/{kernel_id}/channels"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=protocols, headers={"Authorization": f"token {token}"}),
    ):
        pass
    assert len(offered) == 1
    assert token not in offered[0]
    assert "v1.kernel.websocket.jupyter.org" in offered[0]
