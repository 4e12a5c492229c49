"""Relays through cuts: code runs on, input waits, and the end of a kernel is reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import Start
from tests.support.client import LEGACY, V1, Client, Kernel, until
from tests.support.fault_proxy import FaultProxy, answering
from tests.support.processes import Process, declare
from tests.support.tcp_proxy import TcpProxy
from tests.unit.kernels.test_iopub import frame

pytestmark = pytest.mark.server

BOTH_PROTOCOLS = pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])


@dataclass
class Site:
    """A server, its client, and the TCP proxy to its provider's gateway."""

    server: Process
    client: Client
    tunnel: TcpProxy
    gateway: Process

    async def become(self, state: str) -> None:
        """Wait until the server reports this state of the provider."""

        async def found() -> bool:
            providers = (await self.client.get("api/kernel-providers"))["providers"]
            return bool(providers[1]["state"] == state)

        await until(found)


@pytest.fixture
async def site(start: Start, remote: Process) -> AsyncIterator[Site]:
    """A server that reaches its own gateway through a TCP proxy."""
    tunnel = await TcpProxy.open(remote.port)
    url = f"http://127.0.0.1:{tunnel.port}/"
    server, client = start({"far": {"url": url, "token": {"value": remote.token}}})
    await client.wait_for_kernelspec("far/python3")
    yield Site(server, client, tunnel, remote)
    await tunnel.close()
    assert "Traceback" not in server.log()


async def execute(kernel: Kernel, code: str) -> str:
    """Send code, and return the request's id without waiting."""
    return await kernel.send(
        "execute_request", {"code": code, "silent": False, "allow_stdin": False}
    )


def printed(messages: list[dict[str, Any]]) -> str:
    """Return the printed text."""
    texts = [m["content"]["text"] for m in messages if m["header"]["msg_type"] == "stream"]
    return "".join(texts)


@pytest.mark.parametrize(
    ("protocol", "seconds"), [(V1, 30), (LEGACY, 2)], ids=["v1 for 30 s", "legacy"]
)
async def test_an_execution_runs_through_a_cut(
    site: Site, protocol: str, seconds: int, tmp_path: Path
) -> None:
    """Output of a kernel during a cut arrives afterwards, complete and in order."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"), protocol)
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
    await site.tunnel.cut()
    go.touch()  # messages in transit at the moment of a cut may be lost
    await site.become("offline")

    async def has_printed_on() -> bool:
        return int(count.read_text() or 0) >= unseen

    await until(has_printed_on)
    await site.tunnel.mend()
    messages = await kernel.replies(sent)
    assert printed(messages).split() == [str(n) for n in range(10, unseen + 10)]
    await kernel.close()


async def phases(client: Client) -> dict[str, str]:
    """Return the kernel phases of the first provider."""
    providers = (await client.get("api/kernel-providers"))["providers"]
    return {one["kernel_id"]: one["phase"] for one in providers[1]["kernel_phases"]}


async def lose_connections(user: Client, proxy: FaultProxy) -> None:
    """Cut the connections to kernels, refuse new ones, and wait until the phase shows."""
    await proxy.begin(answering(503), only="/channels")

    async def is_reconnecting() -> bool:
        return bool(await phases(user))

    await until(is_reconnecting)


async def test_a_kernel_that_is_connected_again_shows_it(user: Client, proxy: FaultProxy) -> None:
    """It is reconnecting during the cut, not dead, and has no phase afterwards."""
    kernel_id = await user.start_kernel("faulty/python3")
    kernel = await user.connect(kernel_id)
    await lose_connections(user, proxy)
    assert await phases(user) == {kernel_id: "reconnecting"}
    assert (await user.get(f"api/kernels/{kernel_id}"))["execution_state"] != "dead"
    proxy.end()
    assert await kernel.run("print(1)") == "1\n"
    assert await phases(user) == {}
    await kernel.close()


async def test_a_browser_that_comes_again_finds_what_waits(user: Client, proxy: FaultProxy) -> None:
    """
    Input from before the cut runs before new input, even if the old websocket was not closed.

    If a browser loses its network for a moment, this server still treats it as connected.
    """
    kernel_id = await user.start_kernel("faulty/python3")
    first = await user.connect(kernel_id)
    await first.run("said = []")
    await lose_connections(user, proxy)
    await execute(first, "said.append('while away')")
    proxy.end()
    again = await user.connect(kernel_id, session_id=first.session_id)
    assert await again.run("said.append('after'); print(said)") == "['while away', 'after']\n"
    await first.until_closed()
    for count in range(3):  # and no other cut happens
        assert await again.run("print(len(said))") == "2\n", count
    await again.close()


async def test_what_waits_is_kept_for_a_browser_that_has_left(
    user: Client, proxy: FaultProxy
) -> None:
    """It is sent once, when the browser comes again."""
    kernel_id = await user.start_kernel("faulty/python3")
    first = await user.connect(kernel_id)
    await first.run("said = []")
    await lose_connections(user, proxy)
    await execute(first, "said.append('while away')")
    await first.close()

    async def has_left() -> bool:  # and this server has stopped waiting for the provider
        return not await phases(user)

    await until(has_left)
    proxy.end()
    for _ in range(2):
        again = await user.connect(kernel_id, session_id=first.session_id)
        assert await again.run("print(said)") == "['while away']\n"
        await again.close()


async def test_what_waits_is_not_run_after_a_restart(user: Client, proxy: FaultProxy) -> None:
    """It was meant for the kernel before the restart; input after the restart is run."""
    kernel_id = await user.start_kernel("faulty/python3")
    kernel = await user.connect(kernel_id)
    await lose_connections(user, proxy)
    await execute(kernel, "before = True")
    reply = await user.request("POST", f"api/kernels/{kernel_id}/restart")
    assert reply.status == 200
    new = await execute(kernel, "print('before' in globals())")
    proxy.end()
    assert printed(await kernel.replies(new)) == "False\n"
    await kernel.close()


async def test_what_is_sent_during_a_cut_runs_once_and_in_order(site: Site) -> None:
    """Input does not have to be typed again."""
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
    """All websockets of a provider survive several cuts."""
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
    """If the gateway has lost a kernel, only that kernel's notebook stops waiting."""
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
    """The websocket is closed with a reason."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await site.tunnel.cut()
    await site.become("offline")
    declare(site.server, "far", {}).unlink()
    _, code, reason = await kernel.until_closed()
    assert code == 1013
    assert reason.startswith("The kernel provider far is not configured any more.")


async def test_a_provider_with_a_new_address_is_connected_to(site: Site) -> None:
    """A notebook needs no reload after its provider's address was corrected."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    await kernel.run("x = 42")
    await site.tunnel.cut()
    await site.become("offline")
    settings = {"url": site.gateway.url, "token": {"value": site.gateway.token}}
    declare(site.server, "far", settings)
    assert await kernel.run("print(x)") == "42\n"
    await kernel.close()


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "stuck"])
async def test_no_more_is_kept_than_is_reasonable(site: Site, is_cut: bool) -> None:
    """A client that sends too much to a kernel that does not take it is told."""
    kernel = await site.client.connect(await site.client.start_kernel("far/python3"))
    if is_cut:
        await site.tunnel.cut()
        await site.become("offline")
    else:
        site.tunnel.swallow()
    content = {"comm_id": "x", "data": {}}
    for _ in range(3):
        await kernel.send("comm_msg", content, buffers=[b"x" * (25 * 2**20)])
    _, code, reason = await kernel.until_closed()
    assert code == 1013
    assert reason == "Too much was sent while the kernel's provider did not take it."


@pytest.mark.parametrize("says_something", [False, True])
async def test_a_provider_that_drops_each_connection_is_not_asked_all_the_time(
    user: Client, proxy: FaultProxy, says_something: bool
) -> None:
    """It accepts the handshake and then closes, like a proxy whose server is gone."""
    kernel_id = await user.start_kernel("faulty/python3")
    kernel = await user.connect(kernel_id)
    local = await user.start_kernel("python3")
    handshakes, status = 0, frame(V1)
    assert isinstance(status, bytes)

    async def drop(request: web.Request) -> web.StreamResponse:
        nonlocal handshakes
        handshakes += 1
        socket = web.WebSocketResponse(protocols=[V1])
        await socket.prepare(request)
        if says_something:
            await socket.send_bytes(status)
        await socket.close()
        return socket

    await proxy.begin(drop, only="/channels")
    await user.run(local, "import time; time.sleep(3)")
    assert 0 < handshakes < 30
    proxy.end()
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
