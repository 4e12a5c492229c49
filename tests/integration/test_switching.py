"""One notebook with kernels of several providers, one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, Kernel, until
from tests.support.processes import Process

pytestmark = pytest.mark.server

#: Kernels, and the providers that run them.
WAY = (
    ("python3", "troubled"),
    ("well/python3", "gate-a"),
    ("faulty/python3", "gate-b"),
    ("python3", "troubled"),
)


async def session(user: Client) -> Any:
    """Return the only session."""
    [model] = await user.get("api/sessions")
    return model


async def becomes(user: Client, state: str) -> None:
    """Wait until the notebook's kernel is in a state."""

    async def found() -> bool:
        for provider_id in ("well", "faulty"):
            await user.wait_for_state(provider_id, "online")
        return bool((await session(user))["kernel"]["execution_state"] == state)

    await until(found)


async def interrupted(user: Client, kernel: Kernel, kernel_id: str) -> list[dict[str, Any]]:
    """Run an endless cell, interrupt it, and return its output."""
    running = await kernel.begin_work()
    await becomes(user, "busy")
    reply = await user.request("POST", f"api/kernels/{kernel_id}/interrupt")
    assert reply.status == 204
    return await kernel.replies(running)


async def test_a_notebook_is_switched_used_and_switched_back(
    user: Client, places: dict[str, Process]
) -> None:
    """With each provider it runs, is interrupted and restarted; no kernel is left behind."""
    made = await user.start_session("python3", "moving.ipynb")
    left: list[tuple[str, str]] = []
    for name, place in WAY:
        if left:
            change = {"kernel": {"name": name}}
            reply = await user.request("PATCH", f"api/sessions/{made['id']}", change)
            assert reply.status == 200
        now = await session(user)
        kernel_id = now["kernel"]["id"]
        assert (now["id"], now["path"]) == (made["id"], "moving.ipynb")
        assert now["kernel"]["name"] == name

        kernel = await user.connect(kernel_id)
        assert await kernel.run("import os; print(os.environ['PLACE'])") == f"{place}\n"
        messages = await interrupted(user, kernel, kernel_id)
        errors = [m["content"] for m in messages if m["header"]["msg_type"] == "error"]
        assert [error["ename"] for error in errors] == ["KeyboardInterrupt"]
        await becomes(user, "idle")
        await kernel.close()

        reply = await user.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["id"]) == (200, kernel_id)
        assert (await session(user))["kernel"]["id"] == kernel_id
        assert await user.run(kernel_id, "print('os' in globals())") == "False\n"
        for before, _ in left:
            assert (await user.request("GET", f"api/kernels/{before}")).status == 404
        left.append((kernel_id, place))

    assert len({kernel_id for kernel_id, _ in left}) == len(WAY)
    for kernel_id, place in left:
        if place in places:
            async with Client(places[place].url, places[place].token) as remote:
                assert (await remote.request("GET", f"api/kernels/{kernel_id}")).status == 404
