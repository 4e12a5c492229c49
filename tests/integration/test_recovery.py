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

from tests.conftest import Start
from tests.support.client import Client, until
from tests.support.processes import Process, declare
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


@dataclass
class Site:
    """A server with a provider, and a notebook that runs there."""

    server: Process
    client: Client
    remote: Client
    tunnel: TcpProxy
    session: dict[str, Any]

    @property
    def kernel_id(self) -> str:
        kernel_id: str = self.session["kernel"]["id"]
        return kernel_id

    async def written(self, path: str = "work.ipynb") -> None:
        """Wait until a notebook's kernel and session are stored."""

        async def found() -> bool:
            return self.is_written(path)

        await until(found)

    def is_written(self, path: str) -> bool:
        """Return whether a notebook is stored."""
        folder = self.server.folder / "data" / "kernel_providers"
        return any(path in store.read_text() for store in folder.glob("*.json"))

    async def run(self, code: str) -> str:
        return await self.client.run(self.kernel_id, code)

    async def found_again(self) -> None:
        """Check that session, kernel and its variable are there."""
        [session] = await self.client.get("api/sessions")
        assert (session["id"], session["path"]) == (self.session["id"], "work.ipynb")
        assert session["kernel"]["id"] == self.kernel_id
        assert session["kernel"]["name"] == "far/python3"
        assert await self.run("print(x)") == "42\n"

    async def is_gone(self) -> None:
        """Wait until the provider no longer has the kernel."""

        async def gone() -> bool:
            return (await self.remote.request("GET", f"api/kernels/{self.kernel_id}")).status == 404

        await until(gone)


async def begin(start: Start, remote: Process, **settings: str) -> Site:
    """Start a server, and run code in a notebook at its provider."""
    tunnel = await TcpProxy.open(remote.port)
    url = f"http://127.0.0.1:{tunnel.port}/"
    server, client = start({"far": {"url": url, "token": {"value": remote.token}, **settings}})
    session = await client.start_session("far/python3", "work.ipynb")
    site = Site(server, client, Client(remote.url, remote.token), tunnel, session)
    await site.run("x = 42")
    await site.written()
    return site


@pytest.fixture
async def site(start: Start, remote: Process) -> AsyncIterator[Site]:
    """A server that stops its provider's kernels at its exit."""
    made = await begin(start, remote)
    yield made
    await made.remote.close()
    await made.tunnel.close()
    assert "Traceback" not in made.server.log()


async def test_after_a_crash_notebooks_find_their_kernels(site: Site) -> None:
    """Other kernels at the provider are left alone, then and at the exit."""
    others = await site.remote.start_kernel("python3")
    site.server.kill()
    site.server.start()
    assert site.is_written("work.ipynb"), "should it crash again at once"
    await site.found_again()
    assert [kernel["id"] for kernel in await site.client.get("api/kernels")] == [site.kernel_id]
    await site.server.end()
    await site.is_gone()
    assert (await site.remote.request("GET", f"api/kernels/{others}")).status == 200


async def test_an_open_notebook_goes_on_after_a_crash(site: Site) -> None:
    """The kernel has its id before the provider has answered, even if the provider is down."""
    site.server.kill()
    await site.tunnel.cut()
    site.server.start()
    assert [one["id"] for one in await site.client.get("api/sessions")] == [site.session["id"]]
    await site.tunnel.mend()
    await site.client.request("POST", "api/kernel-providers/far/retry")
    await site.found_again()


async def test_a_kernel_that_is_gone_meanwhile_is_forgotten(site: Site) -> None:
    """Its session is forgotten, too, and does not come back."""
    site.server.kill()
    await site.remote.request("DELETE", f"api/kernels/{site.kernel_id}")
    for _ in range(2):
        site.server.start()

        async def forgotten() -> bool:
            return not await site.client.get("api/kernels")

        await until(forgotten)
        assert await site.client.get("api/sessions") == []
        await site.server.end()


async def test_after_a_clean_exit_there_is_nothing_to_be_found(site: Site) -> None:
    """The kernels were stopped, as configured."""
    await site.server.end()
    await site.is_gone()
    site.server.start()
    assert await site.client.get("api/kernels") == []
    assert await site.client.get("api/sessions") == []


async def test_a_kernel_is_kept_where_that_is_configured(start: Start, remote: Process) -> None:
    """A clean exit leaves it running, and the next server has it."""
    site = await begin(start, remote, on_server_exit="keep")
    for _ in range(2):
        await site.server.end()
        assert (await site.remote.request("GET", f"api/kernels/{site.kernel_id}")).status == 200
        site.server.start()
        await site.found_again()
    await site.remote.close()
    await site.tunnel.close()


async def test_what_could_not_be_stopped_is_stopped_later(site: Site) -> None:
    """A kernel that an exit could not stop is not listed, and is stopped later."""
    await site.tunnel.cut()
    await site.server.end()
    assert "may still be running" in site.server.log()
    site.server.start()
    assert await site.client.get("api/kernels") == []
    assert (await site.remote.request("GET", f"api/kernels/{site.kernel_id}")).status == 200
    await site.tunnel.mend()
    await site.client.request("POST", "api/kernel-providers/far/retry")
    await site.is_gone()
    assert await site.client.get("api/kernels") == []


async def test_a_provider_that_is_away_for_a_while_does_not_cost_its_kernels(site: Site) -> None:
    """They wait for the provider of that address, even through servers that do not have it."""
    declaration = declare(site.server, "far", {})
    there = f"http://127.0.0.1:{site.tunnel.port}/"
    elsewhere = {"url": "http://127.0.0.1:9", "token": {"value": "token-of-remote"}}
    for settings in (None, elsewhere):
        declaration.unlink() if settings is None else declare(site.server, "far", settings)
        site.server.kill()
        site.server.start()
        assert await site.client.get("api/kernels") == []
    declare(site.server, "far", {"url": there, "token": {"value": "token-of-remote"}})

    async def is_back() -> bool:
        return bool(await site.client.get("api/kernels"))

    await until(is_back)
    await asyncio.wait_for(site.found_again(), 30)


async def test_providers_in_trouble_do_not_hold_up_the_exit(
    start: Start, places: dict[str, Process], remote: Process
) -> None:
    """Reachable kernels are stopped, the next server stops the others; the exit does not wait."""
    well, hung, refusing = places["gate-b"], places["far"], remote
    silent, cut = await TcpProxy.open(hung.port), await TcpProxy.open(refusing.port)
    urls = {
        "well": (well.url, well),
        "hung": (f"http://127.0.0.1:{silent.port}{hung.base_url}", hung),
        "refusing": (f"http://127.0.0.1:{cut.port}/", refusing),
    }
    server, client = start(
        {name: {"url": url, "token": {"value": at.token}} for name, (url, at) in urls.items()}
    )
    ids = {name: await client.start_kernel(f"{name}/python3") for name in urls}
    local = await client.start_kernel("python3")
    pid = int(await client.run(local, "import os; print(os.getpid())"))
    clients = {name: Client(at.url, at.token) for name, (_, at) in urls.items()}

    async def is_running(name: str) -> bool:
        reply = await clients[name].request("GET", f"api/kernels/{ids[name]}")
        return bool(reply.status == 200)

    silent.swallow()
    await cut.cut()
    assert await server.end(timeout=15) == 0, "it had to be killed"
    assert not psutil.pid_exists(pid)
    assert [name for name in urls if await is_running(name)] == ["hung", "refusing"]

    await silent.mend()
    await cut.mend()
    server.start()

    async def all_stopped() -> bool:
        return not any([await is_running(name) for name in urls])

    await until(all_stopped)
    assert await client.get("api/kernels") == []
    for one in clients.values():
        await one.close()
    await silent.close()
    await cut.close()


@pytest.mark.parametrize("seconds", [1, 60])
async def test_a_local_kernel_that_restarts_does_not_hold_up_the_exit(
    start: Start, tmp_path: Path, seconds: int
) -> None:
    """However long the kernel takes to end, the server exits, and so does the kernel."""
    server, client = start({})
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

    await until(is_restarting)
    assert await server.end(timeout=15) == 0, "it had to be killed"

    async def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await until(has_ended)
    restarting.cancel()
    await asyncio.gather(restarting, return_exceptions=True)
    await kernel.close()


async def test_notebooks_see_no_kernel_vanish_while_the_server_stops(
    start: Start, remote: Process, places: dict[str, Process]
) -> None:
    """Kept kernels stay listed until the server ends, however long others take to stop."""
    site = await begin(start, remote, on_server_exit="keep")
    silent = await TcpProxy.open(places["gate-b"].port)
    url, token = f"http://127.0.0.1:{silent.port}/", places["gate-b"].token
    declare(site.server, "hung", {"url": url, "token": {"value": token}})
    await site.client.wait_for_kernelspec("hung/python3")
    await site.client.start_kernel("hung/python3")
    shut_down = await site.client.start_kernel("far/python3")
    await site.client.run(shut_down, "")  # a kernel that is still starting takes longer to stop
    # On this connection, because a server that stops accepts no new one.
    assert len(await site.client.get("api/kernels")) == 3
    silent.swallow()
    stopping = asyncio.create_task(site.server.end())

    async def is_stopping() -> bool:
        return "Shutting down" in site.server.log()

    await until(is_stopping)
    unwanted = await site.client.request("DELETE", f"api/kernels/{shut_down}")
    assert unwanted.status == 204
    answers = []
    while not stopping.done():
        try:
            reply = await site.client.request("GET", f"api/kernels/{site.kernel_id}")
            [session] = await site.client.get("api/sessions")
        except aiohttp.ClientError:  # it has stopped
            break
        answers.append((reply.status, session["id"]))
    assert await stopping == 0
    assert set(answers) == {(200, site.session["id"])}
    running = [kernel["id"] for kernel in await site.remote.get("api/kernels")]
    assert running == [site.kernel_id], "what a user stops meanwhile is stopped"
    await site.remote.close()
    await site.tunnel.close()
    await silent.close()


async def test_an_exit_ends_what_is_connected(site: Site) -> None:
    """Open notebooks do not delay the exit, and its log has no error."""
    session = await site.client.start_session("python3", "local.ipynb")
    pages = [await site.client.connect(site.kernel_id) for _ in range(3)]
    pages.append(await site.client.connect(session["kernel"]["id"]))
    await site.tunnel.cut()
    pages.append(await site.client.open(session["kernel"]["id"]))
    assert await site.server.end() == 0
    assert "was destroyed" not in site.server.log()
    assert "Exception ignored" not in site.server.log()
    for page in pages:
        await page.close()


async def test_a_notebook_is_written_down_however_much_goes_on(site: Site) -> None:
    """Kernels that start and end all the time do not delay it."""

    async def come_and_go() -> None:
        while True:
            kernel_id = await site.client.start_kernel("far/python3")
            await site.client.request("DELETE", f"api/kernels/{kernel_id}")

    coming = [asyncio.create_task(come_and_go()) for _ in range(2)]
    await site.client.start_session("far/python3", "another.ipynb")
    await site.written("another.ipynb")
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def test_a_wrong_address_costs_no_kernel(site: Site, places: dict[str, Process]) -> None:
    """A 404 from another server is no proof that the kernels are gone."""
    far, other = site.tunnel.port, places["gate-b"]
    wrong = {"url": other.url, "token": {"value": other.token}, "label": "Elsewhere"}
    declare(site.server, "far", wrong)

    async def is_elsewhere() -> bool:
        provider = (await site.client.get("api/kernel-providers"))["providers"][1]
        return bool(provider["label"] == "Elsewhere" and provider["state"] == "online")

    await until(is_elsewhere)
    for _ in range(2):
        reply = await site.client.request("POST", "api/kernel-providers/far/retry")
        assert reply.body["state"] == "online"
        assert (await site.client.request("GET", f"api/kernels/{site.kernel_id}")).status == 200
    assert (await site.client.get("api/sessions"))[0]["id"] == site.session["id"]
    token = {"value": "token-of-remote"}
    declare(site.server, "far", {"url": f"http://127.0.0.1:{far}/", "token": token})

    async def is_back() -> bool:
        provider = (await site.client.get("api/kernel-providers"))["providers"][1]
        return bool(provider["label"] == "far" and provider["state"] == "online")

    await until(is_back)
    await site.found_again()
