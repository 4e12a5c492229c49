"""One notebook with kernels of several providers, one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, KernelWebsocket, wait_until
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server

#: Kernels, and the providers that run them.
KERNELS = (
    ("python3", "server-with-fault"),
    ("healthy/python3", "gate-a"),
    ("faulty/python3", "gate-b"),
    ("python3", "server-with-fault"),
)


async def session(fault_client: Client) -> Any:
    """Return the only session."""
    [model] = await fault_client.get("api/sessions")
    return model


async def wait_for_state(fault_client: Client, state: str) -> None:
    """Wait until the notebook's kernel is in a state."""

    async def is_in_state() -> bool:
        for provider_id in ("healthy", "faulty"):
            await fault_client.wait_for_state(provider_id, "online")
        return bool((await session(fault_client))["kernel"]["execution_state"] == state)

    await wait_until(is_in_state)


async def run_and_interrupt(
    fault_client: Client, kernel: KernelWebsocket, kernel_id: str
) -> list[dict[str, Any]]:
    """Run an endless cell, interrupt it, and return its output."""
    running = await kernel.keep_busy()
    await wait_for_state(fault_client, "busy")
    reply = await fault_client.request("POST", f"api/kernels/{kernel_id}/interrupt")
    assert reply.status == 204
    return await kernel.replies(running)


async def test_notebook_switches_between_providers(
    fault_client: Client, remote_servers: dict[str, ServerProcess]
) -> None:
    """With each provider it runs, is interrupted and restarted; no kernel is left behind."""
    created = await fault_client.start_session("python3", "moving.ipynb")
    previous: list[tuple[str, str]] = []
    for name, provider_id in KERNELS:
        if previous:
            change = {"kernel": {"name": name}}
            reply = await fault_client.request("PATCH", f"api/sessions/{created['id']}", change)
            assert reply.status == 200
        now = await session(fault_client)
        kernel_id = now["kernel"]["id"]
        assert (now["id"], now["path"]) == (created["id"], "moving.ipynb")
        assert now["kernel"]["name"] == name

        kernel = await fault_client.connect(kernel_id)
        assert await kernel.run("import os; print(os.environ['PROVIDER'])") == f"{provider_id}\n"
        messages = await run_and_interrupt(fault_client, kernel, kernel_id)
        errors = [m["content"] for m in messages if m["header"]["msg_type"] == "error"]
        assert [error["ename"] for error in errors] == ["KeyboardInterrupt"]
        await wait_for_state(fault_client, "idle")
        await kernel.close()

        reply = await fault_client.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["id"]) == (200, kernel_id)
        assert (await session(fault_client))["kernel"]["id"] == kernel_id
        assert await fault_client.run(kernel_id, "print('os' in globals())") == "False\n"
        for before, _ in previous:
            assert (await fault_client.request("GET", f"api/kernels/{before}")).status == 404
        previous.append((kernel_id, provider_id))

    assert len({kernel_id for kernel_id, _ in previous}) == len(KERNELS)
    for kernel_id, provider_id in previous:
        if provider_id in remote_servers:
            async with Client(
                remote_servers[provider_id].url, remote_servers[provider_id].token
            ) as remote:
                assert (await remote.request("GET", f"api/kernels/{kernel_id}")).status == 404
