"""Kernel websockets: relayed unchanged, in the protocol that browser and provider agree on."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.support import sockets
from tests.support.client import LEGACY, V1, Client, KernelWebsocket, wait_until
from tests.support.processes import ROOT, ServerProcess

pytestmark = pytest.mark.server

REMOTE = ["gate-a/python3", "gate-b/python3", "far/python3"]
BOTH_PROTOCOLS = pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])

#: Opens a comm target that returns each message, buffers included.
ECHO = """
from ipykernel.comm import Comm
def opened(comm, _):
    @comm.on_msg
    def received(message):
        comm.send(message["content"]["data"], buffers=message["buffers"])
get_ipython().kernel.comm_manager.register_target("echo", opened)
"""


@BOTH_PROTOCOLS
@pytest.mark.parametrize("name", REMOTE)
async def test_protocol_is_negotiated_end_to_end(client: Client, name: str, protocol: str) -> None:
    """A browser that offers v1 gets v1 if the provider supports it, else the legacy protocol."""
    kernel_id = await client.start_kernel(name)
    kernel = await client.connect(kernel_id, protocol)
    assert kernel.protocol == protocol
    assert (await kernel.run("print(6 * 7)")).strip() == "42"
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def echo(kernel: KernelWebsocket, buffers: list[bytes]) -> list[bytes]:
    """Return what an echoing comm returns."""
    await kernel.run(ECHO)
    comm_id = uuid.uuid4().hex
    await kernel.send("comm_open", {"comm_id": comm_id, "target_name": "echo", "data": {}})
    sent = await kernel.send("comm_msg", {"comm_id": comm_id, "data": {"n": 1}}, buffers=buffers)
    while True:
        message = await kernel.receive()
        if message["header"]["msg_type"] == "comm_msg":
            break
    assert message["parent_header"]["msg_id"] == sent
    assert message["content"]["data"] == {"n": 1}
    return [bytes(buffer) for buffer in message["buffers"]]


@BOTH_PROTOCOLS
@pytest.mark.parametrize("name", REMOTE)
async def test_binary_buffers_pass_both_ways(client: Client, name: str, protocol: str) -> None:
    """Buffers of a comm message reach the kernel and come back unchanged."""
    kernel_id = await client.start_kernel(name)
    kernel = await client.connect(kernel_id, protocol)
    buffers = [b"", bytes(range(256)), b"\xff\x00" * 2**20]
    assert await echo(kernel, buffers) == buffers
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", REMOTE)
async def test_one_message_may_have_100_mb(client: Client, name: str) -> None:
    """An output of 100 MB in one message arrives complete."""
    kernel_id = await client.start_kernel(name)
    kernel = await client.connect(kernel_id)
    code = "from IPython.display import display; display({'text/plain': 'x' * 10**8}, raw=True)"
    messages = await kernel.execute(code)
    [shown] = [m for m in messages if m["header"]["msg_type"] == "display_data"]
    assert len(shown["content"]["data"]["text/plain"]) == 10**8
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def test_large_message_reaches_the_provider(client: Client) -> None:
    """The provider decides about a message above Jupyter Server's own limit of 10 MiB."""
    kernel_id = await client.start_kernel("far/python3")
    kernel = await client.connect(kernel_id)
    buffers = [b"x" * 10**8]
    assert await echo(kernel, buffers) == buffers
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", REMOTE)
async def test_session_id_is_passed_on(
    client: Client, remote_servers: dict[str, ServerProcess], name: str
) -> None:
    """A client that comes back with its session id gets the output in between."""
    kernel_id = await client.start_kernel(name)
    kernel = await client.connect(kernel_id, session_id="the-same")
    content = {
        "code": "import time; time.sleep(3); print('while you were away')",
        "silent": False,
        "allow_stdin": False,
    }
    sent = await kernel.send("execute_request", content)
    while (await kernel.receive())["content"].get("execution_state") != "busy":
        pass
    await kernel.close()
    gateway = remote_servers[name.split("/")[0]]
    remote = Client(gateway.url, gateway.token)

    async def is_idle() -> bool:
        return bool((await remote.get(f"api/kernels/{kernel_id}"))["execution_state"] == "idle")

    await wait_until(is_idle)
    await remote.close()
    kernel = await client.connect(kernel_id, session_id="the-same")
    texts = [m["content"].get("text") for m in await kernel.replies(sent)]
    assert "while you were away\n" in texts
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", ["python3", *REMOTE])
async def test_message_before_close_arrives(client: Client, name: str, tmp_path: Path) -> None:
    """A message that a browser sends before closing its socket arrives."""
    kernel_id = await client.start_kernel(name)
    kernel = await client.connect(kernel_id)
    for number in range(5):
        code = f"open({str(tmp_path / str(number))!r}, 'w').close()"
        await kernel.send("execute_request", {"code": code, "silent": False, "allow_stdin": False})
    await kernel.close()

    async def has_arrived() -> bool:
        return set(os.listdir(tmp_path)) == set("01234")

    await wait_until(has_arrived, timeout=20)
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def test_slow_reader_slows_the_provider(
    client: Client, server: ServerProcess, tmp_path: Path
) -> None:
    """Messages that a browser does not read pile up at its provider, not in this server."""
    kernel_id = await client.start_kernel("gate-a/python3")
    kernel = await client.connect(kernel_id)
    before, has_arrived = server.memory(), tmp_path / "done"
    # Unlike printed text, a gateway with a rate limit does not drop this.
    code = f"""
from comm import create_comm
for _ in range(500): create_comm(target_name="test", data={{"text": "x" * 10**6}})
open({str(has_arrived)!r}, "w").close()"""
    await kernel.send("execute_request", {"code": code, "silent": False, "allow_stdin": False})

    async def has_printed() -> bool:
        return has_arrived.exists()

    await wait_until(has_printed)
    other = await client.connect(await client.start_kernel("gate-a/python3"))
    for _ in range(10):
        await kernel.receive()
        assert await other.run("print(1)") == "1\n"
        assert server.memory() < before + 64 * 10**6
    await other.close()
    await kernel.close()
    for model in await client.get("api/kernels"):
        await client.request("DELETE", f"api/kernels/{model['id']}")


async def test_sockets_send_small_messages_at_once(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Small messages are sent at once, also those of a local kernel."""
    gateway = remote_servers["gate-b"]
    settings = {"url": gateway.url, "token": {"value": gateway.token}}
    config = {"ServerApp": {"jpserver_extensions": {sockets.__name__: True}}}
    _, client = start_server({"b": settings}, config=config, env={"PYTHONPATH": str(ROOT)})
    kernels = [await client.connect(await client.start_kernel(n)) for n in ("python3", "b/python3")]
    assert await client.get(sockets.PATH) == {"nodelay": [True, True]}
    for kernel in kernels:
        await kernel.close()


@BOTH_PROTOCOLS
async def test_state_of_connected_kernel_needs_no_poll(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], protocol: str
) -> None:
    """The relay reads it from the kernel's messages, although the provider is rarely polled."""
    gateway = remote_servers["gate-b"]
    settings = {"url": gateway.url, "token": {"value": gateway.token}, "refresh_interval": 600}
    _, client = start_server({"rare": settings})
    kernel_id = await client.start_kernel("rare/python3")
    kernel = await client.connect(kernel_id, protocol)

    async def get_state() -> str:
        return str((await client.get(f"api/kernels/{kernel_id}"))["execution_state"])

    async def is_busy() -> bool:
        return await get_state() == "busy"

    async def is_idle() -> bool:
        return await get_state() == "idle"

    await wait_until(is_idle)
    await kernel.keep_busy()
    await wait_until(is_busy)
    await client.request("POST", f"api/kernels/{kernel_id}/interrupt")
    await wait_until(is_idle)
    await kernel.close()


async def test_two_clients_see_the_output(client: Client) -> None:
    """Output of one notebook shows in another one with the same remote kernel."""
    kernel_id = await client.start_kernel("gate-a/python3")
    one, two = await asyncio.gather(client.connect(kernel_id), client.connect(kernel_id))
    assert (await client.get(f"api/kernels/{kernel_id}"))["connections"] == 2
    await one.run("print('hello')")
    while (await two.receive())["content"].get("text") != "hello\n":
        pass
    await one.close()
    await two.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def test_gone_kernel_refuses_connections(
    client: Client, server: ServerProcess, remote_servers: dict[str, ServerProcess]
) -> None:
    """A request for the channels of a kernel that is gone causes a poll and removes the kernel."""
    kernel_id = await client.start_kernel("far/python3")
    await client.run(kernel_id, "")  # the poll of a new kernel is over by then
    remote = Client(remote_servers["far"].url, remote_servers["far"].token)
    assert (await remote.request("DELETE", f"api/kernels/{kernel_id}")).status == 204
    await remote.close()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.connect(kernel_id)
    assert refused.value.status == 502
    assert "Far does not connect to this kernel (404). It may be gone." in server.log()

    async def is_removed() -> bool:
        return (await client.request("GET", f"api/kernels/{kernel_id}")).status == 404

    await wait_until(is_removed)


async def test_gone_kernel_closes_its_sockets(
    client: Client, remote_servers: dict[str, ServerProcess]
) -> None:
    """A kernel stopped at its provider leaves the list, and its notebook is told."""
    kernel_id = await client.start_kernel("gate-b/python3")
    kernel = await client.connect(kernel_id)
    await kernel.run("")
    remote = Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token)
    assert (await remote.request("DELETE", f"api/kernels/{kernel_id}")).status == 204
    await remote.close()
    while (await kernel.receive())["content"].get("execution_state") != "dead":
        pass
    while not kernel.websocket.closed:
        await kernel.websocket.receive(timeout=60)
    assert kernel.websocket.close_code == 1000  # reconnecting would be useless
    assert (await client.request("GET", f"api/kernels/{kernel_id}")).status == 404
