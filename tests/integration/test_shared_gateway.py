"""Two users' servers with the same gateway: neither sees or touches the other's kernels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, declare, jupyter_server

pytestmark = pytest.mark.server


@dataclass
class User:
    """A user's server, with a notebook at the gateway."""

    server: ServerProcess
    client: Client
    kernel_id: str

    async def kernels(self) -> list[str]:
        """Return the ids of all kernels that this user sees."""
        return [kernel["id"] for kernel in await self.client.get("api/kernels")]

    async def store(self, what: str) -> None:
        """Set a variable in the kernel."""
        await self.client.run(self.kernel_id, f"name = {what!r}")

    async def check_stored(self, what: str) -> None:
        """Check that the kernel is there with its variable, and no other one."""
        assert await self.kernels() == [self.kernel_id]
        assert await self.client.run(self.kernel_id, "print(name)") == f"{what}\n"


async def start_user(name: str, gateway: ServerProcess, folder: Path, config: Any = None) -> User:
    """Start a user's server, and a notebook at the gateway."""
    server = jupyter_server(folder / name, token=f"token-of-{name}", config=config)
    settings = {"url": gateway.url, "token": {"value": gateway.token}, "refresh_interval": 1}
    declare(server, "gpu", settings)
    server.start()
    client = Client(server.url, server.token)
    session = await client.start_session("gpu/python3", "work.ipynb")
    return User(server, client, session["kernel"]["id"])


@pytest.fixture
async def steady_user(remote: ServerProcess, tmp_path: Path) -> AsyncIterator[User]:
    """A user whose server keeps running."""
    user = await start_user("bob", remote, tmp_path)
    await user.store("bob")
    yield user
    await user.client.close()
    user.server.stop()


@pytest.fixture
async def restarting_user(remote: ServerProcess, tmp_path: Path) -> AsyncIterator[User]:
    """A user whose server restarts."""
    user = await start_user("ada", remote, tmp_path)
    yield user
    await user.client.close()
    user.server.stop()


async def test_other_users_kernels_are_invisible(restarting_user: User, steady_user: User) -> None:
    """The id of another user's kernel is unknown here."""
    for _ in range(2):
        assert await restarting_user.kernels() == [restarting_user.kernel_id]
        assert [one["path"] for one in await restarting_user.client.get("api/sessions")] == [
            "work.ipynb"
        ]
        await restarting_user.client.wait_for_state("gpu", "online")
    path = f"api/kernels/{steady_user.kernel_id}"
    for method, of in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("POST", "/restart")):
        reply = await restarting_user.client.request(method, path + of)
        assert reply.status in (404, 500)  # Jupyter Server answers the latter, for a restart
    await steady_user.check_stored("bob")


async def test_restarts_do_not_affect_other_users(
    restarting_user: User, steady_user: User, remote: ServerProcess
) -> None:
    """Restarts, crashes and exits of one server do not affect the other's kernels."""
    await restarting_user.client.request("POST", f"api/kernels/{restarting_user.kernel_id}/restart")
    await steady_user.check_stored("bob")
    await restarting_user.store("ada")

    restarting_user.server.kill()
    restarting_user.server.start()
    await restarting_user.check_stored("ada")
    await steady_user.check_stored("bob")

    restarting_user.server.stop()
    async with Client(remote.url, remote.token) as gateway:

        async def is_stopped() -> bool:
            return [one["id"] for one in await gateway.get("api/kernels")] == [
                steady_user.kernel_id
            ]

        await wait_until(is_stopped)
    await steady_user.check_stored("bob")


async def test_culling_does_not_affect_other_users(
    steady_user: User, remote: ServerProcess, tmp_path: Path
) -> None:
    """A server that culls idle kernels leaves other users' idle kernels alone."""
    culling = {"cull_idle_timeout": 1, "cull_interval": 1}
    restarting_user = await start_user("ada", remote, tmp_path, {"MappingKernelManager": culling})
    async with restarting_user.client, Client(remote.url, remote.token) as gateway:

        async def is_culled() -> bool:
            return await restarting_user.kernels() == []

        await wait_until(is_culled)
        assert [one["id"] for one in await gateway.get("api/kernels")] == [steady_user.kernel_id]
        await steady_user.check_stored("bob")
        restarting_user.server.stop()
