"""What a remote server may answer, and what becomes of credentials; against a scripted server."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.gateway.provider import GatewayKernelProvider
from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    ProviderError,
    ProviderUnavailable,
    SignInNeeded,
)
from kernel_providers_ext.registry.providers import KernelProviders
from tests.support.client import answers, until

LOG = logging.getLogger("test_gateway_http")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers that answer every request as they are told; returns their addresses."""
    runners: list[web.AppRunner] = []

    async def start(answer: Answer, context: ssl.SSLContext | None = None) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runners.append(runner := web.AppRunner(app))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return f"http{'s' if context else ''}://localhost:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


def provider(url: str, **more: Any) -> GatewayKernelProvider:
    return GatewayKernelProvider(parse("gpu", {"url": url, **more}, "gpu.json"), LOG)


@pytest.mark.parametrize("what", ["request", "websocket"])
async def test_a_redirect_is_not_followed(serve: Serve, what: str) -> None:
    """A redirect is refused, so that no header of ours gets to another host."""
    asked: list[str] = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    elsewhere = await serve(other)

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound(elsewhere)

    gateway = provider(await serve(redirect), headers={"X-Api-Key": "token-of-gpu"})
    asking: dict[str, Callable[[], Awaitable[object]]] = {
        "request": gateway.snapshot,
        "websocket": lambda: gateway.open_channels("1", session_id=None, subprotocols=[]),
    }
    with pytest.raises(IncompatibleAnswer, match=r"a redirect \(302\)"):
        await asking[what]()
    assert asked == []
    await gateway.aclose()


async def test_a_token_is_renewed_once_for_all(serve: Serve, tmp_path: Path) -> None:
    """Many requests that are refused at once have the token read again once."""

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"message": "Unauthorized"}, status=401)

    command = ["sh", "-c", f"echo read >> {tmp_path}/log; echo token-of-gpu"]
    gateway = provider(await serve(refuse), token={"command": command})
    with pytest.raises(SignInNeeded):
        await gateway.kernels([str(number) for number in range(10)])
    await gateway.aclose()
    assert (tmp_path / "log").read_text().count("read") == 2


async def test_a_token_that_has_expired_is_renewed_for_a_websocket(
    serve: Serve, tmp_path: Path
) -> None:
    """The kernel is connected to with the new token, without anybody noticing."""
    token = tmp_path / "token"
    token.write_text("token-of-yesterday")

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != "token token-of-today":
            token.write_text("token-of-today")
            raise web.HTTPForbidden
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    gateway = provider(await serve(answer), token={"file": str(token)})
    channels = await gateway.open_channels("1", session_id=None, subprotocols=[])
    assert await channels.receive() is None
    await gateway.aclose()


async def test_patterns_that_are_changed_count_where_nothing_else_is_new(
    serve: Serve,
) -> None:
    """A kernel that is not excluded any more is there, though the server says "not modified"."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        specs: dict[str, Any] = {
            name: {"name": name, "spec": {}, "resources": {}} for name in ("py", "r")
        }
        model = {"default": "py", "kernelspecs": specs}
        return web.json_response(model, headers={"ETag": '"1"'})

    settings = {"url": await serve(answer)}
    providers = KernelProviders(log=LOG)
    providers.apply([Declaration("gpu", "gpu.json", {**settings, "exclude": ["r"]})])
    await providers.start()
    await answers(providers)
    assert list(providers.kernelspecs("/", ())) == ["gpu/py"]
    providers.apply([Declaration("gpu", "gpu.json", settings)])

    async def both() -> bool:
        return list(providers.kernelspecs("/", ())) == ["gpu/py", "gpu/r"]

    await until(both)
    await providers.aclose()


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ({"message": "Kernel does not exist: 1-2-3-4-5"}, True),
        ({"message": "Not Found"}, False),
        ({"detail": "Not Found"}, False),
        ({}, False),
    ],
)
async def test_only_a_jupyter_servers_word_proves_that_a_kernel_is_gone(
    serve: Serve, body: dict[str, str], gone: bool
) -> None:
    """The 404 of a proxy, whatever its form, takes no kernel away."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=404)

    gateway = provider(await serve(answer))
    try:
        if gone:
            assert await gateway.kernels(["1-2-3-4-5"]) == {"1-2-3-4-5": None}
        else:
            with pytest.raises(ProviderError):
                await gateway.kernels(["1-2-3-4-5"])
    finally:
        await gateway.aclose()


async def test_an_odd_kernel_hides_no_other_one(serve: Serve) -> None:
    """What is refused for one of them is no answer for the others."""

    async def answer(request: web.Request) -> web.Response:
        kernel_id = request.path.rpartition("/")[2]
        if kernel_id == "odd":
            return web.json_response({"message": "out of order"}, status=500)
        if kernel_id == "gone":
            return web.json_response({"message": "Kernel does not exist: gone"}, status=404)
        return web.json_response({"id": kernel_id} if kernel_id == "well" else [])

    gateway = provider(await serve(answer))
    known = {"gone": None, "well": {"id": "well"}}
    with pytest.raises(ProviderError):
        await gateway.kernels(["odd"])
    assert await gateway.kernels(["odd", "gone", "well"]) == known
    await gateway.aclose()


async def no_kernelspecs(_: web.Request) -> web.Response:
    return web.json_response({"default": "", "kernelspecs": {}})


async def test_headers_cookies_and_token_are_sent(serve: Serve) -> None:
    """What a provider's file has for the server goes with every request, and nothing else does."""
    seen: dict[str, str] = {}

    async def answer(request: web.Request) -> web.Response:
        seen.update(request.headers)
        response = await no_kernelspecs(request)
        response.set_cookie("theirs", "1")
        return response

    more = {
        "token": {"value": "token-of-gpu"},
        "headers": {"X-A": "token-of-a"},
        "cookies": {"c": "token-of-c", "d": "token-of-d"},
    }
    gateway = provider(await serve(answer), **more)
    for _ in range(2):
        await gateway.snapshot()
    assert seen["Authorization"] == "token token-of-gpu"
    assert (seen["X-A"], seen["Cookie"]) == ("token-of-a", "c=token-of-c; d=token-of-d")
    await gateway.aclose()


async def test_a_proxy_is_used(serve: Serve) -> None:
    """A provider with a proxy is asked through it, and a proxy that is down is named as such."""
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return await no_kernelspecs(request)

    address = await serve(proxy)
    gateway = provider("http://gpu.invalid:8888", proxy=address)
    await gateway.snapshot()
    assert asked == ["http://gpu.invalid:8888/api/kernelspecs"]
    await gateway.aclose()

    gateway = provider("http://gpu.invalid:8888", proxy="http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable, match="The proxy for gpu cannot be used"):
        await gateway.snapshot()
    await gateway.aclose()


@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        ({"ca": "ca.pem", "certificate": "client.pem", "key": "client.key"}, None),
        ({"verify": False, "certificate": "client.pem", "key": "client.key"}, None),
        ({"certificate": "client.pem", "key": "client.key"}, "tls"),
        ({"ca": "nothing.pem"}, "no_secret"),
        ({"ca": "ca.pem", "certificate": "ca.pem"}, "no_secret"),
    ],
)
async def test_tls_is_as_configured(
    serve: Serve, tmp_path: Path, tls: dict[str, Any], reason: str | None
) -> None:
    """A CA of one's own, a client's certificate, and no check at all; what is wrong is named."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = ca.issue_cert("client@example.org")
    client.private_key_pem.write_to_path(str(tmp_path / "client.key"))
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.issue_cert("localhost").configure_cert(context)
    ca.configure_trust(context)

    paths = {k: str(tmp_path / v) if isinstance(v, str) else v for k, v in tls.items()}
    gateway = provider(await serve(no_kernelspecs, context), tls=paths)
    if reason is None:
        assert (await gateway.snapshot()).kernelspecs == {}
    else:
        with pytest.raises(ProviderError) as raised:
            await gateway.snapshot()
        assert raised.value.reason_code == reason
    await gateway.aclose()


@pytest.mark.parametrize("act", ["interrupt_kernel", "restart_kernel", "shutdown_kernel"])
@pytest.mark.parametrize("body", ["<p>Log in</p>", '{"id": "another"}'])
async def test_what_is_not_done_is_not_taken_for_done(serve: Serve, act: str, body: str) -> None:
    """A log-in page that answers everything with 200 has stopped no kernel."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    gateway = provider(await serve(answer))
    with pytest.raises(IncompatibleAnswer):
        await getattr(gateway, act)("one")
    await gateway.aclose()


async def test_a_handshake_that_nobody_waits_for_is_not_cut(serve: Serve) -> None:
    """It is finished, and the connection is closed then: a Jupyter server would count it wrong."""
    asked, answer, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    codes: list[int | None] = []

    async def hesitate(request: web.Request) -> web.WebSocketResponse:
        asked.set()
        await answer.wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        codes.append(socket.close_code)
        ended.set()
        return socket

    gateway = provider(await serve(hesitate))
    opening = asyncio.create_task(
        gateway.open_channels("1-2-3-4-5", session_id="s", subprotocols=[])
    )
    await asked.wait()
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    answer.set()
    await asyncio.wait_for(ended.wait(), 10)
    assert codes == [1000]
    await gateway.aclose()
