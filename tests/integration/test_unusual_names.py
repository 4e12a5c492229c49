"""Unusual names of kernels and addresses of servers stay distinct everywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from aiohttp import web

from tests.conftest import STOCK, StartServer
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy, altered_response
from tests.support.processes import ServerProcess, free_port, jupyter_server

pytestmark = pytest.mark.server

NAMES = (
    "two words",
    " space around ",
    "CAPITALS",
    "naïve-ünï",
    "日本",
    "100%",
    "%2F",
    "a+b",
    "a/b",
    "a?b#c",
    "<b>\"'&",
    "a.b-c_d",
    "x" * 200,
)
PRINT_PROVIDER = "import os; print(os.environ['PROVIDER'])"


class UnusualNames:
    """Forwards to a real gateway, and lists its kernel under all the unusual names."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/kernelspecs":
            return await altered_response(self._proxy.forward, self._rename_all)(request)
        if request.path.startswith("/kernelspecs/"):
            _, _, name, file = request.raw_path.split("/")
            assert unquote(name) in NAMES
            return await self._proxy.forward(request, f"/kernelspecs/python3/{file}")
        if (request.method, request.path) == ("POST", "/api/kernels"):
            body = await request.json()
            assert body["name"] in NAMES
            real = json.dumps({**body, "name": "python3"})
            return await self._proxy.send(request, request.raw_path, real.encode())
        return await self._proxy.forward(request)

    def _rename_all(self, answer: Any) -> Any:
        model = answer["kernelspecs"]["python3"]
        return {
            "default": NAMES[0],
            "unheard": {"of": None},
            "kernelspecs": {name: self._model(name, model) for name in NAMES},
        }

    def _model(self, name: str, model: Mapping[str, Any]) -> Mapping[str, Any]:
        prefix = f"/kernelspecs/{quote(name, safe='')}/"
        resources = {k: prefix + url.rpartition("/")[2] for k, url in model["resources"].items()}
        return {**model, "name": name, "resources": resources}


@pytest.fixture(params=["directly", "behind a proxy that decodes"])
async def names_client(
    request: pytest.FixtureRequest,
    server_with_fault: ServerProcess,
    fault_client: Client,
    proxy: FaultProxy,
) -> AsyncIterator[Client]:
    """A client of the server whose provider lists its kernel under all the unusual names."""
    await proxy.begin(UnusualNames(proxy))
    await fault_client.wait_for_state("faulty", "online")
    if request.param == "directly":
        yield fault_client
        return

    async def decode(request: web.Request) -> web.StreamResponse:
        # nginx does this if `proxy_pass` has a path: it decodes the path,
        # and encodes it again, except for characters that may stay in a path.
        path = quote(unquote(request.raw_path), safe="/:@!$&'()*+,;=~")
        return await reverse.forward(request, path)

    reverse = FaultProxy(server_with_fault.url, free_port())
    await reverse.open()
    await reverse.begin(decode, only="kernelspecs")
    async with Client(f"http://127.0.0.1:{reverse.port}/", server_with_fault.token) as client:
        yield client
    await reverse.close()


@pytest.mark.parametrize("name", NAMES)
async def test_unusual_kernel_name_works(names_client: Client, name: str) -> None:
    """It is listed, found by its name, started and restarted, and has its logos."""
    full = f"faulty/{name}"
    model = await names_client.wait_for_kernelspec(full)
    assert await names_client.get(f"api/kernelspecs/{quote(full, safe='')}") == model
    assert (model["name"], model["spec"]["metadata"]["kernel_provider"]) == (full, "faulty")
    local = (await names_client.kernelspecs())["python3"]["resources"]
    for key, url in model["resources"].items():
        logo = await names_client.request("GET", url[1:])
        assert (logo.status, logo.body) == (
            200,
            (await names_client.request("GET", local[key][1:])).body,
        )
    assert model["resources"].keys() == local.keys()

    kernel_id = await names_client.start_kernel(full)
    assert await names_client.run(kernel_id, PRINT_PROVIDER) == "gate-b\n"
    reply = await names_client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["name"]) == (200, full)
    assert [kernel["name"] for kernel in await names_client.get("api/kernels")] == [full]


@pytest.mark.parametrize("name", NAMES)
async def test_notebook_keeps_unusual_kernel_name(names_client: Client, name: str) -> None:
    """A notebook that was saved with such a kernel gets it when it is opened again."""
    full = f"faulty/{name}"
    shown = (await names_client.wait_for_kernelspec(full))["spec"]["display_name"]
    kernelspec = {"name": full, "display_name": shown, "language": "python"}
    notebook = {"cells": [], "metadata": {"kernelspec": kernelspec}, "nbformat": 4}
    saved = {"type": "notebook", "format": "json", "content": {**notebook, "nbformat_minor": 5}}
    assert (await names_client.request("PUT", "api/contents/unusual.ipynb", saved)).status in (
        200,
        201,
    )
    opened = await names_client.get("api/contents/unusual.ipynb")
    found = opened["content"]["metadata"]["kernelspec"]
    assert found == kernelspec
    session = await names_client.start_session(found["name"], "unusual.ipynb")
    assert session["kernel"]["name"] == full
    assert await names_client.get("api/sessions") == [session]


async def test_similar_names_are_not_mixed_up(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], remote: ServerProcess
) -> None:
    """An id that begins another id, and a kernel named like a provider, are not mixed up."""
    kernelspec = {"argv": [sys.executable, "-m", "ipykernel", "-f", "{connection_file}"]}
    for name in ("gpu", "gpu-b", "gpu--python3", "local", "python3.gpu"):
        folder = remote.folder / "data" / "kernels" / name
        folder.mkdir(parents=True)
        text = json.dumps({**kernelspec, "display_name": name, "language": "python"})
        (folder / "kernel.json").write_text(text)
    ids = {"gpu": "gate-a", "gpu-b": "gate-b", "gpu.b": "far"}
    declared = {
        i: {"url": remote_servers[p].url, "token": {"value": remote_servers[p].token}}
        for i, p in ids.items()
    }
    declared["g"] = {"url": remote.url, "token": {"value": remote.token}}
    _, client = start_server(declared)
    names = {f"{provider_id}/python3": server for provider_id, server in ids.items()}
    for name in ("python3", "gpu", "gpu-b", "gpu--python3", "local", "python3.gpu"):
        names[f"g/{name}"] = "remote"
    names["python3"] = "local"
    for name in names:
        await client.wait_for_kernelspec(name)
    assert set(await client.kernelspecs()) == set(names)
    for name, expected in names.items():
        kernel_id = await client.start_kernel(name)
        assert (await client.get(f"api/kernels/{kernel_id}"))["name"] == name
        assert await client.run(kernel_id, PRINT_PROVIDER) == f"{expected}\n"
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    for name in ("gpu/gpu", "gpu-/python3", "gpu-b/gpu", "g/gpu/python3", "gpu"):
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status in (404, 500), name


async def test_provider_may_have_providers(
    start_server: StartServer,
    remote_servers: dict[str, ServerProcess],
    server_with_fault: ServerProcess,
    fault_client: Client,
) -> None:
    """Each server uses only the first part of a name, even if both know it."""
    healthy = remote_servers["gate-b"]
    _, client = start_server(
        {
            "hub": {"url": server_with_fault.url, "token": {"value": server_with_fault.token}},
            "healthy": {"url": healthy.url, "token": {"value": healthy.token}},
        }
    )
    names = {
        "python3": "local",
        "healthy/python3": "gate-b",
        "hub/python3": "server-with-fault",
        "hub/healthy/python3": "gate-a",
    }
    for name, expected in names.items():
        model = await client.wait_for_kernelspec(name)
        assert await client.get(f"api/kernelspecs/{quote(name, safe='')}") == model
        logo = await client.request("GET", model["resources"]["logo-svg"][1:])
        assert logo.status == 200
        kernel_id = await client.start_kernel(name)
        assert await client.run(kernel_id, PRINT_PROVIDER) == f"{expected}\n"
        reply = await client.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["name"]) == (200, name)
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert await fault_client.get("api/kernels") == []


async def test_unusual_base_urls(start_server: StartServer, tmp_path: Path) -> None:
    """Requests, logos and websockets use both servers' base URLs letter by letter."""
    far = jupyter_server(
        tmp_path / "far",
        token="token-of-far",
        base_url="/User/Alice/http-Proxy/",
        env={"PROVIDER": "far"},
        config=STOCK,
    )
    far.start()
    try:
        settings = {"url": far.url, "token": {"value": far.token}}
        server, client = start_server({"far": settings}, base_url="/Hub/User/Bob/https/")
        model = await client.wait_for_kernelspec("far/python3")
        for url in model["resources"].values():
            assert url.startswith("/Hub/User/Bob/https/kernelspecs/far%2Fpython3/")
            logo = await client.request("GET", url.removeprefix(server.base_url))
            assert logo.status == 200
        kernel_id = await client.start_kernel("far/python3")
        assert await client.run(kernel_id, PRINT_PROVIDER) == "far\n"
    finally:
        await client.close()
        far.stop()
