"""Starts that take long: listed, waited for, cancelled, and never repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.fault_proxy import Fault, FaultProxy, no_response, respond
from tests.support.processes import ServerProcess, free_port, kernel_gateway

pytestmark = pytest.mark.server

KERNEL_NAME = "far/python3"


class DelayedStarts:
    """Delays start requests until they are released, even if the client disconnects."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._go = asyncio.Event()
        self._answer: Fault | None = None
        self._passing: list[asyncio.Task[web.StreamResponse]] = []
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self._proxy.forward(request)
        self.count += 1
        await request.read()
        passing = asyncio.create_task(self._forward(request))
        self._passing.append(passing)
        return await asyncio.shield(passing)

    def release(self, answer: Fault | None = None) -> None:
        """Let the gateway start the kernels, or send this answer instead."""
        self._answer = answer
        self._go.set()

    async def wait_until_done(self) -> None:
        """Wait until the gateway has processed the requests."""
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        await self._go.wait()
        if self._answer is not None:
            return await self._answer(request)
        return await self._proxy.forward(request)


@dataclass
class Scenario:
    """A server, its client, and the gateway whose starts are delayed."""

    server: ServerProcess
    client: Client
    gateway: Client
    starts: DelayedStarts
    proxy: FaultProxy

    async def kernel_phases(self) -> list[dict[str, str]]:
        """Return the kernel phases of the provider."""
        providers = (await self.client.get("api/kernel-providers"))["providers"]
        kernel_phases: list[dict[str, str]] = providers[1]["kernel_phases"]
        return kernel_phases

    async def wait_for_request(self) -> None:
        """Wait until the gateway has received a start request."""

        async def has_request() -> bool:
            return self.starts.count > 0

        await wait_until(has_request)

    async def open_notebook(self) -> tuple[str, str]:
        """Open a notebook with a local kernel that has ``x = 42``; return session and kernel."""
        session = await self.client.start_session("python3", "work.ipynb")
        kernel_id = session["kernel"]["id"]
        await self.client.run(kernel_id, "x = 42")
        return session["id"], kernel_id

    def switch(self, session_id: str, name: str = KERNEL_NAME) -> asyncio.Task[Any]:
        """Begin to move a session to another kernel."""
        path, body = f"api/sessions/{session_id}", {"kernel": {"name": name}}
        return asyncio.create_task(self.client.request("PATCH", path, body))

    async def is_empty(self) -> bool:
        """Return whether no kernel runs at the gateway."""
        return not await self.gateway.get("api/kernels")


@pytest.fixture
async def start_scenario(start_server: StartServer, remote: ServerProcess) -> AsyncIterator[Any]:
    """Return a function that starts a server with a start patience and a delayed gateway."""
    proxy = FaultProxy(remote.url, free_port())
    await proxy.open()
    gateway = Client(remote.url, remote.token)
    scenarios: list[Scenario] = []

    async def start(patience: float = 1) -> Scenario:
        settings = {
            "url": f"http://127.0.0.1:{proxy.port}",
            "token": {"value": remote.token},
            "refresh_interval": 1,
            "timeouts": {"connect": 2, "request": 3, "start": 60},
        }
        config = {"KernelProviders": {"start_patience": patience}}
        server, client = start_server({"far": settings}, config=config)
        await client.wait_for_kernelspec(KERNEL_NAME)
        scenario = Scenario(server, client, gateway, DelayedStarts(proxy), proxy)
        await proxy.begin(scenario.starts, only="/api/kernels")
        scenarios.append(scenario)
        return scenario

    yield start
    for scenario in scenarios:
        await scenario.server.stop_async()
    await proxy.close()
    await gateway.close()
    for scenario in scenarios:
        assert "Traceback" not in scenario.server.log()


@pytest.fixture
async def scenario(start_scenario: Any) -> Scenario:
    """A server whose start requests wait for a second."""
    scenario: Scenario = await start_scenario()
    return scenario


async def test_slow_start_is_listed(scenario: Scenario) -> None:
    """The request is answered and shows the phase; a reopened notebook does not repeat it."""
    session = await scenario.client.start_session(KERNEL_NAME)
    kernel_id = session["kernel"]["id"]
    assert session["kernel"]["execution_state"] == "starting"
    again = await scenario.client.start_session(KERNEL_NAME)
    assert again["id"] == session["id"]
    [phase] = await scenario.kernel_phases()
    assert (phase["kernel_id"], phase["phase"]) == (kernel_id, "starting")
    assert await scenario.is_empty()

    opening = asyncio.create_task(scenario.client.connect(kernel_id))
    scenario.starts.release()
    kernel = await opening
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
    assert await scenario.kernel_phases() == []
    assert scenario.starts.count == 1
    assert len(await scenario.gateway.get("api/kernels")) == 1


async def test_start_can_be_cancelled(scenario: Scenario) -> None:
    """The shutdown does not wait, and no kernel is left behind."""
    session = await scenario.client.start_session(KERNEL_NAME)
    reply = await scenario.client.request("DELETE", f"api/sessions/{session['id']}")
    assert reply.status == 204
    assert await scenario.client.get("api/kernels") == []
    assert await scenario.kernel_phases() == []
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)


async def test_notebook_can_leave_a_starting_kernel(scenario: Scenario) -> None:
    """It gets another kernel, and the old one is not left behind."""
    session = await scenario.client.start_session(KERNEL_NAME)
    reply = await scenario.client.request(
        "PATCH", f"api/sessions/{session['id']}", {"kernel": {"name": "python3"}}
    )
    assert (reply.status, reply.body["kernel"]["name"]) == (200, "python3")
    assert [kernel["name"] for kernel in await scenario.client.get("api/kernels")] == ["python3"]
    assert await scenario.client.run(reply.body["kernel"]["id"], "print(1)") == "1\n"
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)


async def test_late_failure_says_why(scenario: Scenario) -> None:
    """The kernel is dead, with the reason that JupyterLab shows; waiting clients are told."""
    kernel_id = await scenario.client.start_kernel(KERNEL_NAME)
    opening = asyncio.create_task(scenario.client.open(kernel_id))
    scenario.starts.release(respond(500, '{"message": "No GPU is free"}'))
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await opening
    model = await scenario.client.get(f"api/kernels/{kernel_id}")
    assert model["execution_state"] == "dead"
    assert "No GPU is free" in model["reason"]
    assert await scenario.kernel_phases() == []
    reply = await scenario.client.request("DELETE", f"api/kernels/{kernel_id}")
    assert reply.status == 204
    assert await scenario.client.get("api/kernels") == []


@pytest.mark.parametrize("action", ["interrupt", "restart"])
async def test_starting_kernel_refuses_actions(scenario: Scenario, action: str) -> None:
    """The answer says so."""
    kernel_id = await scenario.client.start_kernel(KERNEL_NAME)
    reply = await scenario.client.request("POST", f"api/kernels/{kernel_id}/{action}")
    assert reply.status == 503
    assert reply.body["message"].startswith(f"{KERNEL_NAME} is still starting.")
    scenario.starts.release()


async def test_start_with_lost_answer_is_found(scenario: Scenario) -> None:
    """The kernel runs, but the answer is lost: it is looked up, and requested once."""
    held, scenario.starts = scenario.starts, DelayedStarts(scenario.proxy)

    async def never_answer(request: web.Request) -> web.StreamResponse:
        answer = await scenario.starts(request)
        return await no_response(request) if request.method == "POST" else answer

    await scenario.proxy.begin(never_answer, only="/api/kernels")
    scenario.starts.release()
    kernel_id = await scenario.client.start_kernel(KERNEL_NAME)
    assert await scenario.client.run(kernel_id, "print(1)") == "1\n"
    assert [kernel["id"] for kernel in await scenario.gateway.get("api/kernels")] == [kernel_id]
    assert (held.count, scenario.starts.count) == (0, 1)


async def test_start_at_unavailable_provider_fails_fast(scenario: Scenario) -> None:
    """The provider is polled once, and no start request waits for ten minutes."""
    await scenario.proxy.begin(no_response)
    await scenario.client.request("POST", "api/kernel-providers/far/retry")
    before = len(scenario.proxy.requests)
    reply = await scenario.client.request("POST", "api/kernels", {"name": KERNEL_NAME})
    assert reply.status == 503
    assert "did not answer in time" in reply.body["message"]
    assert "POST /api/kernels" not in scenario.proxy.requests[before:]
    assert await scenario.client.get("api/kernels") == []


@pytest.mark.parametrize("patience", [1, 60], ids=["listed", "not yet listed"])
async def test_crash_during_a_start_leaves_no_orphan(start_scenario: Any, patience: float) -> None:
    """The next run has the notebook's kernel, and stops an unknown one."""
    scenario = await start_scenario(patience)
    starting = asyncio.create_task(scenario.client.start_session(KERNEL_NAME, "work.ipynb"))
    await scenario.wait_for_request()
    word = "work.ipynb" if patience == 1 else '"is_orphaned": true'
    folder = scenario.server.folder / "data" / "kernel_providers"

    async def is_stored() -> bool:
        return any(word in path.read_text() for path in folder.glob("*.json"))

    await wait_until(is_stored)
    scenario.server.kill()
    await asyncio.gather(starting, return_exceptions=True)
    scenario.server.start()
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    if patience == 1:
        [session] = await scenario.client.get("api/sessions")
        assert session["path"] == "work.ipynb"
        assert await scenario.client.run(session["kernel"]["id"], "print(1)") == "1\n"
    else:
        await wait_until(scenario.is_empty)
        assert await scenario.client.get("api/kernels") == []


async def test_exit_during_a_start_leaves_no_orphan(scenario: Scenario) -> None:
    """The server does not wait for it; the next run stops it."""
    await scenario.client.start_kernel(KERNEL_NAME)
    assert await scenario.server.stop_async(timeout=20) == 0
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    assert not await scenario.is_empty()
    scenario.server.start()
    await wait_until(scenario.is_empty)


async def test_slow_process_shows_as_starting(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """A gateway answers when the process exists; a connection has to wait longer."""
    folder = remote.folder / "data" / "kernels" / "slow"
    folder.mkdir(parents=True)
    go = remote.folder / "go"
    wait = f'while [ ! -e {go} ]; do sleep 0.1; done; exec python -m ipykernel_launcher -f "$0"'
    spec = {"argv": ["sh", "-c", wait, "{connection_file}"], "display_name": "Slow", "language": ""}
    (folder / "kernel.json").write_text(json.dumps(spec))
    settings = {"url": remote.url, "token": {"value": remote.token}}
    _, client = start_server({"far": settings}, config={"KernelProviders": {"start_patience": 1}})
    await client.wait_for_kernelspec("far/slow")
    kernel_id = await client.start_kernel("far/slow")
    opening = asyncio.create_task(client.connect(kernel_id))

    async def phases() -> Any:
        providers = (await client.get("api/kernel-providers"))["providers"]
        return [(one["kernel_id"], one["phase"]) for one in providers[1]["kernel_phases"]]

    async def is_over() -> bool:
        return not await phases()

    assert await wait_until(phases) == [(kernel_id, "starting")]
    opening.cancel()  # its page is closed
    await wait_until(is_over)
    opening = asyncio.create_task(client.connect(kernel_id))
    assert await wait_until(phases) == [(kernel_id, "starting")]
    go.touch()
    kernel = await opening
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
    assert await phases() == []


async def test_notebook_keeps_kernel_until_new_one_has_started(scenario: Scenario) -> None:
    """A failed switch to another provider does not lose the notebook's variables."""
    session_id, before = await scenario.open_notebook()
    switching = scenario.switch(session_id)
    await scenario.wait_for_request()
    scenario.starts.release(respond(500, '{"message": "No GPU is free"}'))
    reply = await switching
    assert reply.status == 501
    assert "No GPU is free" in reply.body["message"]
    [session] = await scenario.client.get("api/sessions")
    assert session["kernel"]["id"] == before
    assert await scenario.client.run(before, "print(x)") == "42\n"


async def test_a_switch_is_cancelled_by_the_shutdown_of_the_new_kernel(scenario: Scenario) -> None:
    """The front end sees which kernel starts for which session; the session keeps its own."""
    session_id, before = await scenario.open_notebook()
    switching = scenario.switch(session_id)
    [phase] = await wait_until(scenario.kernel_phases)
    assert (phase["phase"], phase["session_id"]) == ("starting", session_id)
    assert phase["kernel_name"] == KERNEL_NAME
    reply = await scenario.client.request("DELETE", f"api/kernels/{phase['kernel_id']}")
    assert reply.status == 204
    reply = await switching
    assert (reply.status, reply.body["kernel"]["id"]) == (200, before)
    assert await scenario.kernel_phases() == []
    assert (await scenario.client.get("api/kernel-providers"))["recent"] == ["python3"]
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)
    assert await scenario.client.run(before, "print(x)") == "42\n"


async def test_a_second_switch_ends_the_first(scenario: Scenario) -> None:
    """The notebook has the kernel that was selected last, and nothing else keeps running."""
    session_id, before = await scenario.open_notebook()
    first = scenario.switch(session_id)
    await scenario.wait_for_request()
    second = await scenario.switch(session_id, "python3")
    after = second.body["kernel"]["id"]
    assert (second.status, after != before) == (200, True)
    reply = await first
    assert (reply.status, reply.body["kernel"]["id"]) == (200, after)
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)
    assert [kernel["id"] for kernel in await scenario.client.get("api/kernels")] == [after]
    assert await scenario.client.run(after, "print(1)") == "1\n"


async def test_a_switch_ends_with_its_session(scenario: Scenario) -> None:
    """No kernel starts for a notebook that was shut down."""
    session_id, _ = await scenario.open_notebook()
    switching = scenario.switch(session_id)
    await scenario.wait_for_request()
    ended = await scenario.client.request("DELETE", f"api/sessions/{session_id}")
    assert ended.status == 204
    reply = await switching
    assert reply.status == 501
    assert "its notebook has ended" in reply.body["message"]
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)
    assert await scenario.client.get("api/kernels") == []


async def test_abandoned_switch_keeps_the_kernel(scenario: Scenario) -> None:
    """A notebook whose switch has failed, according to a proxy, does not switch minutes later."""
    session_id, before = await scenario.open_notebook()
    switching = scenario.switch(session_id)
    await scenario.wait_for_request()
    switching.cancel()

    async def is_cancelled() -> bool:
        return "The start of far/python3 was cancelled" in scenario.server.log()

    await wait_until(is_cancelled)
    scenario.starts.release()
    await scenario.starts.wait_until_done()
    await wait_until(scenario.is_empty)
    [session] = await scenario.client.get("api/sessions")
    assert session["kernel"]["id"] == before
    assert await scenario.client.run(before, "print(x)") == "42\n"


async def test_a_limit_of_kernels_is_said(start_server: StartServer, tmp_path: Path) -> None:
    """A refused start is told in the gateway's own words, and is not blamed on the token."""
    gateway = kernel_gateway(tmp_path / "small", "small", token="token-of-small", listing=False)
    gateway.env["KG_MAX_KERNELS"] = "1"
    gateway.start()
    settings = {"url": gateway.url, "token": {"value": gateway.token}, "label": "Small"}
    _, client = start_server({"small": settings})
    await client.wait_for_kernelspec("small/python3")
    await client.start_kernel("small/python3")
    reply = await client.request("POST", "api/kernels", {"name": "small/python3"})
    assert reply.status == 502
    assert reply.body["message"] == "Small answered 403 to POST /api/kernels: Resource Limit."
    assert (await client.wait_for_state("small", "online"))["message"] == ""
    await gateway.stop_async(5)
