"""Starts that take long: listed, waited for, cancelled, and never repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import Start
from tests.support.client import Client, until
from tests.support.fault_proxy import Fault, FaultProxy, answering, silence
from tests.support.processes import Process, free_port

pytestmark = pytest.mark.server

SLOW = "far/python3"


class HeldStarts:
    """Delays start requests until they are released, even if the client disconnects."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._go = asyncio.Event()
        self._answer: Fault | None = None
        self._passing: list[asyncio.Task[web.StreamResponse]] = []
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self._proxy.pass_on(request)
        self.count += 1
        await request.read()
        passing = asyncio.create_task(self._pass_on(request))
        self._passing.append(passing)
        return await asyncio.shield(passing)

    def let_go(self, answer: Fault | None = None) -> None:
        """Let the gateway start the kernels, or send this answer instead."""
        self._answer = answer
        self._go.set()

    async def all_passed(self) -> None:
        """Wait until the gateway has processed the requests."""
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        await self._go.wait()
        if self._answer is not None:
            return await self._answer(request)
        return await self._proxy.pass_on(request)


@dataclass
class Site:
    """A server, its client, and the gateway whose starts are delayed."""

    server: Process
    client: Client
    gateway: Client
    starts: HeldStarts
    proxy: FaultProxy

    async def underway(self) -> list[dict[str, str]]:
        """Return the kernel phases of the provider."""
        providers = (await self.client.get("api/kernel-providers"))["providers"]
        underway: list[dict[str, str]] = providers[1]["kernel_phases"]
        return underway

    async def is_asked(self) -> None:
        """Wait until the gateway has received a start request."""

        async def asked() -> bool:
            return self.starts.count > 0

        await until(asked)

    async def is_empty(self) -> bool:
        """Return whether no kernel runs at the gateway."""
        return not await self.gateway.get("api/kernels")


@pytest.fixture
async def begin(start: Start, remote: Process) -> AsyncIterator[Any]:
    """Return a function that starts a server with a start patience and a delayed gateway."""
    proxy = FaultProxy(remote.url, free_port())
    await proxy.open()
    gateway = Client(remote.url, remote.token)
    made: list[Site] = []

    async def beginner(patience: float = 1) -> Site:
        settings = {
            "url": f"http://127.0.0.1:{proxy.port}",
            "token": {"value": remote.token},
            "refresh_interval": 1,
            "timeouts": {"connect": 2, "request": 3, "start": 60},
        }
        config = {"KernelProviders": {"start_patience": patience}}
        server, client = start({"far": settings}, config=config)
        await client.wait_for_kernelspec(SLOW)
        site = Site(server, client, gateway, HeldStarts(proxy), proxy)
        await proxy.begin(site.starts, only="/api/kernels")
        made.append(site)
        return site

    yield beginner
    for site in made:
        await site.server.end()
    await proxy.close()
    await gateway.close()
    for site in made:
        assert "Traceback" not in site.server.log()


@pytest.fixture
async def site(begin: Any) -> Site:
    """A server whose start requests wait for a second."""
    made: Site = await begin()
    return made


async def test_a_start_that_takes_long_is_listed_while_it_starts(site: Site) -> None:
    """The request is answered and shows the phase; a reopened notebook does not repeat it."""
    session = await site.client.start_session(SLOW)
    kernel_id = session["kernel"]["id"]
    assert session["kernel"]["execution_state"] == "starting"
    again = await site.client.start_session(SLOW)
    assert again["id"] == session["id"]
    [phase] = await site.underway()
    assert (phase["kernel_id"], phase["phase"]) == (kernel_id, "starting")
    assert await site.is_empty()

    opening = asyncio.create_task(site.client.connect(kernel_id))
    site.starts.let_go()
    kernel = await opening
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
    assert await site.underway() == []
    assert site.starts.count == 1
    assert len(await site.gateway.get("api/kernels")) == 1


async def test_a_start_can_be_cancelled(site: Site) -> None:
    """The shutdown does not wait, and no kernel is left behind."""
    session = await site.client.start_session(SLOW)
    reply = await site.client.request("DELETE", f"api/sessions/{session['id']}")
    assert reply.status == 204
    assert await site.client.get("api/kernels") == []
    assert await site.underway() == []
    site.starts.let_go()
    await site.starts.all_passed()
    await until(site.is_empty)


async def test_a_notebook_can_leave_a_kernel_that_starts(site: Site) -> None:
    """It gets another kernel, and the old one is not left behind."""
    session = await site.client.start_session(SLOW)
    reply = await site.client.request(
        "PATCH", f"api/sessions/{session['id']}", {"kernel": {"name": "python3"}}
    )
    assert (reply.status, reply.body["kernel"]["name"]) == (200, "python3")
    assert [kernel["name"] for kernel in await site.client.get("api/kernels")] == ["python3"]
    assert await site.client.run(reply.body["kernel"]["id"], "print(1)") == "1\n"
    site.starts.let_go()
    await site.starts.all_passed()
    await until(site.is_empty)


async def test_a_start_that_fails_late_says_why(site: Site) -> None:
    """The kernel is dead, with the reason that JupyterLab shows; waiting clients are told."""
    kernel_id = await site.client.start_kernel(SLOW)
    opening = asyncio.create_task(site.client.open(kernel_id))
    site.starts.let_go(answering(500, '{"message": "No GPU is free"}'))
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await opening
    model = await site.client.get(f"api/kernels/{kernel_id}")
    assert model["execution_state"] == "dead"
    assert "No GPU is free" in model["reason"]
    assert await site.underway() == []
    reply = await site.client.request("DELETE", f"api/kernels/{kernel_id}")
    assert reply.status == 204
    assert await site.client.get("api/kernels") == []


@pytest.mark.parametrize("act", ["interrupt", "restart"])
async def test_a_kernel_that_starts_can_do_nothing_yet(site: Site, act: str) -> None:
    """The answer says so."""
    kernel_id = await site.client.start_kernel(SLOW)
    reply = await site.client.request("POST", f"api/kernels/{kernel_id}/{act}")
    assert reply.status == 503
    assert reply.body["message"].startswith(f"{SLOW} is still starting.")
    site.starts.let_go()


async def test_a_start_is_found_where_the_way_back_is_lost(site: Site) -> None:
    """The kernel runs, but the answer is lost: it is looked up, and requested once."""
    held, site.starts = site.starts, HeldStarts(site.proxy)

    async def never_answer(request: web.Request) -> web.StreamResponse:
        answer = await site.starts(request)
        return await silence(request) if request.method == "POST" else answer

    await site.proxy.begin(never_answer, only="/api/kernels")
    site.starts.let_go()
    kernel_id = await site.client.start_kernel(SLOW)
    assert await site.client.run(kernel_id, "print(1)") == "1\n"
    assert [kernel["id"] for kernel in await site.gateway.get("api/kernels")] == [kernel_id]
    assert (held.count, site.starts.count) == (0, 1)


async def test_nobody_waits_for_a_provider_that_is_known_to_be_away(site: Site) -> None:
    """The provider is polled once, and no start request waits for ten minutes."""
    await site.proxy.begin(silence)
    await site.client.request("POST", "api/kernel-providers/far/retry")
    before = len(site.proxy.asked)
    reply = await site.client.request("POST", "api/kernels", {"name": SLOW})
    assert reply.status == 503
    assert "did not answer in time" in reply.body["message"]
    assert "POST /api/kernels" not in site.proxy.asked[before:]
    assert await site.client.get("api/kernels") == []


@pytest.mark.parametrize("patience", [1, 60], ids=["listed", "not yet listed"])
async def test_a_crash_during_a_start_leaves_no_orphan(begin: Any, patience: float) -> None:
    """The next run has the notebook's kernel, and stops an unknown one."""
    site = await begin(patience)
    starting = asyncio.create_task(site.client.start_session(SLOW, "work.ipynb"))
    await site.is_asked()
    word = "work.ipynb" if patience == 1 else '"is_orphaned": true'
    folder = site.server.folder / "data" / "kernel_providers"

    async def written() -> bool:
        return any(word in path.read_text() for path in folder.glob("*.json"))

    await until(written)
    site.server.kill()
    await asyncio.gather(starting, return_exceptions=True)
    site.server.start()
    site.starts.let_go()
    await site.starts.all_passed()
    if patience == 1:
        [session] = await site.client.get("api/sessions")
        assert session["path"] == "work.ipynb"
        assert await site.client.run(session["kernel"]["id"], "print(1)") == "1\n"
    else:
        await until(site.is_empty)
        assert await site.client.get("api/kernels") == []


async def test_an_exit_during_a_start_leaves_no_orphan(site: Site) -> None:
    """The server does not wait for it; the next run stops it."""
    await site.client.start_kernel(SLOW)
    assert await site.server.end(timeout=20) == 0
    site.starts.let_go()
    await site.starts.all_passed()
    assert not await site.is_empty()
    site.server.start()
    await until(site.is_empty)


async def test_a_kernel_whose_process_is_slow_shows_that_it_starts(
    start: Start, remote: Process
) -> None:
    """A gateway answers when the process exists; a connection has to wait longer."""
    folder = remote.folder / "data" / "kernels" / "slow"
    folder.mkdir(parents=True)
    go = remote.folder / "go"
    wait = f'while [ ! -e {go} ]; do sleep 0.1; done; exec python -m ipykernel_launcher -f "$0"'
    spec = {"argv": ["sh", "-c", wait, "{connection_file}"], "display_name": "Slow", "language": ""}
    (folder / "kernel.json").write_text(json.dumps(spec))
    settings = {"url": remote.url, "token": {"value": remote.token}}
    _, client = start({"far": settings}, config={"KernelProviders": {"start_patience": 1}})
    await client.wait_for_kernelspec("far/slow")
    kernel_id = await client.start_kernel("far/slow")
    opening = asyncio.create_task(client.connect(kernel_id))

    async def phases() -> Any:
        providers = (await client.get("api/kernel-providers"))["providers"]
        return [(one["kernel_id"], one["phase"]) for one in providers[1]["kernel_phases"]]

    async def is_over() -> bool:
        return not await phases()

    assert await until(phases) == [(kernel_id, "starting")]
    opening.cancel()  # its page is closed
    await until(is_over)
    opening = asyncio.create_task(client.connect(kernel_id))
    assert await until(phases) == [(kernel_id, "starting")]
    go.touch()
    kernel = await opening
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
    assert await phases() == []


async def test_a_notebook_keeps_its_kernel_until_the_new_one_has_started(site: Site) -> None:
    """A failed switch to another provider does not lose the notebook's variables."""
    session = await site.client.start_session("python3", "work.ipynb")
    before = session["kernel"]["id"]
    await site.client.run(before, "x = 42")
    body = {"kernel": {"name": SLOW}}
    path = f"api/sessions/{session['id']}"
    switching = asyncio.create_task(site.client.request("PATCH", path, body))
    await site.is_asked()
    site.starts.let_go(answering(500, '{"message": "No GPU is free"}'))
    reply = await switching
    assert reply.status == 501
    assert "No GPU is free" in reply.body["message"]
    [session] = await site.client.get("api/sessions")
    assert session["kernel"]["id"] == before
    assert await site.client.run(before, "print(x)") == "42\n"


async def test_a_notebook_stays_where_nobody_waits_for_the_new_kernel(site: Site) -> None:
    """A notebook whose switch has failed, according to a proxy, does not switch minutes later."""
    session = await site.client.start_session("python3", "work.ipynb")
    before = session["kernel"]["id"]
    await site.client.run(before, "x = 42")
    path, body = f"api/sessions/{session['id']}", {"kernel": {"name": SLOW}}
    switching = asyncio.create_task(site.client.request("PATCH", path, body))
    await site.is_asked()
    switching.cancel()

    async def has_given_up() -> bool:
        return "The start of far/python3 was cancelled" in site.server.log()

    await until(has_given_up)
    site.starts.let_go()
    await site.starts.all_passed()
    await until(site.is_empty)
    [session] = await site.client.get("api/sessions")
    assert session["kernel"]["id"] == before
    assert await site.client.run(before, "print(x)") == "42\n"
