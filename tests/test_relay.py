"""Relays through cuts: what runs goes on, what is typed waits, and what is gone is said to be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from .client import LEGACY, V1, Client, Kernel, until
from .conftest import Start
from .processes import Process, declare
from .tunnel import Tunnel

pytestmark = pytest.mark.server

BOTH_PROTOCOLS = pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])


@dataclass
class Site:
    """A server, its client, and the way to the gateway that is its provider."""

    server: Process
    client: Client
    tunnel: Tunnel
    gateway: Process

    async def become(self, state: str) -> None:
        """Wait until the server says that the provider is in this state."""

        async def found() -> bool:
            providers = (await self.client.get("api/kernel-providers"))["providers"]
            return bool(providers[1]["state"] == state)

        await until(found)


@pytest.fixture
async def site(start: Start, remote: Process) -> AsyncIterator[Site]:
    """A server that reaches a gateway of its own through a tunnel."""
    tunnel = await Tunnel.open(remote.port)
    url = f"http://127.0.0.1:{tunnel.port}/"
    server, client = start({"far": {"url": url, "token": {"value": remote.token}}})
    await client.wait_for_kernelspec("far/python3")
    yield Site(server, client, tunnel, remote)
    await tunnel.close()
    assert "Traceback" not in server.log()


async def execute(kernel: Kernel, code: str) -> str:
    """Send code to be run, and return the request's id without waiting for anything."""
    return await kernel.send(
        "execute_request", {"code": code, "silent": False, "allow_stdin": False}
    )


def printed(messages: list[dict[str, Any]]) -> str:
    """Return what was printed."""
    texts = [m["content"]["text"] for m in messages if m["header"]["msg_type"] == "stream"]
    return "".join(texts)


@BOTH_PROTOCOLS
async def test_an_execution_runs_through_a_cut(site: Site, protocol: str) -> None:
    """What a kernel prints while it cannot be reached comes afterwards, all and in order."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"), protocol)
    code = "import time\nfor n in range(80):\n    print(n, flush=True); time.sleep(0.1)"
    sent = await execute(kernel, code)
    while (await kernel.receive())["content"].get("text") != "9\n":
        pass
    await site.tunnel.cut()
    await site.become("offline")
    await asyncio.sleep(2)  # what is printed meanwhile is what may not be lost
    await site.tunnel.mend()
    messages = await kernel.replies(sent)
    assert printed(messages).split() == [str(n) for n in range(10, 80)]
    await kernel.close()


async def test_what_is_sent_during_a_cut_runs_once_and_in_order(site: Site) -> None:
    """Whoever goes on typing need not type it again."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await kernel.run("said = []")
    await site.tunnel.cut()
    await site.become("offline")
    sent = [await execute(kernel, f"said.append({n}); print(said)") for n in range(3)]
    await site.tunnel.mend()
    for n, msg_id in enumerate(sent):
        assert printed(await kernel.replies(msg_id)) == f"{list(range(n + 1))}\n"
    await kernel.close()


async def test_two_notebooks_are_connected_again(site: Site) -> None:
    """All sockets of a provider survive, and so do several cuts."""
    ids = [await site.client.start_kernel("far/python3") for _ in range(2)]
    kernels = [await site.client.connect(kernel_id) for kernel_id in ids]
    for n in range(2):
        await site.tunnel.cut()
        await site.become("offline")
        await site.tunnel.mend()
        for kernel in kernels:
            assert await kernel.run(f"print({n})") == f"{n}\n"
    for kernel in kernels:
        await kernel.close()


@BOTH_PROTOCOLS
async def test_a_kernel_that_is_gone_after_the_cut_is_dead(site: Site, protocol: str) -> None:
    """A gateway that has forgotten its kernels ends the waiting, and no other notebook's."""
    kernel_id = await site.client.start_kernel("far/python3")
    kernel = await site.client.connect(kernel_id, protocol)
    local = await site.client.connect(await site.client.start_kernel("python3"))
    await kernel.run("")
    site.gateway.stop()
    await site.become("offline")
    site.gateway.start()
    last, code, reason = await kernel.until_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert (code, reason) == (1000, "far/python3 is gone from its provider.")
    assert (await site.client.request("GET", f"api/kernels/{kernel_id}")).status == 404
    assert await local.run("print(1)") == "1\n"
    await local.close()


async def test_a_provider_that_is_removed_ends_the_waiting(site: Site) -> None:
    """The socket is closed with a reason."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await site.tunnel.cut()
    await site.become("offline")
    declare(site.server, "far", {}).unlink()
    _, code, reason = await kernel.until_closed()
    assert code == 1013
    assert reason.startswith("The kernel provider far is not configured any more.")


async def test_a_provider_with_a_new_address_is_connected_to(site: Site) -> None:
    """Whoever corrects an address need not reload a notebook."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await kernel.run("x = 42")
    await site.tunnel.cut()
    await site.become("offline")
    settings = {"url": site.gateway.url, "token": {"value": site.gateway.token}}
    declare(site.server, "far", settings)
    assert await kernel.run("print(x)") == "42\n"
    await kernel.close()


async def test_no_more_is_kept_than_is_reasonable(site: Site) -> None:
    """Who sends a lot to a kernel that cannot be reached hears of it."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await site.tunnel.cut()
    await site.become("offline")
    content = {"comm_id": "x", "data": {}}
    for _ in range(3):
        await kernel.send("comm_msg", content, buffers=[b"x" * (25 * 2**20)])
    _, code, reason = await kernel.until_closed()
    assert code == 1013
    assert reason == "Too much was sent while the kernel's provider did not take it."
