"""The default kernel stays the one that the administrator has chosen."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Start
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy, altered
from tests.support.processes import Process
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


async def default(client: Client) -> str:
    found: str = (await client.get("api/kernelspecs"))["default"]
    return found


async def test_no_providers_default_becomes_ours(start: Start, remote: Process) -> None:
    """The first answer, the one after the provider's, and all later ones have the same default."""
    _, client = start({"gpu": {"url": remote.url, "token": {"value": remote.token}}})
    assert await default(client) == "python3"
    await client.wait_for_kernelspec("gpu/python3")
    assert await default(client) == "python3"
    await client.wait_for_state("gpu", "online")
    assert await default(client) == "python3"
    reply = await client.request("POST", "api/kernels")
    assert (reply.status, reply.body["name"]) == (201, "python3")


@pytest.mark.parametrize("given", ["elsewhere", "well/python3", "", None, 7, {"name": "x"}])
async def test_a_providers_default_may_be_anything(
    user: Client, proxy: FaultProxy, given: object
) -> None:
    """A default that the provider does not have, or that is invalid, changes nothing here."""
    await proxy.begin(altered(proxy.pass_on, lambda answer: {**answer, "default": given}))
    await user.wait_for_state("faulty", "online")
    answer = await user.get("api/kernelspecs")
    assert answer["default"] == "python3"
    assert "faulty/python3" in answer["kernelspecs"]


async def test_a_default_at_a_provider_that_is_away(start: Start, remote: Process) -> None:
    """It stays the default, no other kernel starts, and it starts once the provider is back."""
    tunnel = await TcpProxy.open(remote.port)
    await tunnel.cut()
    url = f"http://127.0.0.1:{tunnel.port}/"
    _, client = start(
        {"gpu": {"url": url, "token": {"value": remote.token}}},
        config={"MappingKernelManager": {"default_kernel_name": "gpu/python3"}},
    )
    for _ in range(2):
        await client.wait_for_state("gpu", "offline")
        assert await default(client) == "gpu/python3"
        notebook = {"path": "nb.ipynb", "name": "nb.ipynb", "type": "notebook"}
        for path, body in (("api/kernels", None), ("api/sessions", {**notebook, "kernel": {}})):
            reply = await client.request("POST", path, body)
            assert reply.status in (500, 503)  # Jupyter Server sends the former for a session
            assert "gpu refuses connections" in json.dumps(reply.body)
        assert await client.get("api/kernels") == []
        local = await client.start_kernel("python3")
        assert await client.run(local, "print(1)") == "1\n"

        await tunnel.mend()
        await client.wait_for_state("gpu", "online")
        reply = await client.request("POST", "api/kernels")
        assert (reply.status, reply.body["name"]) == (201, "gpu/python3")
        for kernel_id in (local, reply.body["id"]):
            await client.request("DELETE", f"api/kernels/{kernel_id}")
        await tunnel.cut()
    await tunnel.close()
