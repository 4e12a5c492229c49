"""``jupyter kernel-providers import``: a server with the imported file reaches the gateway."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.processes import ROOT, ServerProcess, jupyter_server

pytestmark = pytest.mark.server


def run_import(server: ServerProcess, *arguments: str) -> str:
    """Run the command with the configuration and the environment of a server."""
    command = [sys.executable, "-m", "kernel_providers_ext", "import", *arguments]
    env = {**server.env, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=server.root, env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=60
    ).stdout


async def places(server: ServerProcess, names: list[str]) -> dict[str, str]:
    """Return where kernels of these names run."""
    server.start()
    try:
        async with Client(server.url, server.token) as client:
            found = {}
            for name in names:
                await client.wait_for_kernelspec(name)
                kernel_id = await client.start_kernel(name)
                printed = await client.run(kernel_id, "import os; print(os.environ['PROVIDER'])")
                found[name] = printed.strip()
                await client.request("DELETE", f"api/kernels/{kernel_id}")
            return found
    finally:
        await server.stop_async()


@pytest.mark.parametrize("place", ["file", "environment"])
async def test_an_imported_gateway_is_reached(
    remote_servers: dict[str, ServerProcess], tmp_path: Path, place: str
) -> None:
    """With its token, once what the command names is removed; local kernels are beside it."""
    gateway = remote_servers["gate-b"]
    traits = {"url": gateway.url, "auth_token": gateway.token}
    variables = {f"JUPYTER_GATEWAY_{name.upper()}": value for name, value in traits.items()}
    server = jupyter_server(
        tmp_path, token="token-of-server", env=variables if place == "environment" else None
    )
    config = server.config_folder / "jupyter_lab_config.json"
    if place == "file":
        config.write_text(json.dumps({"GatewayClient": traits}))
    out = await asyncio.to_thread(run_import, server)
    assert "1 kernel, " in out
    assert gateway.token not in out

    path = server.config_folder / "kernel_providers.d" / "gateway.json"
    token: Mapping[str, Any] = json.loads(path.read_text())["token"]
    if place == "file":
        assert token == {"value": gateway.token}
        assert f"Remove from {config}: c.GatewayClient.url, c.GatewayClient.auth_token." in out
        config.unlink()
    else:
        assert token == {"env": "JUPYTER_GATEWAY_AUTH_TOKEN"}
        assert "Remove from the environment of the server: JUPYTER_GATEWAY_URL." in out
        del server.env["JUPYTER_GATEWAY_URL"]
    assert await places(server, ["python3", "gateway/python3"]) == {
        "python3": "local",
        "gateway/python3": "gate-b",
    }


async def test_until_the_former_configuration_is_removed_it_counts(
    remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """The gateway's kernels keep their names, and the log says that the file is not used."""
    gateway = remote_servers["gate-b"]
    traits = {"url": gateway.url, "auth_token": gateway.token}
    server = jupyter_server(tmp_path, token="token-of-server", config={"GatewayClient": traits})
    await asyncio.to_thread(run_import, server)
    assert await places(server, ["python3"]) == {"python3": "gate-b"}
    assert "there is a provider 'gateway' already, from --gateway-url." in server.log()
