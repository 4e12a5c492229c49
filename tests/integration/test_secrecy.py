"""Each provider receives only its own secrets."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from tests.conftest import StartServer
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy, respond
from tests.support.leak_check import SECRET
from tests.support.processes import ServerProcess, free_port

pytestmark = pytest.mark.server


@dataclass
class SecuredGateway:
    """A gateway that needs its own certificate, token, header and cookie."""

    proxy: FaultProxy
    settings: dict[str, Any]
    secrets: set[str]


def create_certificates(folder: Path) -> ssl.SSLContext:
    """Write a CA's certificates into a folder, and return a TLS context that demands one."""
    folder.mkdir()
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    client = ca.issue_cert("server@example.org")
    client.private_key_pem.write_to_path(str(folder / "client.key"))
    client.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.issue_cert("localhost").configure_cert(context)
    ca.configure_trust(context)
    return context


async def secure(provider_id: str, gateway: ServerProcess, folder: Path) -> SecuredGateway:
    """Put a proxy before a gateway that accepts only clients with a certificate of its CA."""
    proxy = FaultProxy(gateway.url, free_port())
    await proxy.open(create_certificates(folder))
    header, cookie = f"{SECRET}header-of-{provider_id}", f"{SECRET}cookie-of-{provider_id}"
    settings = {
        "url": f"https://localhost:{proxy.port}",
        "token": {"env": f"TOKEN_{provider_id}".upper()},
        "headers": {"X-Key": header},
        "cookies": {"session": cookie},
        "tls": {
            "ca": str(folder / "ca.pem"),
            "certificate": str(folder / "client.pem"),
            "key": str(folder / "client.key"),
        },
        "refresh_interval": 1,
        "env": ["TOKEN_ONE", "TOKEN_TWO"],  # not realistic, because these are secrets
    }
    return SecuredGateway(proxy, settings, {gateway.token, header, cookie})


@pytest.fixture
async def secured_gateways(
    remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> AsyncIterator[dict[str, SecuredGateway]]:
    """Two gateways with different secrets."""
    gateways = {
        "one": await secure("one", remote_servers["gate-a"], tmp_path / "one"),
        "two": await secure("two", remote_servers["gate-b"], tmp_path / "two"),
    }
    yield gateways
    for each in gateways.values():
        await each.proxy.close()


@pytest.fixture
async def client(start_server: StartServer, secured_gateways: dict[str, SecuredGateway]) -> Client:
    """A client of a server that has both as providers."""
    env = {"TOKEN_ONE": "token-of-a", "TOKEN_TWO": "token-of-b"}
    client: Client
    _, client = start_server(
        {name: each.settings for name, each in secured_gateways.items()}, env=env
    )
    for name in secured_gateways:
        await client.wait_for_kernelspec(f"{name}/python3")
    return client


async def test_each_provider_receives_only_its_secrets(
    client: Client, secured_gateways: dict[str, SecuredGateway]
) -> None:
    """Requests, logos and websockets carry the secrets of that provider, and no others."""
    for name, each in secured_gateways.items():
        model = await client.wait_for_kernelspec(f"{name}/python3")
        for url in model["resources"].values():
            assert (await client.request("GET", url[1:])).status == 200
        kernel_id = await client.start_kernel(f"{name}/python3")
        assert await client.run(kernel_id, "print(1)") == "1\n"
        assert f"GET /api/kernels/{kernel_id}/channels" in each.proxy.requests
    for name, each in secured_gateways.items():
        others = set().union(*(g.secrets for n, g in secured_gateways.items() if n != name))
        assert all(secret in each.proxy.received for secret in each.secrets)
        for secret in (*others, "token-of-server"):
            assert secret not in each.proxy.received
    for kernel in await client.get("api/kernels"):
        await client.request("DELETE", f"api/kernels/{kernel['id']}")


async def test_redirects_carry_no_secret(
    client: Client, secured_gateways: dict[str, SecuredGateway]
) -> None:
    """Requests and websockets do not follow a provider's redirect to another one."""
    one, two = secured_gateways["one"], secured_gateways["two"]
    kernel_id = await client.start_kernel("one/python3")
    kernel = await client.connect(kernel_id)
    await one.proxy.begin(respond(307, "", Location=f"{two.settings['url']}/api/kernelspecs"))
    known = await client.wait_for_state("one", "incompatible")
    assert "a redirect (307)" in known["message"]
    reply = await client.request("POST", "api/kernels", {"name": "one/python3"})
    assert reply.status == 502
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.open(kernel_id)
    assert f"GET /api/kernels/{kernel_id}/channels" in one.proxy.requests
    for secret in one.secrets:
        assert secret not in two.proxy.received
    one.proxy.end()
    await client.wait_for_state("one", "online")
    assert await kernel.run("print(1)") == "1\n"
    await kernel.close()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", ["python3", "one/python3", "two/python3"])
async def test_kernels_do_not_see_tokens(client: Client, name: str) -> None:
    """No kernel, local or remote, has it in its environment, even if it is permitted."""
    kernel_id = await client.start_kernel(name)
    code = (
        "import os; print([n for n in ('TOKEN_ONE', 'TOKEN_TWO', 'PROVIDER') if n in os.environ])"
    )
    assert await client.run(kernel_id, code) == "['PROVIDER']\n"
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def test_answers_contain_no_secret(client: Client) -> None:
    """Neither Jupyter Server's lists nor ours contain a secret."""
    paths = ("kernelspecs", "kernels", "sessions", "status", "kernel-providers")
    for path in paths:
        assert SECRET not in json.dumps(await client.get(f"api/{path}"))
    for provider_id in ("one", "two"):
        reply = await client.request("POST", f"api/kernel-providers/{provider_id}/retry")
        assert SECRET not in json.dumps(reply.body)
