"""A server that is started with ``--gateway-url``, with the package installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from kernel_providers_ext.config.gateway_url import gateway_client_declaration
from tests.conftest import STOCK
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, declare, jupyter_server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def servers(
    remote_servers: dict[str, ServerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, ServerProcess]]:
    """Servers with the same gateway: stock, ours, and ours with local kernels as well."""
    folder: Path = tmp_path_factory.mktemp("gateway-url")
    gateway = remote_servers["gate-b"]
    arguments = [f"--gateway-url={gateway.url}", f"--GatewayClient.auth_token={gateway.token}"]
    configs: dict[str, Any] = {
        "stock": STOCK,
        "ours": None,
        "both": {"KernelProviders": {"local_enabled": True}},
    }
    processes = {
        name: jupyter_server(
            folder / name, token="token-of-server", arguments=arguments, config=config
        )
        for name, config in configs.items()
    }
    far = remote_servers["far"]
    declare(processes["both"], "far", {"url": far.url, "token": {"value": far.token}})
    with ExitStack() as stack:
        for process in processes.values():
            stack.callback(process.launch().stop)
        for process in processes.values():
            process.wait_ready()
        yield processes


@pytest.fixture
async def clients(servers: dict[str, ServerProcess]) -> AsyncIterator[dict[str, Client]]:
    """A client of each server."""
    clients = {name: Client(server.url, server.token) for name, server in servers.items()}
    yield clients
    for client in clients.values():
        await client.close()


async def test_names_and_models_equal_stock(clients: dict[str, Client]) -> None:
    """The gateway's kernels keep their names, display names and URLs, and the default stays."""
    stock = await clients["stock"].get("api/kernelspecs")
    assert await clients["ours"].get("api/kernelspecs") == stock
    assert list(stock["kernelspecs"]) == ["python3"]
    one = await clients["ours"].get("api/kernelspecs/python3")
    assert one == await clients["stock"].get("api/kernelspecs/python3")
    for url in one["resources"].values():
        ours = await clients["ours"].request("GET", url[1:])
        theirs = await clients["stock"].request("GET", url[1:])
        assert (ours.status, ours.body) == (200, theirs.body)


async def test_kernels_run_at_the_gateway(clients: dict[str, Client]) -> None:
    """A kernel without a prefix runs at the gateway, and no kernel runs here."""
    client = clients["ours"]
    session = await client.start_session("python3")
    kernel_id = session["kernel"]["id"]
    assert session["kernel"]["name"] == "python3"
    code = "import os; print(os.environ['PROVIDER'])"
    assert (await client.run(kernel_id, code)).strip() == "gate-b"
    reply = await client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert reply.status == 200
    assert [s["id"] for s in await client.get("api/sessions")] == [session["id"]]
    assert (await client.request("DELETE", f"api/sessions/{session['id']}")).status == 204


async def test_local_kernels_can_be_enabled(clients: dict[str, Client]) -> None:
    """With local kernels switched on explicitly, the gateway is one provider among others."""
    client = clients["both"]
    for name, expected in {
        "python3": "local",
        "gateway/python3": "gate-b",
        "far/python3": "far",
    }.items():
        await client.wait_for_kernelspec(name)
        kernel_id = await client.start_kernel(name)
        printed = await client.run(kernel_id, "import os; print(os.environ['PROVIDER'])")
        assert printed.strip() == expected
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert (await client.get("api/kernelspecs"))["default"] == "python3"


async def test_unsupported_settings_leave_jupyter_server_in_charge(
    remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """Jupyter Server's own client handles a gateway with settings that only it supports."""
    gateway = remote_servers["gate-b"]
    arguments = [
        f"--gateway-url={gateway.url}",
        f"--GatewayClient.auth_token={gateway.token}",
        f"--GatewayClient.ws_url={gateway.url.replace('http', 'ws')}",
    ]
    server = jupyter_server(tmp_path, token="token-of-server", arguments=arguments).start()
    client = Client(server.url, server.token)
    try:
        assert list(await client.kernelspecs()) == ["python3"]
        assert "c.GatewayClient.ws_url is set" in server.log()
    finally:
        await client.close()
        server.stop()


async def test_default_kernel_is_the_gateways(clients: dict[str, Client]) -> None:
    """A kernel that is started without a name is the gateway's default one."""
    client = clients["ours"]

    async def default() -> bool:
        return bool((await client.get("api/kernelspecs"))["default"] == "python3")

    await wait_until(default)
    reply = await client.request("POST", "api/kernels")
    assert (reply.status, reply.body["name"]) == (201, "python3")
    await client.request("DELETE", f"api/kernels/{reply.body['id']}")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JUPYTER_GATEWAY_WS_URL", "ws://gateway.example.org"),
        ("JUPYTER_GATEWAY_KERNELS_ENDPOINT", "/elsewhere/kernels"),
    ],
)
def test_unsupported_settings_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """Settings that only Jupyter Server's client supports may also be in the environment."""
    monkeypatch.setenv("JUPYTER_GATEWAY_URL", "http://gateway.example.org")
    assert gateway_client_declaration(Config()) is not None
    monkeypatch.setenv(variable, value)
    with pytest.raises(
        NotImplementedError, match=variable.removeprefix("JUPYTER_GATEWAY_").lower()
    ):
        gateway_client_declaration(Config())
