"""Two users' servers with the same gateway: neither sees or touches the other's kernels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, until
from tests.support.processes import Process, declare, jupyter_server

pytestmark = pytest.mark.server


@dataclass
class Person:
    """A user's server, with a notebook at the gateway."""

    server: Process
    client: Client
    kernel_id: str

    async def kernels(self) -> list[str]:
        """Return the ids of all kernels that this user sees."""
        return [kernel["id"] for kernel in await self.client.get("api/kernels")]

    async def learns(self, what: str) -> None:
        """Set a variable in the kernel."""
        await self.client.run(self.kernel_id, f"name = {what!r}")

    async def remembers(self, what: str) -> None:
        """Check that the kernel is there with its variable, and no other one."""
        assert await self.kernels() == [self.kernel_id]
        assert await self.client.run(self.kernel_id, "print(name)") == f"{what}\n"


async def arrive(name: str, gateway: Process, folder: Path, config: Any = None) -> Person:
    """Start a user's server, and a notebook at the gateway."""
    server = jupyter_server(folder / name, token=f"token-of-{name}", config=config)
    settings = {"url": gateway.url, "token": {"value": gateway.token}, "refresh_interval": 1}
    declare(server, "gpu", settings)
    server.start()
    client = Client(server.url, server.token)
    session = await client.start_session("gpu/python3", "work.ipynb")
    return Person(server, client, session["kernel"]["id"])


@pytest.fixture
async def bob(remote: Process, tmp_path: Path) -> AsyncIterator[Person]:
    """A user whose server keeps running."""
    person = await arrive("bob", remote, tmp_path)
    await person.learns("bob")
    yield person
    await person.client.close()
    person.server.stop()


@pytest.fixture
async def ada(remote: Process, tmp_path: Path) -> AsyncIterator[Person]:
    """A user whose server restarts."""
    person = await arrive("ada", remote, tmp_path)
    yield person
    await person.client.close()
    person.server.stop()


async def test_kernels_of_others_can_neither_be_seen_nor_reached(ada: Person, bob: Person) -> None:
    """The id of another user's kernel is unknown here."""
    for _ in range(2):
        assert await ada.kernels() == [ada.kernel_id]
        assert [one["path"] for one in await ada.client.get("api/sessions")] == ["work.ipynb"]
        await ada.client.wait_for_state("gpu", "online")
    path = f"api/kernels/{bob.kernel_id}"
    for method, of in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("POST", "/restart")):
        reply = await ada.client.request(method, path + of)
        assert reply.status in (404, 500)  # Jupyter Server answers the latter, for a restart
    await bob.remembers("bob")


async def test_restarts_crashes_and_exits_are_ones_own(
    ada: Person, bob: Person, remote: Process
) -> None:
    """Restarts, crashes and exits of one server do not affect the other's kernels."""
    await ada.client.request("POST", f"api/kernels/{ada.kernel_id}/restart")
    await bob.remembers("bob")
    await ada.learns("ada")

    ada.server.kill()
    ada.server.start()
    await ada.remembers("ada")
    await bob.remembers("bob")

    ada.server.stop()
    async with Client(remote.url, remote.token) as gateway:

        async def left() -> bool:
            return [one["id"] for one in await gateway.get("api/kernels")] == [bob.kernel_id]

        await until(left)
    await bob.remembers("bob")


async def test_culling_takes_ones_own_kernels_only(
    bob: Person, remote: Process, tmp_path: Path
) -> None:
    """A server that culls idle kernels leaves other users' idle kernels alone."""
    culling = {"cull_idle_timeout": 1, "cull_interval": 1}
    ada = await arrive("ada", remote, tmp_path, {"MappingKernelManager": culling})
    async with ada.client, Client(remote.url, remote.token) as gateway:

        async def culled() -> bool:
            return await ada.kernels() == []

        await until(culled)
        assert [one["id"] for one in await gateway.get("api/kernels")] == [bob.kernel_id]
        await bob.remembers("bob")
        ada.server.stop()
