"""The default kernel stays the one that the administrator has chosen."""

from __future__ import annotations

import json

import pytest

from tests.conftest import StartServer
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy, altered_response
from tests.support.processes import ServerProcess
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


async def default_kernel(client: Client) -> str:
    name: str = (await client.get("api/kernelspecs"))["default"]
    return name


async def test_provider_default_does_not_become_ours(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """The first answer, the one after the provider's, and all later ones have the same default."""
    _, client = start_server({"gpu": {"url": remote.url, "token": {"value": remote.token}}})
    assert await default_kernel(client) == "python3"
    await client.wait_for_kernelspec("gpu/python3")
    assert await default_kernel(client) == "python3"
    await client.wait_for_state("gpu", "online")
    assert await default_kernel(client) == "python3"
    reply = await client.request("POST", "api/kernels")
    assert (reply.status, reply.body["name"]) == (201, "python3")


@pytest.mark.parametrize("default", ["elsewhere", "healthy/python3", "", None, 7, {"name": "x"}])
async def test_invalid_provider_default_changes_nothing(
    fault_client: Client, proxy: FaultProxy, default: object
) -> None:
    """A default that the provider does not have, or that is invalid, changes nothing here."""
    await proxy.begin(
        altered_response(proxy.forward, lambda answer: {**answer, "default": default})
    )
    await fault_client.wait_for_state("faulty", "online")
    answer = await fault_client.get("api/kernelspecs")
    assert answer["default"] == "python3"
    assert "faulty/python3" in answer["kernelspecs"]


async def test_default_at_unavailable_provider(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """It stays the default, no other kernel starts, and it starts once the provider is back."""
    tcp_proxy = await TcpProxy.open(remote.port)
    await tcp_proxy.cut()
    url = f"http://127.0.0.1:{tcp_proxy.port}/"
    _, client = start_server(
        {"gpu": {"url": url, "token": {"value": remote.token}}},
        config={"MappingKernelManager": {"default_kernel_name": "gpu/python3"}},
    )
    for _ in range(2):
        await client.wait_for_state("gpu", "offline")
        assert await default_kernel(client) == "gpu/python3"
        notebook = {"path": "nb.ipynb", "name": "nb.ipynb", "type": "notebook"}
        for path, body in (("api/kernels", None), ("api/sessions", {**notebook, "kernel": {}})):
            reply = await client.request("POST", path, body)
            assert reply.status in (500, 503)  # Jupyter Server sends the former for a session
            assert "gpu refuses connections" in json.dumps(reply.body)
        assert await client.get("api/kernels") == []
        local_id = await client.start_kernel("python3")
        assert await client.run(local_id, "print(1)") == "1\n"

        await tcp_proxy.restore()
        await client.wait_for_state("gpu", "online")
        reply = await client.request("POST", "api/kernels")
        assert (reply.status, reply.body["name"]) == (201, "gpu/python3")
        for kernel_id in (local_id, reply.body["id"]):
            await client.request("DELETE", f"api/kernels/{kernel_id}")
        await tcp_proxy.cut()
    await tcp_proxy.close()
