"""A server that restarts after a crash or a clean exit, and its kernels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, declare
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


@dataclass
class Scenario:
    """A server with a provider, and a notebook that runs there."""

    server: ServerProcess
    client: Client
    remote: Client
    tcp_proxy: TcpProxy
    session: dict[str, Any]

    @property
    def kernel_id(self) -> str:
        kernel_id: str = self.session["kernel"]["id"]
        return kernel_id

    async def wait_until_stored(self, path: str = "work.ipynb") -> None:
        """Wait until a notebook's kernel and session are stored."""

        async def is_found() -> bool:
            return self.is_stored(path)

        await wait_until(is_found)

    def is_stored(self, path: str) -> bool:
        """Return whether a notebook is stored."""
        folder = self.server.folder / "data" / "kernel_providers"
        return any(path in store.read_text() for store in folder.glob("*.json"))

    async def run(self, code: str) -> str:
        return await self.client.run(self.kernel_id, code)

    async def check_recovered(self) -> None:
        """Check that session, kernel and its variable are there."""
        [session] = await self.client.get("api/sessions")
        assert (session["id"], session["path"]) == (self.session["id"], "work.ipynb")
        assert session["kernel"]["id"] == self.kernel_id
        assert session["kernel"]["name"] == "far/python3"
        assert await self.run("print(x)") == "42\n"

    async def wait_until_gone(self) -> None:
        """Wait until the provider no longer has the kernel."""

        async def is_gone() -> bool:
            return (await self.remote.request("GET", f"api/kernels/{self.kernel_id}")).status == 404

        await wait_until(is_gone)


async def start_scenario(
    start_server: StartServer, remote: ServerProcess, **settings: str
) -> Scenario:
    """Start a server, and run code in a notebook at its provider."""
    tcp_proxy = await TcpProxy.open(remote.port)
    url = f"http://127.0.0.1:{tcp_proxy.port}/"
    server, client = start_server(
        {"far": {"url": url, "token": {"value": remote.token}, **settings}}
    )
    session = await client.start_session("far/python3", "work.ipynb")
    scenario = Scenario(server, client, Client(remote.url, remote.token), tcp_proxy, session)
    await scenario.run("x = 42")
    await scenario.wait_until_stored()
    return scenario


@pytest.fixture
async def scenario(start_server: StartServer, remote: ServerProcess) -> AsyncIterator[Scenario]:
    """A server that stops its provider's kernels at its exit."""
    scenario = await start_scenario(start_server, remote)
    yield scenario
    await scenario.remote.close()
    await scenario.tcp_proxy.close()
    assert "Traceback" not in scenario.server.log()


async def test_notebooks_find_kernels_after_a_crash(scenario: Scenario) -> None:
    """Other kernels at the provider are left alone, then and at the exit."""
    others = await scenario.remote.start_kernel("python3")
    scenario.server.kill()
    scenario.server.start()
    assert scenario.is_stored("work.ipynb"), "should it crash again at once"
    await scenario.check_recovered()
    assert [kernel["id"] for kernel in await scenario.client.get("api/kernels")] == [
        scenario.kernel_id
    ]
    await scenario.server.stop_async()
    await scenario.wait_until_gone()
    assert (await scenario.remote.request("GET", f"api/kernels/{others}")).status == 200


async def test_open_notebook_continues_after_a_crash(scenario: Scenario) -> None:
    """The kernel has its id before the provider has answered, even if the provider is down."""
    scenario.server.kill()
    await scenario.tcp_proxy.cut()
    scenario.server.start()
    assert [one["id"] for one in await scenario.client.get("api/sessions")] == [
        scenario.session["id"]
    ]
    await scenario.tcp_proxy.restore()
    await scenario.client.request("POST", "api/kernel-providers/far/retry")
    await scenario.check_recovered()


async def test_kernel_gone_during_a_restart_is_forgotten(scenario: Scenario) -> None:
    """Its session is forgotten, too, and does not come back."""
    scenario.server.kill()
    await scenario.remote.request("DELETE", f"api/kernels/{scenario.kernel_id}")
    for _ in range(2):
        scenario.server.start()

        async def is_forgotten() -> bool:
            return not await scenario.client.get("api/kernels")

        await wait_until(is_forgotten)
        assert await scenario.client.get("api/sessions") == []
        await scenario.server.stop_async()


async def test_nothing_to_recover_after_a_clean_exit(scenario: Scenario) -> None:
    """The kernels were stopped, as configured."""
    await scenario.server.stop_async()
    await scenario.wait_until_gone()
    scenario.server.start()
    assert await scenario.client.get("api/kernels") == []
    assert await scenario.client.get("api/sessions") == []


async def test_kernel_is_kept_if_configured(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """A clean exit leaves it running, and the next server has it."""
    scenario = await start_scenario(start_server, remote, on_server_exit="keep")
    for _ in range(2):
        await scenario.server.stop_async()
        assert (
            await scenario.remote.request("GET", f"api/kernels/{scenario.kernel_id}")
        ).status == 200
        scenario.server.start()
        await scenario.check_recovered()
    await scenario.remote.close()
    await scenario.tcp_proxy.close()


async def test_orphaned_kernel_is_stopped_later(scenario: Scenario) -> None:
    """A kernel that an exit could not stop is not listed, and is stopped later."""
    await scenario.tcp_proxy.cut()
    await scenario.server.stop_async()
    assert "may still be running" in scenario.server.log()
    scenario.server.start()
    assert await scenario.client.get("api/kernels") == []
    assert (await scenario.remote.request("GET", f"api/kernels/{scenario.kernel_id}")).status == 200
    await scenario.tcp_proxy.restore()
    await scenario.client.request("POST", "api/kernel-providers/far/retry")
    await scenario.wait_until_gone()
    assert await scenario.client.get("api/kernels") == []


async def test_kernels_of_missing_provider_are_kept(scenario: Scenario) -> None:
    """They wait for the provider of that address, even through servers that do not have it."""
    declaration = declare(scenario.server, "far", {})
    there = f"http://127.0.0.1:{scenario.tcp_proxy.port}/"
    other_address = {"url": "http://127.0.0.1:9", "token": {"value": "token-of-remote"}}
    for settings in (None, other_address):
        declaration.unlink() if settings is None else declare(scenario.server, "far", settings)
        scenario.server.kill()
        scenario.server.start()
        assert await scenario.client.get("api/kernels") == []
    declare(scenario.server, "far", {"url": there, "token": {"value": "token-of-remote"}})

    async def is_back() -> bool:
        return bool(await scenario.client.get("api/kernels"))

    await wait_until(is_back)
    await asyncio.wait_for(scenario.check_recovered(), 30)


async def test_failing_providers_do_not_delay_the_exit(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], remote: ServerProcess
) -> None:
    """Reachable kernels are stopped, the next server stops the others; the exit does not wait."""
    healthy, hanging, refusing = remote_servers["gate-b"], remote_servers["far"], remote
    silent, cut = await TcpProxy.open(hanging.port), await TcpProxy.open(refusing.port)
    urls = {
        "healthy": (healthy.url, healthy),
        "hung": (f"http://127.0.0.1:{silent.port}{hanging.base_url}", hanging),
        "refusing": (f"http://127.0.0.1:{cut.port}/", refusing),
    }
    server, client = start_server(
        {name: {"url": url, "token": {"value": at.token}} for name, (url, at) in urls.items()}
    )
    ids = {name: await client.start_kernel(f"{name}/python3") for name in urls}
    local = await client.start_kernel("python3")
    pid = int(await client.run(local, "import os; print(os.getpid())"))
    clients = {name: Client(at.url, at.token) for name, (_, at) in urls.items()}

    async def is_running(name: str) -> bool:
        reply = await clients[name].request("GET", f"api/kernels/{ids[name]}")
        return bool(reply.status == 200)

    silent.stall()
    await cut.cut()
    assert await server.stop_async(timeout=15) == 0, "it had to be killed"
    assert not psutil.pid_exists(pid)
    assert [name for name in urls if await is_running(name)] == ["hung", "refusing"]

    await silent.restore()
    await cut.restore()
    server.start()

    async def all_stopped() -> bool:
        return not any([await is_running(name) for name in urls])

    await wait_until(all_stopped)
    assert await client.get("api/kernels") == []
    for one in clients.values():
        await one.close()
    await silent.close()
    await cut.close()


@pytest.mark.parametrize("seconds", [1, 60])
async def test_restarting_local_kernel_does_not_delay_the_exit(
    start_server: StartServer, tmp_path: Path, seconds: int
) -> None:
    """However long the kernel takes to end, the server exits, and so does the kernel."""
    server, client = start_server({})
    kernel_id = await client.start_kernel("python3")
    pid = int(await client.run(kernel_id, "import os; print(os.getpid())"))
    asked = tmp_path / "asked"
    kernel = await client.connect(kernel_id)
    code = f"""
import pathlib, signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: pathlib.Path({str(asked)!r}).touch())
print("here\\n", end="", flush=True)
time.sleep({seconds})
"""
    await kernel.send("execute_request", {"code": code, "silent": False, "allow_stdin": False})
    while (await kernel.receive())["content"].get("text") != "here\n":
        pass
    restarting = asyncio.create_task(client.request("POST", f"api/kernels/{kernel_id}/restart"))

    async def is_restarting() -> bool:
        return asked.exists()

    await wait_until(is_restarting)
    assert await server.stop_async(timeout=15) == 0, "it had to be killed"

    async def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await wait_until(has_ended)
    restarting.cancel()
    await asyncio.gather(restarting, return_exceptions=True)
    await kernel.close()


async def test_no_kernel_vanishes_during_the_exit(
    start_server: StartServer, remote: ServerProcess, remote_servers: dict[str, ServerProcess]
) -> None:
    """Kept kernels stay listed until the server ends, however long others take to stop."""
    scenario = await start_scenario(start_server, remote, on_server_exit="keep")
    silent = await TcpProxy.open(remote_servers["gate-b"].port)
    url, token = f"http://127.0.0.1:{silent.port}/", remote_servers["gate-b"].token
    declare(scenario.server, "hung", {"url": url, "token": {"value": token}})
    await scenario.client.wait_for_kernelspec("hung/python3")
    await scenario.client.start_kernel("hung/python3")
    shut_down = await scenario.client.start_kernel("far/python3")
    await scenario.client.run(shut_down, "")  # a kernel that is still starting takes longer to stop
    # On this connection, because a server that stops accepts no new one.
    assert len(await scenario.client.get("api/kernels")) == 3
    silent.stall()
    stopping = asyncio.create_task(scenario.server.stop_async())

    async def is_stopping() -> bool:
        return "Shutting down" in scenario.server.log()

    await wait_until(is_stopping)
    unwanted = await scenario.client.request("DELETE", f"api/kernels/{shut_down}")
    assert unwanted.status == 204
    answers = []
    while not stopping.done():
        try:
            reply = await scenario.client.request("GET", f"api/kernels/{scenario.kernel_id}")
            [session] = await scenario.client.get("api/sessions")
        except aiohttp.ClientError:  # it has stopped
            break
        answers.append((reply.status, session["id"]))
    assert await stopping == 0
    assert set(answers) == {(200, scenario.session["id"])}
    running = [kernel["id"] for kernel in await scenario.remote.get("api/kernels")]
    assert running == [scenario.kernel_id], "a kernel that a user stops during the exit is stopped"
    await scenario.remote.close()
    await scenario.tcp_proxy.close()
    await silent.close()


async def test_exit_closes_connections(scenario: Scenario) -> None:
    """Open notebooks do not delay the exit, and its log has no error."""
    session = await scenario.client.start_session("python3", "local.ipynb")
    pages = [await scenario.client.connect(scenario.kernel_id) for _ in range(3)]
    pages.append(await scenario.client.connect(session["kernel"]["id"]))
    await scenario.tcp_proxy.cut()
    pages.append(await scenario.client.open(session["kernel"]["id"]))
    assert await scenario.server.stop_async() == 0
    assert "was destroyed" not in scenario.server.log()
    assert "Exception ignored" not in scenario.server.log()
    for page in pages:
        await page.close()


async def test_notebook_is_stored_under_load(scenario: Scenario) -> None:
    """Kernels that start and end all the time do not delay it."""

    async def start_and_stop_kernels() -> None:
        while True:
            kernel_id = await scenario.client.start_kernel("far/python3")
            await scenario.client.request("DELETE", f"api/kernels/{kernel_id}")

    coming = [asyncio.create_task(start_and_stop_kernels()) for _ in range(2)]
    await scenario.client.start_session("far/python3", "another.ipynb")
    await scenario.wait_until_stored("another.ipynb")
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def test_wrong_address_loses_no_kernel(
    scenario: Scenario, remote_servers: dict[str, ServerProcess]
) -> None:
    """A 404 from another server is no proof that the kernels are gone."""
    far, other = scenario.tcp_proxy.port, remote_servers["gate-b"]
    wrong = {"url": other.url, "token": {"value": other.token}, "label": "Elsewhere"}
    declare(scenario.server, "far", wrong)

    async def has_new_address() -> bool:
        provider = (await scenario.client.get("api/kernel-providers"))["providers"][1]
        return bool(provider["label"] == "Elsewhere" and provider["state"] == "online")

    await wait_until(has_new_address)
    for _ in range(2):
        reply = await scenario.client.request("POST", "api/kernel-providers/far/retry")
        assert reply.body["state"] == "online"
        assert (
            await scenario.client.request("GET", f"api/kernels/{scenario.kernel_id}")
        ).status == 200
    assert (await scenario.client.get("api/sessions"))[0]["id"] == scenario.session["id"]
    token = {"value": "token-of-remote"}
    declare(scenario.server, "far", {"url": f"http://127.0.0.1:{far}/", "token": token})

    async def is_back() -> bool:
        provider = (await scenario.client.get("api/kernel-providers"))["providers"][1]
        return bool(provider["label"] == "far" and provider["state"] == "online")

    await wait_until(is_back)
    await scenario.check_recovered()
