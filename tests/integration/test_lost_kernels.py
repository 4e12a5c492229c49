"""Kernels that are gone from their providers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.support.client import Client, KernelWebsocket, wait_until
from tests.support.fault_proxy import FaultProxy, no_response
from tests.support.processes import ServerProcess, declare, kernel_gateway

pytestmark = pytest.mark.server


@pytest.fixture
def culling_gateway(tmp_path: Path) -> Iterator[ServerProcess]:
    """A gateway that stops kernels after five idle seconds."""
    process = kernel_gateway(tmp_path / "c", "culling", token="token-of-culling", listing=True)
    settings = {"cull_idle_timeout": 5, "cull_interval": 1, "cull_connected": True}
    config = process.config_folder / "jupyter_kernel_gateway_config.json"
    config.write_text(json.dumps({"MappingKernelManager": settings}))
    process.start()
    yield process
    process.stop()


async def wait_until_dead(kernel: KernelWebsocket) -> None:
    """Wait until the notebook is told that its kernel is dead, for good."""
    last, code, reason = await kernel.wait_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert (code, reason) == (1000, "culling/python3 is gone from its provider.")


async def test_kernel_culled_by_its_provider(
    start_server: StartServer,
    culling_gateway: ServerProcess,
    remote_servers: dict[str, ServerProcess],
) -> None:
    """The notebook is told, the kernel is in no list, and no other notebook is affected."""
    healthy = remote_servers["gate-b"]
    server, client = start_server(
        {
            "culling": {
                "url": culling_gateway.url,
                "token": {"value": culling_gateway.token},
                "refresh_interval": 600,  # the last message of the kernel causes a poll
            },
            "healthy": {"url": healthy.url, "token": {"value": healthy.token}},
        }
    )
    others = {
        name: (await client.start_session(kernel_name, f"{name}.ipynb"))
        for name, kernel_name in {
            "local": "python3",
            "healthy": "healthy/python3",
            "busy": "culling/python3",
        }.items()
    }
    busy = await client.connect(others["busy"]["kernel"]["id"])
    await busy.keep_busy()
    session = await client.start_session("culling/python3", "idle.ipynb")
    culled = session["kernel"]["id"]
    await wait_until_dead(await client.connect(culled))

    assert (await client.request("GET", f"api/kernels/{culled}")).status == 404
    expected = {one["kernel"]["id"] for one in others.values()}
    assert {kernel["id"] for kernel in await client.get("api/kernels")} == expected
    listed = {one["id"] for one in await client.get("api/sessions")}
    assert listed == {one["id"] for one in others.values()}
    assert (await client.request("GET", f"api/sessions/{session['id']}")).status == 404
    assert (await client.get("api/status"))["kernels"] == len(others)

    async def is_removed_from_store() -> bool:
        folder = server.folder / "data" / "kernel_providers"
        return not any(culled in path.read_text() for path in folder.glob("*.json"))

    await wait_until(is_removed_from_store)
    for name in ("local", "healthy"):
        assert await client.run(others[name]["kernel"]["id"], "print(1)") == "1\n"
    again = await client.start_session("culling/python3", "idle.ipynb")
    assert again["kernel"]["id"] != culled
    await busy.close()


async def test_polling_stops_after_gateway_has_lost_kernels(
    fault_client: Client,
    server_with_fault: ServerProcess,
    proxy: FaultProxy,
    remote_servers: dict[str, ServerProcess],
) -> None:
    """Each notebook is told once, the log has a few lines, and the kernels are no longer polled."""
    ids = [await fault_client.start_kernel("faulty/python3") for _ in range(3)]
    kernels = [await fault_client.connect(kernel_id) for kernel_id in ids]
    local = await fault_client.start_kernel("python3")
    before = len(server_with_fault.log())
    async with Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token) as gateway:
        for kernel_id in ids:
            await gateway.request("DELETE", f"api/kernels/{kernel_id}")
    ends = await asyncio.gather(*(kernel.wait_closed() for kernel in kernels))
    assert [code for _, code, _ in ends] == [1000] * 3
    assert [kernel["id"] for kernel in await fault_client.get("api/kernels")] == [local]

    asked = len(proxy.requests)
    for _ in range(3):
        await fault_client.wait_for_state("faulty", "online")
    assert set(proxy.requests[asked:]) == {"GET /api/kernelspecs"}
    log = server_with_fault.log()[before:]
    for kernel_id in ids:
        lines = [line for line in log.splitlines() if kernel_id in line]
        assert len(lines) < 10, lines
        assert sum("is gone from its provider" in line for line in lines) == 1


async def test_browser_disconnects_during_handshake(
    fault_client: Client, server_with_fault: ServerProcess, proxy: FaultProxy
) -> None:
    """The server stops waiting for the provider, and logs no failure."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    path = f"/api/kernels/{kernel_id}/channels"
    await proxy.begin(no_response, only="/channels")
    before = len(server_with_fault.log())
    connecting = asyncio.create_task(fault_client.open(kernel_id))

    async def is_connecting() -> bool:
        return f"GET {path}" in proxy.requests

    await wait_until(is_connecting)
    connecting.cancel()

    async def is_over() -> bool:
        return f"400 GET {path}" in server_with_fault.log()[before:]

    await wait_until(is_over)
    assert "Traceback" not in server_with_fault.log()[before:]
    assert (await fault_client.get(f"api/kernels/{kernel_id}"))["id"] == kernel_id


async def test_notebook_of_removed_kernelspec_starts_nothing(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Excluded kernels and removed providers are named, and no other kernel starts."""
    gateway = remote_servers["gate-a"]
    settings = {"url": gateway.url, "token": {"value": gateway.token}}
    server, client = start_server({"gpu": settings, "cpu": settings})
    for name in ("gpu/python3", "cpu/python3"):
        await client.wait_for_kernelspec(name)
    declare(server, "gpu", {**settings, "exclude": ["*"]})
    declare(server, "cpu", settings).unlink()

    async def is_removed() -> bool:
        return set(await client.kernelspecs()) == {"python3"}

    await wait_until(is_removed)
    for name, words in {
        "gpu/python3": "gpu offers no kernel called 'python3'",
        "cpu/python3": "The kernel providers are: gpu.",
    }.items():
        notebook = {"path": "nb.ipynb", "name": "nb.ipynb", "type": "notebook"}
        body = {**notebook, "kernel": {"name": name}}
        reply = await client.request("POST", "api/sessions", body)
        assert reply.status >= 400
        assert words in reply.body["message"]
        assert await client.get("api/kernels") == []
        assert await client.get("api/sessions") == []
