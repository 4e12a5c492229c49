"""What real servers and proxies do with a request: encoding, credentials, schemes, limits."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import ssl
import string
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import trustme
from aiohttp import web

from kernel_providers_ext.gateway.provider import MAX_FILE, MAX_LIST, GatewayKernelProvider
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    KernelGone,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
)
from tests.support.client import wait_until

from .conftest import Serve, provider

PRINTABLE = "".join(c for c in string.printable if c.isprintable())
NAMES = [
    PRINTABLE.replace("/", ""),
    "a/b",
    "name@example.org",
    "d'name",
    "100%",
    "%2F",
    "a+b",
    "日本語",
    "עברית",
    "\N{GRINNING FACE}",
]


async def no_kernelspecs(_: web.Request) -> web.Response:
    return web.json_response({"kernelspecs": {}})


# -- encoding --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_names_arrive_as_they_are(serve: Serve, name: str) -> None:
    """A kernel name, a file and an id are one segment of the path each, and arrive unchanged."""
    asked: list[list[str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        raw = request.raw_path.partition("?")[0]
        asked.append([unquote(part, errors="strict") for part in raw.split("/")])
        return web.json_response({"message": "no"}, status=400)

    gateway = provider(await serve(answer))
    for asking in (
        gateway.resource(name, name),
        gateway.interrupt_kernel(name),
        gateway.restart_kernel(name),
        gateway.shutdown_kernel(name),
        gateway.kernels([name]),
        gateway.open_channels(name, session_id=name, subprotocols=[]),
    ):
        with pytest.raises(ProviderError):
            await asking
    assert asked == [
        ["", "kernelspecs", name, name],
        ["", "api", "kernels", name, "interrupt"],
        ["", "api", "kernels", name, "restart"],
        ["", "api", "kernels", name],
        ["", "api", "kernels", name],
        ["", "api", "kernels", name, "channels"],
    ]
    await gateway.aclose()


@pytest.mark.parametrize(
    ("base", "sent"),
    [
        ("/user/name@example.org/", "/user/name@example.org"),
        ("/user/d'name", "/user/d'name"),
        ("/user/a%20b%2Fc%40d/", "/user/a%20b%2Fc%40d"),
        ("/user/(a),!:=*;$&+~/", "/user/(a),!:=*;$&+~"),
        ("/[x]/", "/%5Bx%5D"),
        ("/ünï/", "/%C3%BCn%C3%AF"),
        ('/"<>\\^`{|}/', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("", ""),
        ("//", ""),
    ],
)
async def test_a_base_url_is_sent_as_configured(serve: Serve, base: str, sent: str) -> None:
    """What is encoded stays encoded, and what needs no encoding gets none."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.raw_path)
        return await no_kernelspecs(request)

    gateway = provider(await serve(answer) + base)
    await gateway.snapshot()
    assert asked == [f"{sent}/api/kernelspecs"]
    await gateway.aclose()


@pytest.mark.parametrize("name", [".", ".."])
async def test_a_path_is_not_left(serve: Serve, name: str) -> None:
    """A name that means another folder is refused before anything is sent."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.raw_path)
        return await no_kernelspecs(request)

    gateway = provider(await serve(answer) + "/base/")
    for asking in (gateway.resource(name, "a.svg"), gateway.resource("a", name)):
        with pytest.raises(ValueError, match="is not a name"):
            await asking
    assert asked == []
    await gateway.aclose()


# -- credentials -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"token": {"value": "token-of-gpu"}}, {"Authorization": "token token-of-gpu"}),
        (
            {"token": {"value": "token-of-gpu"}, "auth": {"scheme": "Bearer"}},
            {"Authorization": "Bearer token-of-gpu"},
        ),
        (
            {"token": {"value": "token-of-gpu"}, "auth": {"scheme": "", "header": "X-Key"}},
            {"X-Key": "token-of-gpu"},
        ),
        (
            {"auth": {"user": "ada", "password": {"value": "token-of-ada"}}},
            {"Authorization": f"Basic {base64.b64encode(b'ada:token-of-ada').decode()}"},
        ),
    ],
)
async def test_credentials_have_their_scheme_and_header(
    serve: Serve, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    """A token, with any scheme and header, and a user with a password."""
    sent: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        sent.append({n: v for n, v in request.headers.items() if "token" in v or "Basic" in v})
        return await no_kernelspecs(request)

    gateway = provider(await serve(answer), **settings)
    await gateway.snapshot()
    assert sent == [expected]
    await gateway.aclose()


@pytest.mark.parametrize(
    ("settings", "has_pair"), [({}, True), ({"token": {"value": "token-of-gpu"}}, False)]
)
async def test_a_server_without_token_gets_equal_cookie_and_header(
    serve: Serve, settings: dict[str, Any], has_pair: bool
) -> None:
    """A Jupyter Server without a token refuses a POST otherwise (XSRF)."""
    pairs: list[tuple[str | None, str | None]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        pairs.append((request.cookies.get("_xsrf"), request.headers.get("X-XSRFToken")))
        return web.Response(status=204)

    gateway = provider(await serve(answer), **settings)
    await gateway.interrupt_kernel("1")
    [(cookie, header)] = pairs
    assert cookie == header
    assert (cookie is not None) == has_pair
    await gateway.aclose()


@pytest.mark.parametrize("accepts", [False, True])
async def test_cookies_of_the_server_are_returned_if_accepted(serve: Serve, accepts: bool) -> None:
    """A load balancer's cookie leads to the same server; beside the configured cookies."""
    cookies: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        cookies.append({n: v for n, v in request.cookies.items() if n != "_xsrf"})
        response = await no_kernelspecs(request)
        response.set_cookie("backend", "s1")
        response.set_cookie("other", "x", domain="example.org")
        return response

    gateway = provider(await serve(answer), cookies={"mine": "1"}, accept_cookies=accepts)
    for _ in range(2):
        await gateway.snapshot()
    more = {"backend": "s1"} if accepts else {}
    assert cookies == [{"mine": "1"}, {"mine": "1", **more}]
    await gateway.aclose()


async def test_a_server_cannot_set_any_number_of_cookies(serve: Serve) -> None:
    """All of them would be sent with each request, and kept for as long as this server runs."""
    counts: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        counts.append(len(request.cookies))
        response = await no_kernelspecs(request)
        for number in range(30):
            response.set_cookie(f"c{len(counts)}-{number}", "1")
        return response

    url = await serve(answer)
    gateway = provider(url.replace("localhost", "127.0.0.1"), accept_cookies=True)
    for _ in range(4):
        await gateway.snapshot()
    assert 30 < max(counts) < 60
    await gateway.aclose()


@pytest.mark.parametrize(
    ("reading", "expected"),
    [(200, RequestRefused), (403, SignInNeeded), (401, SignInNeeded), (502, ProviderUnavailable)],
)
async def test_a_403_is_blamed_on_the_token_only_if_it_may_not_read(
    serve: Serve, reading: int, expected: type[ProviderError]
) -> None:
    """A refused start without words: the kernelspecs are asked for, and decide."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.json_response({"message": "Forbidden", "reason": None}, status=403)
        if reading == 200:
            return await no_kernelspecs(request)
        return web.json_response({"message": ""}, status=reading)

    gateway = provider(await serve(answer), token={"value": "token-of-gpu"})
    with pytest.raises(expected):
        await gateway.interrupt_kernel("1")
    await gateway.aclose()


# -- the wrong scheme ------------------------------------------------------------------------------


async def test_http_and_https_are_told_apart(serve: Serve, tmp_path: Path) -> None:
    """An address with the wrong scheme is recognised, and the right one is named."""
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    plain, secure = await serve(no_kernelspecs), await serve(no_kernelspecs, context)
    for url, words in (
        (plain.replace("http:", "https:"), "Is it http?"),
        (secure.replace("https:", "http:"), "Is it https?"),
    ):
        gateway = provider(url)
        with pytest.raises(ProviderUnavailable) as raised:
            await gateway.snapshot()
        assert raised.value.reason_code == "scheme"
        assert words in raised.value.message
        assert "'url' in gpu.json" in raised.value.message
        await gateway.aclose()


async def test_paths_may_begin_with_a_tilde(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``~`` is the home folder in all paths, as in a shell; a file that is missing is named."""
    monkeypatch.setenv("HOME", str(tmp_path))
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "token").write_text("token-of-gpu")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    url = await serve(no_kernelspecs, context)
    gateway = provider(url, token={"file": "~/token"}, tls={"ca": "~/ca.pem"})
    await gateway.snapshot()
    await gateway.aclose()
    gateway = provider(url, tls={"ca": "~/no.pem"})
    with pytest.raises(ProviderUnavailable, match=f"'tls.ca', {tmp_path}/no.pem, cannot be read"):
        await gateway.snapshot()
    await gateway.aclose()


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/kernelspecs", MAX_LIST),
        ("/kernelspecs/py/logo.svg", MAX_FILE),
        ("/api/kernels/1", 256 * 2**10),
    ],
)
async def test_no_answer_is_larger_than_its_limit(serve: Serve, path: str, limit: int) -> None:
    """An answer is cut off while it arrives; one that is within the limit is read."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.path == path
        response = web.StreamResponse()
        await response.prepare(request)
        with_end = sent.pop()
        body = b" " * (limit - 2) + b"{}" if with_end else b" " * 2**20
        for _ in range(1 if with_end else 2**20):
            await response.write(body)
        return response

    url = await serve(answer)
    for is_whole in (True, False):
        sent = [is_whole]
        gateway = provider(url)
        if is_whole and path.endswith(".svg"):
            assert len((await gateway.resource("py", "logo.svg")).body) == limit
        else:
            with pytest.raises(IncompatibleAnswer) as raised:
                await request(gateway, path)
            assert ("KiB" in raised.value.message) == (not is_whole)
        await gateway.aclose()


async def request(gateway: GatewayKernelProvider, path: str) -> object:
    """Send the request with this path."""
    if path == "/api/kernelspecs":
        return await gateway.snapshot()
    if path == "/api/kernels/1":
        return await gateway.kernels(["1"])
    return await gateway.resource("py", "logo.svg")


async def test_a_compressed_answer_is_refused(serve: Serve) -> None:
    """It is not asked for, and 1 MB of it could be 1 GB; none of it is unpacked."""
    wanted: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        wanted.append(request.headers.get("Accept-Encoding"))
        body = gzip.compress(b'{"kernelspecs": {}}')
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    gateway = provider(await serve(answer))
    with pytest.raises(IncompatibleAnswer, match="a compressed answer"):
        await gateway.snapshot()
    assert wanted == ["identity"]
    await gateway.aclose()


async def test_the_kernelspecs_are_selected_while_they_are_read(serve: Serve) -> None:
    """Of a list of 20,000, the first are listed; one that is too large does not hide the others."""

    async def answer(_: web.Request) -> web.StreamResponse:
        specs: dict[str, Any] = {"huge": {"spec": {"x": "y" * 2**17}}, "none": None}
        specs |= {f"k{number}": {"spec": {}} for number in range(20_000)}
        text = json.dumps({"default": "k1", "more": [specs], "kernelspecs": specs})
        return web.Response(text=text, headers={"ETag": '"1"'})

    gateway = provider(await serve(answer), max_kernelspecs=100)
    snapshot = await gateway.snapshot()
    assert list(snapshot.kernelspecs) == [f"k{number}" for number in range(100)]
    assert (snapshot.default, snapshot.validator) == ("k1", '"1"')
    cut, invalid = snapshot.notices
    assert "more kernels than the first 100" in cut
    assert "2 kernelspecs that cannot be used: 'huge' (it has more than 64 KiB" in invalid
    await gateway.aclose()


async def test_only_kernels_with_an_id_are_listed(serve: Serve) -> None:
    """Ids that could leave the path, or forge a log line, are skipped."""
    ids: list[Any] = ["1", "..", "a/../b", "a\nb", "\u202e", "", None, 5, "x" * 300, "2"]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response([None, [], *({"id": one, "name": "py"} for one in ids)])

    gateway = provider(await serve(answer))
    assert [kernel["id"] for kernel in await gateway.running_kernels()] == ["1", "2"]
    await gateway.aclose()


# -- one of several servers ------------------------------------------------------------------------


@pytest.mark.parametrize("known_to", [range(1, 2), range(3, 4), range(5, 6)])
async def test_a_kernel_that_another_server_has_is_not_gone(
    serve: Serve, known_to: Collection[int]
) -> None:
    """One of several servers at an address may not know a kernel; that proves nothing."""
    answers = 0

    async def answer(_: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers - 1 in known_to:
            return web.json_response({"id": "1", "name": "py"})
        return web.json_response({"message": "Kernel does not exist: 1"}, status=404)

    gateway = provider(await serve(answer), accept_cookies=False)
    for act in (gateway.kernels(["1"]), gateway.interrupt_kernel("1"), gateway.kernels(["1"])):
        with pytest.raises(RequestRefused, match="set 'accept_cookies' to true in gpu"):
            await act
    await gateway.aclose()


async def test_a_kernel_that_no_server_has_is_gone(serve: Serve) -> None:
    """Several answers over several connections agree."""
    connections: set[object] = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        connections.add(request.transport)
        return web.json_response({"message": "Kernel does not exist: 1"}, status=404)

    gateway = provider(await serve(answer))
    assert await gateway.kernels(["1"]) == {"1": None}
    assert len(connections) > 1
    with pytest.raises(KernelGone):
        await gateway.interrupt_kernel("1")
    await gateway.shutdown_kernel("1")
    await gateway.aclose()


# -- websockets ------------------------------------------------------------------------------------


async def test_pongs_follow_the_first_small_frames(serve: Serve) -> None:
    """
    A proxy acknowledges what it has received once there is something to send back.

    So do the first frames after one of ours, and no more: not those of a long output, and no large
    ones.
    """
    pongs: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(autoping=False)
        await websocket.prepare(request)

        async def count() -> None:
            async for message in websocket:
                if message.type is web.WSMsgType.PONG:
                    pongs[-1] += 1
                elif message.data == "stop":
                    await websocket.close()

        counting = asyncio.create_task(count())
        for size, frames in ((10, 100), (100_000, 3)):
            pongs.append(0)
            for _ in range(frames):
                await websocket.send_bytes(bytes(size))
            await go_on.wait()
            go_on.clear()
        await counting
        return websocket

    go_on = asyncio.Event()
    gateway = provider(await serve(answer))
    channels = await gateway.open_channels("1", session_id=None, subprotocols=[])
    for _ in range(100):
        assert await channels.receive() == bytes(10)
        await asyncio.sleep(0)  # a pong is sent in a turn of its own

    async def are_sent() -> bool:
        return pongs[0] >= 16

    await wait_until(are_sent)
    go_on.set()
    await channels.send("more")
    for _ in range(3):
        assert len(await channels.receive() or b"") == 100_000
    go_on.set()
    await channels.send("stop")
    assert await channels.receive() is None
    assert pongs == [16, 0]
    await gateway.aclose()


async def test_a_message_that_is_too_large_is_named(serve: Serve) -> None:
    """The connection ends; the reason and the setting are known."""

    async def answer(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_bytes(bytes(2**20 - 1))
        await websocket.send_bytes(bytes(2**20))
        await websocket.receive()
        return websocket

    gateway = provider(await serve(answer), defaults={"max_message_size": 2**20})
    channels = await gateway.open_channels("1", session_id=None, subprotocols=[])
    assert len(await channels.receive() or b"") == 2**20 - 1
    assert channels.failure == ""
    assert await channels.receive() is None
    assert channels.failure == (
        "A message of gpu had more than 1 MiB, and was not received. The limit is "
        "c.KernelProviders.max_message_size."
    )
    await gateway.aclose()


async def test_a_server_that_reads_nothing_cannot_hold_a_close(serve: Serve) -> None:
    """The connection is cut, although 30 MB wait to be sent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        assert request.transport is not None
        request.transport.pause_reading()
        await stopped.wait()
        return websocket

    stopped = asyncio.Event()
    gateway = provider(await serve(answer))
    channels = await gateway.open_channels("1", session_id=None, subprotocols=[])
    sending = asyncio.create_task(channels.send(bytes(30 * 2**20)))
    await asyncio.sleep(0)
    ours = channels._socket
    assert ours is not None
    await asyncio.wait_for(gateway.aclose(), 10)
    await asyncio.wait_for(asyncio.gather(sending, return_exceptions=True), 10)
    assert ours.fileno() == -1
    stopped.set()
