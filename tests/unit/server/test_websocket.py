"""A kernel's websocket, from the browser's handshake to its end."""

from __future__ import annotations

import asyncio
import html
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from kernel_providers_ext.provider.errors import KernelGone
from kernel_providers_ext.relay.large_frame import LARGE
from kernel_providers_ext.server import websocket
from tests.support.client import V1, wait_until
from tests.unit.conftest import TOKEN, App, StartApp
from tests.unit.running_provider import OFFLINE, MemoryChannels, running

NORMAL, TRY_AGAIN = 1000, 1013
Connect = Callable[..., Any]


async def until(condition: Any) -> None:
    """Wait until a function returns a true value."""

    async def is_met() -> Any:
        return condition()

    await wait_until(is_met, pause=0.01)


@pytest.fixture
async def kernel(app: App) -> Any:
    """A kernel of the provider."""
    return app.remote.get(await app.client.start_kernel("gpu/py"))


@pytest.fixture
async def connect(app: App, kernel: Any) -> AsyncIterator[Connect]:
    """A function that opens the kernel's websocket with protocols and headers."""
    opened: list[Any] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"token {TOKEN}"}) as session:

        async def open_websocket(*protocols: str, client: str = "client", **headers: str) -> Any:
            url = f"{app.url}api/kernels/{kernel.kernel_id}/channels?session_id={client}"
            opened.append(
                await session.ws_connect(url, protocols=protocols, headers=headers, max_msg_size=0)
            )
            return opened[-1]

        yield open_websocket
        for browser in opened:
            await browser.close()


def channels(app: App) -> MemoryChannels:
    """Return the channels that were opened last."""
    return app.gpu.channels[-1]


async def end_of(browser: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Return the code and the reason with which the server closes."""
    message = await browser.receive(timeout=10)
    assert message.type is aiohttp.WSMsgType.CLOSE, message
    return message.data, str(message.extra)


# -- the handshake ---------------------------------------------------------------------------------


async def test_browser_and_provider_negotiate(app: App, connect: Connect) -> None:
    """The provider is offered the browser's protocols, but no token that is one of them."""
    browser = await connect(V1, "v2.kernel.websocket.jupyter.org", f"{TOKEN}-as-protocol")
    assert channels(app).offered == [V1, "v2.kernel.websocket.jupyter.org"]
    assert (browser.protocol, channels(app).session_id) == (V1, "client")
    older = await connect(client="older")
    assert (older.protocol, channels(app).offered) == (None, [])


async def test_small_writes_do_not_wait_for_the_browser(
    app: App, kernel: Any, connect: Connect
) -> None:
    """Each would take 40 ms, until the browser acknowledges the one before."""
    await connect(V1)
    [queue] = kernel.clients._queues.values()
    stream = queue.user.websocket_handler.ws_connection.stream
    assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_browser_may_send_as_much_as_is_configured(app: App, connect: Connect) -> None:
    """A larger message closes the websocket."""
    app.providers.max_message_size = 2**20
    browser = await connect(V1)
    await browser.send_bytes(bytes(2**20))
    await until(lambda: [len(frame) for frame in channels(app).sent] == [2**20])
    await browser.send_bytes(bytes(2**20 + 1))
    code, _ = await end_of(browser)
    assert code == 1009  # too big, RFC 6455


async def test_clients_are_counted(app: App, kernel: Any, connect: Connect) -> None:
    """The list of kernels shows how many there are, and the culler knows."""
    browser = await connect(V1)
    [model] = await app.client.get("api/kernels")
    assert model["connections"] == 1
    assert list(kernel.clients.connected) == ["client"]
    await browser.close()
    await until(lambda: not kernel.clients.connected)
    [model] = await app.client.get("api/kernels")
    assert model["connections"] == 0
    assert channels(app).is_closed
    assert not kernel.clients._queues  # it would stay as long as the kernel


@pytest.mark.parametrize(
    ("error", "status"), [(OFFLINE, 503), (KernelGone("gpu", "kernel_gone", "It is gone."), 404)]
)
async def test_a_refusal_answers_the_handshake(
    app: App, connect: Connect, error: Exception, status: int
) -> None:
    """After 503, JupyterLab tries again later; after 404, it does not."""
    app.gpu.failures["open"] = error
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await connect(V1)
    assert refused.value.status == status


async def test_another_sites_page_reaches_no_provider(app: App, kernel: Any) -> None:
    """Its handshake has the user's cookie, and is refused before the provider is asked."""
    url = f"{app.url}api/kernels/{kernel.kernel_id}/channels"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"{app.url}api/status?token={TOKEN}") as signed_in:
            assert signed_in.status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url, origin="https://evil.example")
        assert refused.value.status == 403
        assert app.gpu.channels == []
        own = app.url.partition("/user/")[0]
        async with session.ws_connect(url, origin=own) as browser:
            assert not browser.closed


async def test_a_request_without_upgrade_reaches_no_provider(app: App, kernel: Any) -> None:
    """It is 400, as at Jupyter Server."""
    reply = await app.client.request("GET", f"api/kernels/{kernel.kernel_id}/channels")
    assert reply.status == 400
    assert 'Can "Upgrade" only to "WebSocket".' in html.unescape(str(reply.body))
    assert app.gpu.channels == []


async def test_a_browser_waits_for_a_kernel_that_is_starting(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for ever: a proxy would cut the request."""
    monkeypatch.setattr(websocket, "STARTING_WAIT", 0.05)
    app.gpu.gate = asyncio.Event()
    starting = await app.start(patience=0.0)
    headers = {"Authorization": f"token {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{app.url}api/kernels/{starting.kernel_id}/channels"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 503
        monkeypatch.setattr(websocket, "STARTING_WAIT", 60.0)
        opening = asyncio.create_task(session.ws_connect(url))
        await asyncio.sleep(0)
        app.gpu.gate.set()
        browser = await opening
        assert not browser.closed
        await browser.close()


# -- frames ----------------------------------------------------------------------------------------


async def test_frames_are_copied(app: App, connect: Connect) -> None:
    """Both ways, binary and text, small and large, byte for byte."""
    browser = await connect(V1)
    for frame in (b"\x00binary", bytes(LARGE + 1), b""):
        channels(app).frames.put_nowait(frame)
        assert (await browser.receive_bytes()) == frame
    channels(app).frames.put_nowait("text")
    assert (await browser.receive_str()) == "text"
    await browser.send_bytes(b"\x00typed")
    await browser.send_str("typed")
    await until(lambda: channels(app).sent == [b"\x00typed", "typed"])


async def test_what_a_provider_does_not_take_is_limited(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser is told why."""
    app = await start_app(running("gpu"), KernelProviders={"send_queue_size": 2**20})
    kernel_id = await app.client.start_kernel("gpu/py")
    browser = (await app.client.open(kernel_id)).websocket
    is_sending = asyncio.Event()

    async def send(frame: object) -> bool:
        is_sending.set()
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(channels(app), "send", send)
    await browser.send_bytes(bytes(600 * 2**10))
    await is_sending.wait()
    await browser.send_bytes(bytes(600 * 2**10))
    code, reason = await end_of(browser)
    assert (code, reason.split(" ")[:3]) == (TRY_AGAIN, ["Too", "much", "was"])
    await browser.close()


async def test_frames_that_wait_are_sent_by_the_next_connection(
    app: App, connect: Connect, kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: a cell that is typed while the connection breaks runs once."""
    monkeypatch.setattr(websocket, "LINGER", 0.0)
    browser = await connect(V1)
    channels(app).takes = False
    await browser.send_bytes(b"typed")
    await until(lambda: kernel.clients.waiting == 1)
    await browser.close()
    await until(lambda: not kernel.clients.connected)
    assert kernel.clients.waiting == 1
    await connect(V1)
    await until(lambda: channels(app).sent == [b"typed"])
    assert kernel.clients.waiting == 0


async def test_frames_of_a_client_that_stays_away_are_forgotten(
    app: App, connect: Connect, kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while, so that they do not use up the server's budget for ever."""
    monkeypatch.setattr(websocket, "LINGER", 0.0)
    monkeypatch.setattr(websocket, "KEPT", 0.05)
    browser = await connect(V1)
    channels(app).takes = False
    await browser.send_bytes(b"typed")
    await until(lambda: kernel.clients.waiting == 1)
    await browser.close()
    await until(lambda: kernel.clients.waiting == 0)


async def test_a_frame_of_a_browser_that_closes_at_once_arrives(
    app: App, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example, the last message of a widget when its page is closed."""
    browser = await connect(V1)
    may_send, sent = asyncio.Event(), []

    async def send(frame: object) -> bool:
        await may_send.wait()
        sent.append(frame)
        return True

    monkeypatch.setattr(channels(app), "send", send)
    for frame in (b"1", b"2"):
        await browser.send_bytes(frame)
    await browser.close()
    may_send.set()
    await until(lambda: channels(app).is_closed)
    assert sent == [b"1", b"2"]


async def test_a_client_that_comes_again_replaces_its_connection(
    app: App, connect: Connect, kernel: Any
) -> None:
    """A connection that is lost may still look open here; the provider must see only one."""
    former = await connect(V1)
    first = channels(app)
    await connect(V1)
    assert first.is_closed
    assert not channels(app).is_closed
    assert list(kernel.clients.connected) == ["client"]
    code, _ = await end_of(former)
    assert code == TRY_AGAIN


# -- the end ---------------------------------------------------------------------------------------


async def test_a_kernel_that_is_shut_down_closes_its_websockets(
    app: App, connect: Connect, kernel: Any
) -> None:
    """With the reason; nothing stays open."""
    browser = await connect(V1)
    await app.client.request("DELETE", f"api/kernels/{kernel.kernel_id}")
    assert await end_of(browser) == (TRY_AGAIN, "The kernel was shut down.")
    await until(lambda: channels(app).is_closed and not app.remote.relays)


@pytest.mark.parametrize("protocol", [V1, ""])
async def test_a_kernel_that_is_gone_is_dead_in_the_browser(
    app: App, connect: Connect, kernel: Any, protocol: str
) -> None:
    """In the browser's own protocol; JupyterLab then does not try again."""
    browser = await connect(*filter(None, [protocol]))
    app.gpu.models.clear()
    app.providers.wake("gpu")
    frame = await browser.receive(timeout=10)
    if protocol:
        assert frame.type is aiohttp.WSMsgType.BINARY
        assert b"iopub" in frame.data
        assert b'"execution_state": "dead"' in frame.data.replace(b'":"', b'": "')
    else:
        message = json.loads(frame.data)
        assert (message["channel"], message["header"]["msg_type"]) == ("iopub", "status")
        assert message["content"] == {"execution_state": "dead"}
    assert await end_of(browser) == (NORMAL, "gpu/py is gone from its provider.")
    assert app.remote.listed == []


async def test_a_browser_learns_why_its_relay_ended(
    app: App, connect: Connect, kernel: Any
) -> None:
    """The reason is the provider's, cut to what a close frame can have."""
    browser = await connect(V1)
    app.gpu.failures["open"] = KernelGone("gpu", "removed", "ä" * 200)
    await channels(app).aclose()
    code, reason = await end_of(browser)
    assert (code, reason) == (TRY_AGAIN, "ä" * 61)  # 122 of 123 bytes


async def test_the_end_of_the_server_ends_relays(app: App, connect: Connect) -> None:
    """Browsers get a reason, with a code after which they try again."""
    gpu = app.gpu
    gpu.config = replace(gpu.config, on_server_exit="keep")
    browser = await connect(V1)
    await app.manager.shutdown_all()
    code, reason = await end_of(browser)
    assert (code, reason) == (TRY_AGAIN, "The connection to the kernel has ended.")
    assert gpu.channels[-1].is_closed
    assert gpu.closed
