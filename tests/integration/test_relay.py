"""Relays through cuts: code runs on, input waits, and the end of a kernel is reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import StartServer
from tests.support.client import LEGACY, V1, Client, KernelWebsocket, wait_until
from tests.support.fault_proxy import FaultProxy, respond
from tests.support.processes import ServerProcess, declare
from tests.support.tcp_proxy import TcpProxy
from tests.unit.kernels.test_iopub import frame

pytestmark = pytest.mark.server

BOTH_PROTOCOLS = pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])


@dataclass
class Scenario:
    """A server, its client, and the TCP proxy to its provider's gateway."""

    server: ServerProcess
    client: Client
    tcp_proxy: TcpProxy
    gateway: ServerProcess

    async def wait_for_state(self, state: str) -> None:
        """Wait until the server reports this state of the provider."""

        async def is_reached() -> bool:
            providers = (await self.client.get("api/kernel-providers"))["providers"]
            return bool(providers[1]["state"] == state)

        await wait_until(is_reached)


@pytest.fixture
async def scenario(start_server: StartServer, remote: ServerProcess) -> AsyncIterator[Scenario]:
    """A server that reaches its own gateway through a TCP proxy."""
    tcp_proxy = await TcpProxy.open(remote.port)
    url = f"http://127.0.0.1:{tcp_proxy.port}/"
    server, client = start_server({"far": {"url": url, "token": {"value": remote.token}}})
    await client.wait_for_kernelspec("far/python3")
    yield Scenario(server, client, tcp_proxy, remote)
    await tcp_proxy.close()
    assert "Traceback" not in server.log()


async def execute(kernel: KernelWebsocket, code: str) -> str:
    """Send code, and return the request's id without waiting."""
    return await kernel.send(
        "execute_request", {"code": code, "silent": False, "allow_stdin": False}
    )


def printed_text(messages: list[dict[str, Any]]) -> str:
    """Return the printed text."""
    texts = [m["content"]["text"] for m in messages if m["header"]["msg_type"] == "stream"]
    return "".join(texts)


@pytest.mark.parametrize(
    ("protocol", "seconds"), [(V1, 30), (LEGACY, 2)], ids=["v1 for 30 s", "legacy"]
)
async def test_execution_survives_a_cut(
    scenario: Scenario, protocol: str, seconds: int, tmp_path: Path
) -> None:
    """Output of a kernel during a cut arrives afterwards, complete and in order."""
    kernel = await scenario.client.connect(
        await scenario.client.start_kernel("far/python3"), protocol
    )
    count, go, unseen = tmp_path / "count", tmp_path / "go", 10 + 10 * seconds
    code = f"""
import pathlib, time
for n in range({unseen + 10}):
    while n == 10 and not pathlib.Path({str(go)!r}).exists():
        time.sleep(0.1)
    print(f"{{n}}\\n", end="", flush=True)  # not the end of the line by itself
    pathlib.Path({str(count)!r}).write_text(str(n))
    time.sleep(0.1)
"""
    sent = await execute(kernel, code)
    while (await kernel.receive())["content"].get("text") != "9\n":
        pass
    await scenario.tcp_proxy.cut()
    go.touch()  # messages in transit at the moment of a cut may be lost
    await scenario.wait_for_state("offline")

    async def has_printed() -> bool:
        return int(count.read_text() or 0) >= unseen

    await wait_until(has_printed)
    await scenario.tcp_proxy.restore()
    messages = await kernel.replies(sent)
    assert printed_text(messages).split() == [str(n) for n in range(10, unseen + 10)]
    await kernel.close()


async def phases(client: Client) -> dict[str, str]:
    """Return the kernel phases of the first provider."""
    providers = (await client.get("api/kernel-providers"))["providers"]
    return {one["kernel_id"]: one["phase"] for one in providers[1]["kernel_phases"]}


async def cut_connections(fault_client: Client, proxy: FaultProxy) -> None:
    """Cut the connections to kernels, refuse new ones, and wait until the phase shows."""
    await proxy.begin(respond(503), only="/channels")

    async def is_reconnecting() -> bool:
        return bool(await phases(fault_client))

    await wait_until(is_reconnecting)


async def test_reconnecting_kernel_has_a_phase(fault_client: Client, proxy: FaultProxy) -> None:
    """It is reconnecting during the cut, not dead, and has no phase afterwards."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    kernel = await fault_client.connect(kernel_id)
    await cut_connections(fault_client, proxy)
    assert await phases(fault_client) == {kernel_id: "reconnecting"}
    assert (await fault_client.get(f"api/kernels/{kernel_id}"))["execution_state"] != "dead"
    proxy.end()
    assert await kernel.run("print(1)") == "1\n"
    assert await phases(fault_client) == {}
    await kernel.close()


async def test_returning_browser_finds_waiting_input(
    fault_client: Client, proxy: FaultProxy
) -> None:
    """
    Input from before the cut runs before new input, even if the old websocket was not closed.

    If a browser loses its network for a moment, this server still treats it as connected.
    """
    kernel_id = await fault_client.start_kernel("faulty/python3")
    first = await fault_client.connect(kernel_id)
    await first.run("said = []")
    await cut_connections(fault_client, proxy)
    await execute(first, "said.append('while away')")
    proxy.end()
    second = await fault_client.connect(kernel_id, session_id=first.session_id)
    assert await second.run("said.append('after'); print(said)") == "['while away', 'after']\n"
    await first.wait_closed()
    for count in range(3):  # and no other cut happens
        assert await second.run("print(len(said))") == "2\n", count
    await second.close()


async def test_waiting_input_outlives_the_browsers_connection(
    fault_client: Client, proxy: FaultProxy
) -> None:
    """It is sent once, when the browser comes again."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    first = await fault_client.connect(kernel_id)
    await first.run("said = []")
    await cut_connections(fault_client, proxy)
    await execute(first, "said.append('while away')")
    await first.close()

    async def is_disconnected() -> bool:  # and this server has stopped waiting for the provider
        return not await phases(fault_client)

    await wait_until(is_disconnected)
    proxy.end()
    for _ in range(2):
        second = await fault_client.connect(kernel_id, session_id=first.session_id)
        assert await second.run("print(said)") == "['while away']\n"
        await second.close()


async def test_waiting_input_is_not_run_after_a_restart(
    fault_client: Client, proxy: FaultProxy
) -> None:
    """It was meant for the kernel before the restart; input after the restart is run."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    kernel = await fault_client.connect(kernel_id)
    await cut_connections(fault_client, proxy)
    await execute(kernel, "before = True")
    reply = await fault_client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert reply.status == 200
    new = await execute(kernel, "print('before' in globals())")
    proxy.end()
    assert printed_text(await kernel.replies(new)) == "False\n"
    await kernel.close()


async def test_input_during_a_cut_runs_once_and_in_order(scenario: Scenario) -> None:
    """Input does not have to be typed again."""
    kernel = await scenario.client.connect(await scenario.client.start_kernel("far/python3"))
    await kernel.run("said = []")
    await scenario.tcp_proxy.cut()
    await scenario.wait_for_state("offline")
    sent = [await execute(kernel, f"said.append({n}); print(said)") for n in range(3)]
    await scenario.tcp_proxy.restore()
    assert printed_text(await kernel.replies(*sent)) == "[0]\n[0, 1]\n[0, 1, 2]\n"
    await kernel.close()


async def test_two_notebooks_are_reconnected(scenario: Scenario) -> None:
    """All websockets of a provider survive several cuts."""
    ids = [await scenario.client.start_kernel("far/python3") for _ in range(2)]
    kernels = [await scenario.client.connect(kernel_id) for kernel_id in ids]
    for n in range(2):
        await scenario.tcp_proxy.cut()
        await scenario.wait_for_state("offline")
        await scenario.tcp_proxy.restore()
        for kernel in kernels:
            assert await kernel.run(f"print({n})") == f"{n}\n"
    for kernel in kernels:
        await kernel.close()


@BOTH_PROTOCOLS
async def test_kernel_gone_after_a_cut_is_dead(scenario: Scenario, protocol: str) -> None:
    """If the gateway has lost a kernel, only that kernel's notebook stops waiting."""
    kernel_id = await scenario.client.start_kernel("far/python3")
    kernel = await scenario.client.connect(kernel_id, protocol)
    local = await scenario.client.connect(await scenario.client.start_kernel("python3"))
    await kernel.run("")
    scenario.gateway.stop()
    await scenario.wait_for_state("offline")
    scenario.gateway.start()
    last, code, reason = await kernel.wait_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert (code, reason) == (1000, "far/python3 is gone from its provider.")
    assert (await scenario.client.request("GET", f"api/kernels/{kernel_id}")).status == 404
    assert await local.run("print(1)") == "1\n"
    await local.close()


async def test_removed_provider_ends_the_waiting(scenario: Scenario) -> None:
    """The websocket is closed with a reason."""
    kernel = await scenario.client.connect(await scenario.client.start_kernel("far/python3"))
    await scenario.tcp_proxy.cut()
    await scenario.wait_for_state("offline")
    declare(scenario.server, "far", {}).unlink()
    _, code, reason = await kernel.wait_closed()
    assert code == 1013
    assert reason.startswith("The kernel provider far is no longer configured.")


async def test_relay_follows_a_new_address(scenario: Scenario) -> None:
    """A notebook needs no reload after its provider's address was corrected."""
    kernel = await scenario.client.connect(await scenario.client.start_kernel("far/python3"))
    await kernel.run("x = 42")
    await scenario.tcp_proxy.cut()
    await scenario.wait_for_state("offline")
    settings = {"url": scenario.gateway.url, "token": {"value": scenario.gateway.token}}
    declare(scenario.server, "far", settings)
    assert await kernel.run("print(x)") == "42\n"
    await kernel.close()


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "stuck"])
async def test_send_queue_is_limited(scenario: Scenario, is_cut: bool) -> None:
    """A client that sends too much to a kernel that does not take it is told."""
    kernel = await scenario.client.connect(await scenario.client.start_kernel("far/python3"))
    if is_cut:
        await scenario.tcp_proxy.cut()
        await scenario.wait_for_state("offline")
    else:
        scenario.tcp_proxy.stall()
    content = {"comm_id": "x", "data": {}}
    for _ in range(3):
        await kernel.send("comm_msg", content, buffers=[b"x" * (25 * 2**20)])
    _, code, reason = await kernel.wait_closed()
    assert code == 1013
    assert reason == "Too much was sent while the kernel's provider did not take it."


@pytest.mark.parametrize("sends_data", [False, True])
async def test_provider_that_drops_connections_is_not_flooded(
    fault_client: Client, proxy: FaultProxy, sends_data: bool
) -> None:
    """It accepts the handshake and then closes, like a proxy whose server is gone."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    kernel = await fault_client.connect(kernel_id)
    local = await fault_client.start_kernel("python3")
    handshakes, status = 0, frame(V1)
    assert isinstance(status, bytes)

    async def drop(request: web.Request) -> web.StreamResponse:
        nonlocal handshakes
        handshakes += 1
        socket = web.WebSocketResponse(protocols=[V1])
        await socket.prepare(request)
        if sends_data:
            await socket.send_bytes(status)
        await socket.close()
        return socket

    await proxy.begin(drop, only="/channels")
    await fault_client.run(local, "import time; time.sleep(3)")
    assert 0 < handshakes < 30
    proxy.end()
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
