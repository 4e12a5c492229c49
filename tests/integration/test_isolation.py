"""A failing provider affects only itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.client import Client, wait_until
from tests.support.processes import (
    ServerProcess,
    declare,
    free_port,
    jupyter_server,
    kernel_gateway,
)
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


@pytest.fixture
async def page_url() -> AsyncIterator[str]:
    """The address of a server that answers every request with an HTML page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n"
            b"Connection: close\r\n\r\n<p>Log in</p>"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_local_and_healthy_kernels_are_unaffected(
    remote_servers: dict[str, ServerProcess], page_url: str, tmp_path: Path
) -> None:
    """Providers hang, refuse or send invalid data; everything else works, and each is named."""
    silent = socket.create_server(("127.0.0.1", 0))  # accepts connections and never answers
    timeouts = {"connect": 3600, "request": 3600}
    server = jupyter_server(tmp_path, token="token-of-server")
    declare(
        server,
        "hung",
        {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"} | {"timeouts": timeouts},
    )
    declare(server, "refused", {"url": f"http://127.0.0.1:{free_port()}"})
    declare(server, "page", {"url": page_url})
    declare(server, "lost", {"url": "http://no-such-host.invalid:8888"})
    healthy = remote_servers["gate-a"]
    declare(server, "healthy", {"url": healthy.url, "token": {"value": healthy.token}})
    server.start()
    client = Client(server.url, server.token)
    try:
        await client.wait_for_kernelspec("healthy/python3")
        assert set(await client.kernelspecs()) == {"python3", "healthy/python3"}
        for name in ("python3", "healthy/python3"):
            session = await client.start_session(name, f"{name}.ipynb")
            assert (await client.run(session["kernel"]["id"], "print(1)")).strip() == "1"
        for path in ("api", "api/kernels", "api/sessions", "api/status"):
            assert (await client.request("GET", path)).status == 200
        for name, words in {
            "refused/python3": "refused refuses connections.",
            "page/python3": "page does not answer like a Jupyter server: an HTML page at http",
            "lost/python3": "The host name of lost was not found.",
        }.items():
            reply = await client.request("POST", "api/kernels", {"name": name})
            assert reply.status in (502, 503)
            assert words in reply.body["message"]
            body = {"path": name, "type": "notebook", "kernel": {"name": name}}
            reply = await client.request("POST", "api/sessions", body)
            assert words in reply.body["message"]
    finally:
        await client.close()
        code = server.stop(timeout=20)
        silent.close()
    assert code == 0, "it had to be killed"
    assert "Traceback" not in server.log()


async def test_kernels_stay_while_provider_is_unavailable(
    remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """A provider that is down takes no kernel, session or logo away; only proof does."""
    gateway = kernel_gateway(
        tmp_path / "gateway", "gateway", token="token-of-remote", listing=True
    ).start()
    server = jupyter_server(tmp_path / "server", token="token-of-server")
    settings = {"url": gateway.url, "token": {"value": "token-of-remote"}, "refresh_interval": 1}
    declare(server, "gateway", settings)
    server.start()
    client = Client(server.url, server.token)
    try:
        session = await client.start_session("gateway/python3")
        kernel_id = session["kernel"]["id"]
        model = await client.wait_for_kernelspec("gateway/python3")

        async def logo_is_cached() -> bool:
            return "GET /kernelspecs/python3/logo-svg.svg" in gateway.log()

        await wait_until(logo_is_cached)
        gateway.stop()

        async def is_offline() -> bool:
            return "Kernel provider gateway: Offline since" in server.log()

        await wait_until(is_offline)
        assert (await client.get(f"api/kernels/{kernel_id}"))["id"] == kernel_id
        assert [s["id"] for s in await client.get("api/sessions")] == [session["id"]]
        assert "gateway/python3" in await client.kernelspecs()
        url = model["resources"]["logo-svg"]
        assert (await client.request("GET", url.removeprefix("/"))).status == 200
        for method, path in {"DELETE": "", "POST": "/restart"}.items():
            reply = await client.request(method, f"api/kernels/{kernel_id}{path}")
            assert reply.status == 503
            assert "refuses connections" in reply.body["message"]

        gateway.start()  # it has lost its kernels, and now says so

        async def is_removed() -> bool:
            return (await client.request("GET", f"api/kernels/{kernel_id}")).status == 404

        await wait_until(is_removed)
        assert await client.get("api/sessions") == []
    finally:
        await client.close()
        await server.stop_async()  # the proxy in this process must keep running
        gateway.stop()
    assert "Traceback" not in server.log()


async def test_notebook_can_leave_unavailable_provider(
    remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """A session moves to a local kernel; the old one is stopped once it can be reached."""
    gateway = remote_servers["gate-b"]
    tcp_proxy = await TcpProxy.open(gateway.port)
    server = jupyter_server(tmp_path / "server", token="token-of-server")
    url = f"http://127.0.0.1:{tcp_proxy.port}/"
    declare(server, "gateway", {"url": url, "token": {"value": gateway.token}})
    server.start()
    client, remote = Client(server.url, server.token), Client(gateway.url, gateway.token)
    try:
        session = await client.start_session("gateway/python3")
        left = session["kernel"]["id"]
        kernel = await client.connect(left)
        await tcp_proxy.cut()
        body = {"kernel": {"name": "python3"}}
        reply = await client.request("PATCH", f"api/sessions/{session['id']}", body)
        assert (reply.status, reply.body["kernel"]["name"]) == (200, "python3")
        while not kernel.websocket.closed:
            await kernel.websocket.receive(timeout=60)
        assert [kernel["name"] for kernel in await client.get("api/kernels")] == ["python3"]
        assert "may still be running: gateway refuses connections" in server.log()
        assert (await remote.request("GET", f"api/kernels/{left}")).status == 200
        await tcp_proxy.restore()

        async def is_stopped() -> bool:
            return (await remote.request("GET", f"api/kernels/{left}")).status == 404

        await wait_until(is_stopped)
    finally:
        await client.close()
        await remote.close()
        await server.stop_async()  # the proxy in this process must keep running
        await tcp_proxy.close()


@pytest.mark.parametrize("action", ["start", "restart", "connection"])
async def test_failed_user_request_makes_provider_offline(
    remote_servers: dict[str, ServerProcess], tmp_path: Path, action: str
) -> None:
    """A failed user request changes the state at once, before the next poll."""
    gateway = remote_servers["gate-b"]
    tcp_proxy = await TcpProxy.open(gateway.port)
    server = jupyter_server(tmp_path / "server", token="token-of-server")
    url, never = f"http://127.0.0.1:{tcp_proxy.port}/", 3600
    settings = {"url": url, "token": {"value": gateway.token}, "refresh_interval": never}
    declare(server, "gateway", settings)
    server.start()
    client = Client(server.url, server.token)
    try:
        kernel_id = (await client.start_session("gateway/python3"))["kernel"]["id"]
        kernel = await client.connect(kernel_id) if action == "connection" else None
        # So that the start of a kernel causes no poll now.
        await client.request("POST", "api/kernel-providers/gateway/retry")
        await tcp_proxy.cut()
        if kernel is None:
            path = {"start": "api/kernels", "restart": f"api/kernels/{kernel_id}/restart"}[action]
            reply = await client.request("POST", path, {"name": "gateway/python3"})
            assert reply.status == 503

        async def is_offline() -> bool:
            providers = (await client.get("api/kernel-providers"))["providers"]
            return bool(providers[1]["state"] == "offline")

        await wait_until(is_offline, timeout=5)  # running kernels are polled every 10 s
    finally:
        await tcp_proxy.restore()
        await client.close()
        await server.stop_async()  # the proxy in this process must keep running
        await tcp_proxy.close()
