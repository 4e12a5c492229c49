"""Attached kernels: kernels that run at a provider and that this server did not start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server

KERNELS = "api/kernel-providers/{}/kernels"


@dataclass
class Scenario:
    """A server with two gateways, one of which does not list kernels, and an other kernel."""

    server: ServerProcess
    client: Client
    other_client: Client
    other_id: str

    async def attach(self) -> str:
        """Attach the other kernel and return its id on this server."""
        reply = await self.client.request("POST", KERNELS.format("open"), {"id": self.other_id})
        assert reply.status == 201, reply
        kernel_id: str = reply.body["id"]
        return kernel_id

    async def other_kernels(self) -> list[str]:
        """Return the ids of the other kernels at the provider."""
        return [one["id"] for one in (await self.client.get(KERNELS.format("open")))["kernels"]]

    async def other_kernel_runs(self) -> bool:
        """Return whether the other kernel still has its state."""
        return await self.other_client.run(self.other_id, "print(x)") == "42\n"


@pytest.fixture
async def scenario(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> AsyncIterator[Scenario]:
    """A server with two providers, one of which runs an other kernel."""
    settings = {
        name: {"url": gateway.url, "label": name.title(), "token": {"value": gateway.token}}
        for name, gateway in (
            ("open", remote_servers["gate-b"]),
            ("closed", remote_servers["gate-a"]),
        )
    }
    server, client = start_server(settings)
    other_client = Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token)
    other_id = await other_client.start_kernel("python3")
    await other_client.run(other_id, "x = 42")
    yield Scenario(server, client, other_client, other_id)
    await other_client.request("DELETE", f"api/kernels/{other_id}")
    await other_client.close()
    assert "Traceback" not in server.log()


async def test_other_kernel_is_found_and_attached(scenario: Scenario) -> None:
    """Before it is attached, this server does not have it; then a notebook can use it."""
    own_id = await scenario.client.start_kernel("open/python3")
    assert [kernel["id"] for kernel in await scenario.client.get("api/kernels")] == [own_id]
    # Other tests may have more kernels there.
    listed = await scenario.other_kernels()
    assert (scenario.other_id in listed, own_id in listed) == (True, False)
    kernel_id = await scenario.attach()
    assert await scenario.attach() == kernel_id, "once is enough"
    assert scenario.other_id not in await scenario.other_kernels()
    session = await scenario.client.start_session("open/python3", id=kernel_id)
    assert session["kernel"]["name"] == "open/python3"
    assert await scenario.client.run(kernel_id, "print(x)") == "42\n"


async def test_attached_kernel_survives_the_server(scenario: Scenario) -> None:
    """The exit does not stop it, and the notebook finds it again."""
    kernel_id = await scenario.attach()
    await scenario.client.start_session("open/python3", "work.ipynb", id=kernel_id)
    for _ in range(2):
        scenario.server.stop()
        assert await scenario.other_kernel_runs()
        scenario.server.start()
        [session] = await scenario.client.get("api/sessions")
        assert (session["path"], session["kernel"]["id"]) == ("work.ipynb", kernel_id)
    assert await scenario.client.run(kernel_id, "print(x)") == "42\n"


async def test_notebook_leaves_attached_kernel_running(scenario: Scenario) -> None:
    """The notebook moves to another kernel, and the attached kernel keeps running."""
    kernel_id = await scenario.attach()
    session = await scenario.client.start_session("open/python3", id=kernel_id)
    path = f"api/sessions/{session['id']}"
    reply = await scenario.client.request("PATCH", path, {"kernel": {"name": "python3"}})
    assert reply.status == 200
    assert [kernel["name"] for kernel in await scenario.client.get("api/kernels")] == ["python3"]
    assert await scenario.other_kernel_runs()


async def test_attached_kernel_can_be_shut_down(scenario: Scenario) -> None:
    """A request to shut it down stops it."""
    reply = await scenario.client.request("DELETE", f"api/kernels/{await scenario.attach()}")
    assert reply.status == 204
    assert (
        await scenario.other_client.request("GET", f"api/kernels/{scenario.other_id}")
    ).status == 404


async def test_attached_kernel_is_not_culled(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], scenario: Scenario
) -> None:
    """The culler stops only kernels that this server has started."""
    culling = {"MappingKernelManager": {"cull_idle_timeout": 1, "cull_interval": 1}}
    gateway = remote_servers["gate-b"]
    settings = {"url": gateway.url, "token": {"value": gateway.token}}
    _, client = start_server({"open": settings}, config=culling)
    await client.request("POST", KERNELS.format("open"), {"id": scenario.other_id})
    own_id = await client.start_kernel("open/python3")

    async def is_culled() -> bool:
        return own_id not in [kernel["id"] for kernel in await client.get("api/kernels")]

    await wait_until(is_culled)
    assert scenario.other_id in [kernel["id"] for kernel in await client.get("api/kernels")]
    assert await scenario.other_kernel_runs()


async def test_provider_that_does_not_list_kernels_says_so(
    scenario: Scenario, remote_servers: dict[str, ServerProcess]
) -> None:
    """A kernel can still be attached by its id."""
    reply = await scenario.client.request("GET", KERNELS.format("closed"))
    assert reply.status == 502
    assert reply.body["message"].startswith("Closed does not list its kernels (403).")
    other_client = Client(remote_servers["gate-a"].url, remote_servers["gate-a"].token)
    other_id = await other_client.start_kernel("python3")
    reply = await scenario.client.request("POST", KERNELS.format("closed"), {"id": other_id})
    assert (reply.status, reply.body["name"]) == (201, "closed/python3")
    await other_client.request("DELETE", f"api/kernels/{other_id}")
    await other_client.close()


@pytest.mark.parametrize(
    ("provider", "body", "status", "expected"),
    [
        ("open", {"id": "00000000-0000-4000-8000-000000000000"}, 404, "Open has no kernel 0"),
        ("open", {}, 400, "The body must have the id of a kernel"),
        ("nowhere", {"id": "x"}, 404, "There is no remote kernel provider 'nowhere'."),
        ("local", {"id": "x"}, 404, "There is no remote kernel provider 'local'."),
    ],
    ids=["gone", "no id", "no provider", "this server"],
)
async def test_failed_attach_says_why(
    scenario: Scenario, provider: str, body: dict[str, str], status: int, expected: str
) -> None:
    """The message says what is wrong."""
    reply = await scenario.client.request("POST", KERNELS.format(provider), body)
    assert reply.status == status, reply
    assert expected in reply.body["message"]
