"""Attached kernels: kernels that run at a provider and that this server did not start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.conftest import Start
from tests.support.client import Client, until
from tests.support.processes import Process

pytestmark = pytest.mark.server

HERE = "api/kernel-providers/{}/kernels"


@dataclass
class Site:
    """A server with two gateways, one of which does not list kernels, and an other kernel."""

    server: Process
    client: Client
    others: Client
    theirs: str

    async def attach(self) -> str:
        """Attach the other kernel and return its id on this server."""
        reply = await self.client.request("POST", HERE.format("open"), {"id": self.theirs})
        assert reply.status == 201, reply
        kernel_id: str = reply.body["id"]
        return kernel_id

    async def other_kernels(self) -> list[str]:
        """Return the ids of the other kernels at the provider."""
        return [one["id"] for one in (await self.client.get(HERE.format("open")))["kernels"]]

    async def still_runs(self) -> bool:
        """Return whether the other kernel still has its state."""
        return await self.others.run(self.theirs, "print(x)") == "42\n"


@pytest.fixture
async def site(start: Start, places: dict[str, Process]) -> AsyncIterator[Site]:
    """A server with two providers, one of which runs an other kernel."""
    settings = {
        name: {"url": at.url, "label": name.title(), "token": {"value": at.token}}
        for name, at in (("open", places["gate-b"]), ("closed", places["gate-a"]))
    }
    server, client = start(settings)
    others = Client(places["gate-b"].url, places["gate-b"].token)
    theirs = await others.start_kernel("python3")
    await others.run(theirs, "x = 42")
    yield Site(server, client, others, theirs)
    await others.request("DELETE", f"api/kernels/{theirs}")
    await others.close()
    assert "Traceback" not in server.log()


async def test_a_kernel_of_others_is_found_and_used(site: Site) -> None:
    """Before it is attached, this server does not have it; then a notebook can use it."""
    mine = await site.client.start_kernel("open/python3")
    assert [kernel["id"] for kernel in await site.client.get("api/kernels")] == [mine]
    # Other tests may have more kernels there.
    found = await site.other_kernels()
    assert (site.theirs in found, mine in found) == (True, False)
    kernel_id = await site.attach()
    assert await site.attach() == kernel_id, "once is enough"
    assert site.theirs not in await site.other_kernels()
    session = await site.client.start_session("open/python3", id=kernel_id)
    assert session["kernel"]["name"] == "open/python3"
    assert await site.client.run(kernel_id, "print(x)") == "42\n"


async def test_an_attached_kernel_survives_the_server(site: Site) -> None:
    """The exit does not stop it, and the notebook finds it again."""
    kernel_id = await site.attach()
    await site.client.start_session("open/python3", "work.ipynb", id=kernel_id)
    for _ in range(2):
        site.server.stop()
        assert await site.still_runs()
        site.server.start()
        [session] = await site.client.get("api/sessions")
        assert (session["path"], session["kernel"]["id"]) == ("work.ipynb", kernel_id)
    assert await site.client.run(kernel_id, "print(x)") == "42\n"


async def test_a_notebook_leaves_an_attached_kernel_as_it_is(site: Site) -> None:
    """The notebook moves to another kernel, and the attached kernel keeps running."""
    kernel_id = await site.attach()
    session = await site.client.start_session("open/python3", id=kernel_id)
    path = f"api/sessions/{session['id']}"
    reply = await site.client.request("PATCH", path, {"kernel": {"name": "python3"}})
    assert reply.status == 200
    assert [kernel["name"] for kernel in await site.client.get("api/kernels")] == ["python3"]
    assert await site.still_runs()


async def test_whoever_stops_an_attached_kernel_stops_it(site: Site) -> None:
    """A request to shut it down stops it."""
    reply = await site.client.request("DELETE", f"api/kernels/{await site.attach()}")
    assert reply.status == 204
    assert (await site.others.request("GET", f"api/kernels/{site.theirs}")).status == 404


async def test_an_attached_kernel_is_not_culled(
    start: Start, places: dict[str, Process], site: Site
) -> None:
    """The culler stops only kernels that this server has started."""
    culling = {"MappingKernelManager": {"cull_idle_timeout": 1, "cull_interval": 1}}
    at = places["gate-b"]
    settings = {"url": at.url, "token": {"value": at.token}}
    _, client = start({"open": settings}, config=culling)
    await client.request("POST", HERE.format("open"), {"id": site.theirs})
    mine = await client.start_kernel("open/python3")

    async def culled() -> bool:
        return mine not in [kernel["id"] for kernel in await client.get("api/kernels")]

    await until(culled)
    assert site.theirs in [kernel["id"] for kernel in await client.get("api/kernels")]
    assert await site.still_runs()


async def test_a_provider_that_does_not_list_its_kernels_says_so(
    site: Site, places: dict[str, Process]
) -> None:
    """A kernel can still be attached by its id."""
    reply = await site.client.request("GET", HERE.format("closed"))
    assert reply.status == 502
    assert reply.body["message"].startswith("Closed does not list its kernels (403).")
    others = Client(places["gate-a"].url, places["gate-a"].token)
    theirs = await others.start_kernel("python3")
    reply = await site.client.request("POST", HERE.format("closed"), {"id": theirs})
    assert (reply.status, reply.body["name"]) == (201, "closed/python3")
    await others.request("DELETE", f"api/kernels/{theirs}")
    await others.close()


@pytest.mark.parametrize(
    ("provider", "body", "status", "words"),
    [
        ("open", {"id": "00000000-0000-4000-8000-000000000000"}, 404, "Open has no kernel 0"),
        ("open", {}, 400, "The body has to have the id of a kernel"),
        ("nowhere", {"id": "x"}, 404, "There is no remote kernel provider 'nowhere'."),
        ("local", {"id": "x"}, 404, "There is no remote kernel provider 'local'."),
    ],
    ids=["gone", "no id", "no provider", "this server"],
)
async def test_what_cannot_be_attached_is_said(
    site: Site, provider: str, body: dict[str, str], status: int, words: str
) -> None:
    """The message says what is wrong."""
    reply = await site.client.request("POST", HERE.format(provider), body)
    assert reply.status == status, reply
    assert words in reply.body["message"]
