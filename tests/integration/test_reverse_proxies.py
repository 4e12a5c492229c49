"""Providers behind real reverse proxies and load balancers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, jupyter_server, kernel_gateway
from tests.support.proxies import UPGRADE, HAProxy, Nginx

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]


def passing(target: str, more: str = "") -> str:
    """Return the section of a proxy that passes all requests on."""
    return f"location / {{ proxy_pass {target}; {more} }}"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[ExitStack]:
    """Is closed after the test; proxies and servers are added to it."""
    with ExitStack() as stack:
        yield stack


def nginx(processes: ExitStack, folder: Path, server: str) -> Nginx:
    """Start NGINX for one test."""
    proxy = Nginx(folder / "nginx", server)
    processes.callback(proxy.close)
    return proxy


def settings(url: str, remote: ServerProcess, **more: Any) -> dict[str, Any]:
    """Return a provider's settings."""
    return {"url": url, "token": {"value": remote.token}, "label": "Far", **more}


async def refused(client: Client, kernel_id: str) -> int:
    """Open a kernel's websocket, and return the status with which that is refused."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
        await client.open(kernel_id)
    return raised.value.status


@pytest.mark.parametrize(
    "obstacle",
    [
        "",  # NGINX as it is: no HTTP 1.1, no Upgrade
        "proxy_http_version 1.1;",
        "if ($http_upgrade) { return 403; } " + UPGRADE,
        "if ($http_upgrade) { return 200; } " + UPGRADE,
        "if ($http_upgrade) { return 502; } " + UPGRADE,
        "if ($http_upgrade) { return 444; } " + UPGRADE,  # it closes the connection
    ],
    ids=["plain", "http 1.1", "403", "200", "502", "closed"],
)
async def test_blocked_websockets_are_a_state_of_their_own(
    start_server: StartServer,
    remote: ServerProcess,
    processes: ExitStack,
    tmp_path: Path,
    obstacle: str,
) -> None:
    """
    Requests are answered and websockets are not: state, message and log say so, with the remedy.

    The state ends when a websocket opens.
    """
    target = remote.url.rstrip("/")
    proxy = nginx(processes, tmp_path, passing(target, obstacle))
    process, client = start_server({"far": settings(proxy.url, remote)})
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    for _ in range(2):
        assert await refused(client, kernel_id) == 503
    model = await client.wait_for_state("far", "blocked")
    assert model["reason"] == "websocket"
    assert model["message"].startswith("Far answers requests, but its kernels cannot be reached (")
    assert "'Upgrade' and 'Connection'" in model["message"]
    assert model["latency_ms"] is not None
    assert process.log().count("Websocket blocked since") == 1
    assert kernel_id in [kernel["id"] for kernel in await client.get("api/kernels")]

    proxy.restart(passing(target, UPGRADE))
    kernel = await client.connect(kernel_id)
    assert await kernel.run("print(1 + 1)") == "2\n"
    await kernel.close()
    await client.wait_for_state("far", "online")


async def test_one_refused_handshake_changes_nothing(
    start_server: StartServer, remote: ServerProcess, processes: ExitStack, tmp_path: Path
) -> None:
    """A proxy that restarts refuses a websocket once."""
    target = remote.url.rstrip("/")
    proxy = nginx(processes, tmp_path, passing(target))
    _, client = start_server({"far": settings(proxy.url, remote)})
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    for _ in range(2):
        proxy.restart(passing(target))
        assert await refused(client, kernel_id) == 503
        await client.wait_for_state("far", "online")
        proxy.restart(passing(target, UPGRADE))
        await (await client.connect(kernel_id)).close()


async def test_wrong_path_is_named(
    start_server: StartServer,
    remote_servers: dict[str, ServerProcess],
    processes: ExitStack,
    tmp_path: Path,
) -> None:
    """The full URL and the file are named, and the end of a page's address is recognised."""
    far = remote_servers["far"]
    proxy = nginx(
        processes, tmp_path, f"location /user/ {{ proxy_pass {far.url[: -len('/user/x/')]}; }}"
    )
    urls = {
        "lab": f"{far.url}lab",
        "tree": f"{far.url}tree/",
        "api": f"{far.url}api",
        "no": proxy.url,
    }
    process, client = start_server({name: settings(url, far) for name, url in urls.items()})
    for name, url in urls.items():
        model = await client.wait_for_state(name, "incompatible")
        assert f"{url.rstrip('/')}/api/kernelspecs" in model["message"], model["message"]
        assert f"kernel_providers.d/{name}.json" in model["message"]
        hint = "base URL" if name == "no" else f"Leave out '/{name}' at its end"
        assert hint in model["message"]
    assert "Traceback" not in process.log()


async def test_redirect_target_is_named(
    start_server: StartServer, remote: ServerProcess, processes: ExitStack, tmp_path: Path
) -> None:
    """A login page and the spawn page of a hub are told apart."""
    server = """
      location /a/ { return 302 https://login.example.org/oauth?next=x; }
      location /b/ { return 302 /hub/user/ada/api; }
    """
    proxy = nginx(processes, tmp_path, server)
    _, client = start_server(
        {"a": settings(f"{proxy.url}/a/", remote), "b": settings(f"{proxy.url}/b/", remote)}
    )
    model = await client.wait_for_state("a", "incompatible")
    assert "a redirect (302) to login.example.org/oauth" in model["message"]
    model = await client.wait_for_state("b", "offline")
    assert model["message"] == "The server of Far is not running at its JupyterHub. Start it there."


@pytest.mark.parametrize(
    ("challenge", "words"), [("Basic realm=x", "'user' and 'password'"), ("Negotiate", "Kerberos")]
)
async def test_what_a_proxy_asks_for_is_named(
    start_server: StartServer,
    remote: ServerProcess,
    processes: ExitStack,
    tmp_path: Path,
    challenge: str,
    words: str,
) -> None:
    """A proxy that wants a password, or Kerberos, says so in WWW-Authenticate."""
    server = f"location / {{ add_header WWW-Authenticate '{challenge}' always; return 401; }}"
    proxy = nginx(processes, tmp_path, server)
    _, client = start_server({"far": settings(proxy.url, remote)})
    model = await client.wait_for_state("far", "unauthorised")
    assert words in model["message"]


@pytest.fixture
def open_server(processes: ExitStack, tmp_path: Path) -> ServerProcess:
    """A Jupyter Server without a token."""
    remote = jupyter_server(
        tmp_path / "open",
        token="",
        arguments=["--IdentityProvider.token="],
        config={"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": False}}},
    )
    processes.callback(remote.start().stop)
    return remote


async def test_user_and_password(
    start_server: StartServer, open_server: ServerProcess, processes: ExitStack, tmp_path: Path
) -> None:
    """A proxy with Basic authentication, in front of a Jupyter Server without a token, works."""
    (tmp_path / "passwords").write_text("ada:{PLAIN}token-of-ada\n")
    basic = f"auth_basic x; auth_basic_user_file {tmp_path}/passwords; {UPGRADE}"
    proxy = nginx(processes, tmp_path, passing(open_server.url.rstrip("/"), basic))
    auth = {"user": "ada", "password": {"value": "token-of-ada"}}
    _, client = start_server(
        {
            "far": {"url": proxy.url, "auth": auth},
            "wrong": {"url": proxy.url, "auth": {**auth, "user": "bob"}},
        }
    )
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    code = "import os; print(os.environ.get('KERNEL_USERNAME'))"
    assert await client.run(kernel_id, code) == "None\n", "a Jupyter Server takes no environment"
    reply = await client.request("POST", f"api/kernels/{kernel_id}/interrupt")
    assert reply.status == 204
    reply = await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert reply.status == 204
    model = await client.wait_for_state("wrong", "unauthorised")
    assert "refused the password (401)" in model["message"]


async def test_server_without_a_token(
    start_server: StartServer, open_server: ServerProcess
) -> None:
    """A Jupyter Server without a token checks for forged requests of other sites; all works."""
    _, client = start_server({"far": {"url": open_server.url}})
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    assert await client.run(kernel_id, "print(6 * 7)") == "42\n"
    for method, path in (("POST", "/restart"), ("POST", "/interrupt"), ("DELETE", "")):
        reply = await client.request(method, f"api/kernels/{kernel_id}{path}")
        assert reply.status in (200, 204), reply


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ServerProcess]]:
    """Two equal gateways, for a load balancer."""
    folder = tmp_path_factory.mktemp("twins")
    gateways = [
        kernel_gateway(folder / name, name, token="token-of-twins", listing=True)
        for name in ("one", "two")
    ]
    with ExitStack() as stack:
        for gateway in gateways:
            stack.callback(gateway.launch().stop)
        for gateway in gateways:
            gateway.wait_ready()
        yield gateways


async def test_sticky_sessions(
    start_server: StartServer, twins: list[ServerProcess], processes: ExitStack, tmp_path: Path
) -> None:
    """With its cookies accepted, a load balancer leads to the server that has the kernel."""
    balancer = HAProxy(tmp_path / "haproxy", [twin.port for twin in twins], cookie=True)
    processes.callback(balancer.close)
    _, client = start_server({"far": settings(balancer.url, twins[0], accept_cookies=True)})
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")
    for _ in range(6):
        assert await client.run(kernel_id, "print(1)") == "1\n"
        reply = await client.request("POST", f"api/kernels/{kernel_id}/interrupt")
        assert reply.status == 204, reply
        await client.wait_for_state("far", "online")
    assert [kernel["id"] for kernel in await client.get("api/kernels")] == [kernel_id]


async def test_a_balanced_kernel_is_not_taken_for_gone(
    start_server: StartServer, twins: list[ServerProcess], processes: ExitStack, tmp_path: Path
) -> None:
    """Without cookies, every other answer is that of a server without the kernel: no proof."""
    balancer = HAProxy(tmp_path / "haproxy", [twin.port for twin in twins], cookie=False)
    processes.callback(balancer.close)
    process, client = start_server({"far": settings(balancer.url, twins[0], refresh_interval=1)})
    await client.wait_for_kernelspec("far/python3")
    kernel_id = await client.start_kernel("far/python3")

    async def is_explained() -> bool:
        reply = await client.request("POST", f"api/kernels/{kernel_id}/interrupt")
        kernels = await client.get("api/kernels")
        assert [kernel["id"] for kernel in kernels] == [kernel_id]
        return reply.status == 502 and "set 'accept_cookies' to true" in reply.body["message"]

    await wait_until(is_explained)
    assert "is gone from its provider" not in process.log()
