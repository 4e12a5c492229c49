"""The HTTP client: unusual answers and credentials, with a scripted server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    ProviderError,
    ProviderUnavailable,
    SignInNeeded,
)
from kernel_providers_ext.registry.providers import KernelProviders
from tests.support.client import wait_for_answers, wait_until

from .conftest import LOG, Serve, provider


@pytest.mark.parametrize("what", ["request", "websocket"])
async def test_a_redirect_is_not_followed(serve: Serve, what: str) -> None:
    """A redirect is refused, so that no header of ours reaches another host."""
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


async def test_requests_share_a_renewed_token(serve: Serve, tmp_path: Path) -> None:
    """If many requests are refused at once, the token is read again once."""

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"message": "Unauthorized"}, status=401)

    command = ["sh", "-c", f"echo read >> {tmp_path}/log; echo token-of-gpu"]
    gateway = provider(await serve(refuse), token={"command": command})
    with pytest.raises(SignInNeeded):
        await gateway.kernels([str(number) for number in range(10)])
    await gateway.aclose()
    assert (tmp_path / "log").read_text().count("read") == 2


async def test_an_expired_token_is_renewed_for_a_websocket(serve: Serve, tmp_path: Path) -> None:
    """A websocket is opened with the new token, without an error."""
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


async def test_changed_patterns_count_although_the_server_has_nothing_new(
    serve: Serve,
) -> None:
    """A kernel that is no longer excluded appears, although the server answers "not modified"."""

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
    await wait_for_answers(providers)
    assert list(providers.kernelspecs("/", ())) == ["gpu/py"]
    providers.apply([Declaration("gpu", "gpu.json", settings)])

    async def both() -> bool:
        return list(providers.kernelspecs("/", ())) == ["gpu/py", "gpu/r"]

    await wait_until(both)
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
async def test_only_a_jupyter_servers_404_proves_that_a_kernel_is_gone(
    serve: Serve, body: dict[str, str], gone: bool
) -> None:
    """A proxy's 404, in any form, takes no kernel away."""

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


async def test_an_odd_kernel_does_not_hide_others(serve: Serve) -> None:
    """If the request for one kernel is refused, the other kernels are still found."""

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
    """Each request has the headers, cookies and token of the provider's file, and nothing else."""
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
    """Requests go through the provider's proxy, and a message names a proxy that is down."""
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
    ("tls", "reason", "words"),
    [
        ({"ca": "ca.pem", "certificate": "client.pem", "key": "client.key"}, None, ""),
        ({"verify": False, "certificate": "client.pem", "key": "client.key"}, None, ""),
        ({"certificate": "client.pem", "key": "client.key"}, "tls", "certificate"),
        ({"ca": "nothing.pem"}, "tls_file", "nothing.pem"),
        (
            {"ca": "ca.pem", "certificate": "ca.pem"},
            "tls_file",
            "or its key is not a PEM file that can be used",
        ),
    ],
)
async def test_tls_is_as_configured(
    serve: Serve, tmp_path: Path, tls: dict[str, Any], reason: str | None, words: str
) -> None:
    """
    A CA, a client's certificate and no check work as configured; a message names what is wrong.
    """
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
        assert words in raised.value.message
    await gateway.aclose()


@pytest.mark.parametrize(("session_id", "sent"), [("s-1", "s-1"), (None, None)])
async def test_the_session_id_reaches_the_server(
    serve: Serve, session_id: str | None, sent: str | None
) -> None:
    """It keeps a client's messages under that id while the client is away."""
    seen: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.query.get("session_id"))
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.close()
        return websocket

    gateway = provider(await serve(answer))
    channels = await gateway.open_channels("1", session_id=session_id, subprotocols=[])
    await channels.aclose()
    assert seen == [sent]
    await gateway.aclose()


@pytest.mark.parametrize("act", ["interrupt_kernel", "restart_kernel", "shutdown_kernel"])
@pytest.mark.parametrize("body", ["<p>Log in</p>", '{"id": "another"}'])
async def test_a_login_page_does_not_count_as_success(serve: Serve, act: str, body: str) -> None:
    """A login page that answers every request with 200 has stopped no kernel."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    gateway = provider(await serve(answer))
    with pytest.raises(IncompatibleAnswer):
        await getattr(gateway, act)("one")
    await gateway.aclose()


async def test_an_abandoned_handshake_is_finished(serve: Serve) -> None:
    """The handshake is finished and then closed; a cut would make a Jupyter server miscount."""
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
