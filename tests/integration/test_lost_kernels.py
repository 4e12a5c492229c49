"""Kernels that are gone from their providers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.support.client import Client, Kernel, until
from tests.support.fault_proxy import FaultProxy, silence
from tests.support.processes import Process, declare, kernel_gateway

pytestmark = pytest.mark.server


@pytest.fixture
def culling(tmp_path: Path) -> Iterator[Process]:
    """A gateway that stops kernels after five idle seconds."""
    process = kernel_gateway(tmp_path / "c", "culling", token="token-of-culling", listing=True)
    settings = {"cull_idle_timeout": 5, "cull_interval": 1, "cull_connected": True}
    config = process.config_folder / "jupyter_kernel_gateway_config.json"
    config.write_text(json.dumps({"MappingKernelManager": settings}))
    process.start()
    yield process
    process.stop()


async def dies(kernel: Kernel) -> None:
    """Wait until the notebook is told that its kernel is dead, for good."""
    last, code, reason = await kernel.until_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert (code, reason) == (1000, "culling/python3 is gone from its provider.")


async def test_a_kernel_that_its_provider_culls(
    start: Start, culling: Process, places: dict[str, Process]
) -> None:
    """The notebook is told, the kernel is in no list, and no other notebook is affected."""
    well = places["gate-b"]
    server, client = start(
        {
            "culling": {
                "url": culling.url,
                "token": {"value": culling.token},
                "refresh_interval": 600,  # the last message of the kernel causes a poll
            },
            "well": {"url": well.url, "token": {"value": well.token}},
        }
    )
    others = {
        name: (await client.start_session(f"{place}/python3".removeprefix("/"), f"{name}.ipynb"))
        for name, place in {"local": "", "well": "well", "busy": "culling"}.items()
    }
    busy = await client.connect(others["busy"]["kernel"]["id"])
    await busy.begin_work()
    session = await client.start_session("culling/python3", "idle.ipynb")
    culled = session["kernel"]["id"]
    await dies(await client.connect(culled))

    assert (await client.request("GET", f"api/kernels/{culled}")).status == 404
    expected = {one["kernel"]["id"] for one in others.values()}
    assert {kernel["id"] for kernel in await client.get("api/kernels")} == expected
    listed = {one["id"] for one in await client.get("api/sessions")}
    assert listed == {one["id"] for one in others.values()}
    assert (await client.request("GET", f"api/sessions/{session['id']}")).status == 404
    assert (await client.get("api/status"))["kernels"] == len(others)

    async def unwritten() -> bool:
        folder = server.folder / "data" / "kernel_providers"
        return not any(culled in path.read_text() for path in folder.glob("*.json"))

    await until(unwritten)
    for name in ("local", "well"):
        assert await client.run(others[name]["kernel"]["id"], "print(1)") == "1\n"
    again = await client.start_session("culling/python3", "idle.ipynb")
    assert again["kernel"]["id"] != culled
    await busy.close()


async def test_a_gateway_that_has_forgotten_everything_is_not_asked_for_ever(
    user: Client, troubled: Process, proxy: FaultProxy, places: dict[str, Process]
) -> None:
    """Each notebook is told once, the log has a few lines, and the kernels are no longer polled."""
    ids = [await user.start_kernel("faulty/python3") for _ in range(3)]
    kernels = [await user.connect(kernel_id) for kernel_id in ids]
    local = await user.start_kernel("python3")
    before = len(troubled.log())
    async with Client(places["gate-b"].url, places["gate-b"].token) as gateway:
        for kernel_id in ids:
            await gateway.request("DELETE", f"api/kernels/{kernel_id}")
    ends = await asyncio.gather(*(kernel.until_closed() for kernel in kernels))
    assert [code for _, code, _ in ends] == [1000] * 3
    assert [kernel["id"] for kernel in await user.get("api/kernels")] == [local]

    asked = len(proxy.asked)
    for _ in range(3):
        await user.wait_for_state("faulty", "online")
    assert set(proxy.asked[asked:]) == {"GET /api/kernelspecs"}
    log = troubled.log()[before:]
    for kernel_id in ids:
        lines = [line for line in log.splitlines() if kernel_id in line]
        assert len(lines) < 10, lines
        assert sum("is gone from its provider" in line for line in lines) == 1


async def test_a_browser_that_leaves_before_it_is_connected(
    user: Client, troubled: Process, proxy: FaultProxy
) -> None:
    """The server stops waiting for the provider, and logs no failure."""
    kernel_id = await user.start_kernel("faulty/python3")
    path = f"/api/kernels/{kernel_id}/channels"
    await proxy.begin(silence, only="/channels")
    before = len(troubled.log())
    connecting = asyncio.create_task(user.open(kernel_id))

    async def is_asked() -> bool:
        return f"GET {path}" in proxy.asked

    await until(is_asked)
    connecting.cancel()

    async def is_over() -> bool:
        return f"400 GET {path}" in troubled.log()[before:]

    await until(is_over)
    assert "Traceback" not in troubled.log()[before:]
    assert (await user.get(f"api/kernels/{kernel_id}"))["id"] == kernel_id


async def test_a_notebook_whose_kernel_is_not_offered_any_more_runs_nowhere_else(
    start: Start, places: dict[str, Process]
) -> None:
    """Excluded kernels and removed providers are named, and no other kernel starts."""
    gateway = places["gate-a"]
    settings = {"url": gateway.url, "token": {"value": gateway.token}}
    server, client = start({"gpu": settings, "cpu": settings})
    for name in ("gpu/python3", "cpu/python3"):
        await client.wait_for_kernelspec(name)
    declare(server, "gpu", {**settings, "exclude": ["*"]})
    declare(server, "cpu", settings).unlink()

    async def left() -> bool:
        return set(await client.kernelspecs()) == {"python3"}

    await until(left)
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
