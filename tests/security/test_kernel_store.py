"""The folder of the kernel store, if others may change what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.support.client import wait_until
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server


async def test_server_works_without_a_folder_that_others_may_change(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """The log names the folder and the remedy, once; kernels start, and nothing is written."""
    folder = tmp_path / "server" / "data" / "kernel_providers"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    gateway = remote_servers["gate-b"]
    server, client = start_server({"gpu": {"url": gateway.url, "token": {"value": gateway.token}}})

    async def is_logged() -> bool:
        return f"chmod 700 {folder}." in server.log()

    await wait_until(is_logged)
    await client.wait_for_kernelspec("gpu/python3")
    kernel_id = await client.start_kernel("gpu/python3")
    assert await client.run(kernel_id, "print(1)") == "1\n"
    assert await server.stop_async() == 0
    assert list(folder.iterdir()) == []
    assert server.log().count("Remote kernels cannot be recorded") == 1
    assert "Traceback" not in server.log()
