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

from tests.conftest import STOCK, Start
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy, altered
from tests.support.processes import Process, free_port, jupyter_server

pytestmark = pytest.mark.server

ODD = (
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
PRINT_PLACE = "import os; print(os.environ['PLACE'])"


class OddNames:
    """Forwards to a real gateway, and lists its kernel under all the unusual names."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/kernelspecs":
            return await altered(self._proxy.pass_on, self._offer)(request)
        if request.path.startswith("/kernelspecs/"):
            _, _, name, file = request.raw_path.split("/")
            assert unquote(name) in ODD
            return await self._proxy.pass_on(request, f"/kernelspecs/python3/{file}")
        if (request.method, request.path) == ("POST", "/api/kernels"):
            body = await request.json()
            assert body["name"] in ODD
            real = json.dumps({**body, "name": "python3"})
            return await self._proxy.ask(request, request.raw_path, real.encode())
        return await self._proxy.pass_on(request)

    def _offer(self, answer: Any) -> Any:
        model = answer["kernelspecs"]["python3"]
        return {
            "default": ODD[0],
            "unheard": {"of": None},
            "kernelspecs": {name: self._model(name, model) for name in ODD},
        }

    def _model(self, name: str, model: Mapping[str, Any]) -> Mapping[str, Any]:
        here = f"/kernelspecs/{quote(name, safe='')}/"
        resources = {k: here + url.rpartition("/")[2] for k, url in model["resources"].items()}
        return {**model, "name": name, "resources": resources}


@pytest.fixture(params=["directly", "behind a proxy that decodes"])
async def visitor(
    request: pytest.FixtureRequest, troubled: Process, user: Client, proxy: FaultProxy
) -> AsyncIterator[Client]:
    """A client of the server whose provider lists its kernel under all the unusual names."""
    await proxy.begin(OddNames(proxy))
    await user.wait_for_state("faulty", "online")
    if request.param == "directly":
        yield user
        return

    async def decode(request: web.Request) -> web.StreamResponse:
        # nginx does this if `proxy_pass` has a path: it decodes the path,
        # and encodes it again, except for characters that may stay in a path.
        path = quote(unquote(request.raw_path), safe="/:@!$&'()*+,;=~")
        return await reverse.pass_on(request, path)

    reverse = FaultProxy(troubled.url, free_port())
    await reverse.open()
    await reverse.begin(decode, only="kernelspecs")
    async with Client(f"http://127.0.0.1:{reverse.port}/", troubled.token) as made:
        yield made
    await reverse.close()


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_name_is_a_kernel_like_any_other(visitor: Client, name: str) -> None:
    """It is listed, found by its name, started and restarted, and has its logos."""
    full = f"faulty/{name}"
    model = await visitor.wait_for_kernelspec(full)
    assert await visitor.get(f"api/kernelspecs/{quote(full, safe='')}") == model
    assert (model["name"], model["spec"]["metadata"]["kernel_provider"]) == (full, "faulty")
    local = (await visitor.kernelspecs())["python3"]["resources"]
    for key, url in model["resources"].items():
        logo = await visitor.request("GET", url[1:])
        assert (logo.status, logo.body) == (
            200,
            (await visitor.request("GET", local[key][1:])).body,
        )
    assert model["resources"].keys() == local.keys()

    kernel_id = await visitor.start_kernel(full)
    assert await visitor.run(kernel_id, PRINT_PLACE) == "gate-b\n"
    reply = await visitor.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["name"]) == (200, full)
    assert [kernel["name"] for kernel in await visitor.get("api/kernels")] == [full]


@pytest.mark.parametrize("name", ODD)
async def test_a_notebook_keeps_an_odd_name(visitor: Client, name: str) -> None:
    """A notebook that was saved with such a kernel gets it when it is opened again."""
    full = f"faulty/{name}"
    shown = (await visitor.wait_for_kernelspec(full))["spec"]["display_name"]
    kernelspec = {"name": full, "display_name": shown, "language": "python"}
    notebook = {"cells": [], "metadata": {"kernelspec": kernelspec}, "nbformat": 4}
    saved = {"type": "notebook", "format": "json", "content": {**notebook, "nbformat_minor": 5}}
    assert (await visitor.request("PUT", "api/contents/odd.ipynb", saved)).status in (200, 201)
    opened = await visitor.get("api/contents/odd.ipynb")
    found = opened["content"]["metadata"]["kernelspec"]
    assert found == kernelspec
    session = await visitor.start_session(found["name"], "odd.ipynb")
    assert session["kernel"]["name"] == full
    assert await visitor.get("api/sessions") == [session]


async def test_providers_and_kernels_with_names_that_are_alike(
    start: Start, places: dict[str, Process], remote: Process
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
        i: {"url": places[p].url, "token": {"value": places[p].token}} for i, p in ids.items()
    }
    declared["g"] = {"url": remote.url, "token": {"value": remote.token}}
    _, client = start(declared)
    names = {f"{provider_id}/python3": place for provider_id, place in ids.items()}
    for name in ("python3", "gpu", "gpu-b", "gpu--python3", "local", "python3.gpu"):
        names[f"g/{name}"] = "remote"
    names["python3"] = "local"
    for name in names:
        await client.wait_for_kernelspec(name)
    assert set(await client.kernelspecs()) == set(names)
    for name, place in names.items():
        kernel_id = await client.start_kernel(name)
        assert (await client.get(f"api/kernels/{kernel_id}"))["name"] == name
        assert await client.run(kernel_id, PRINT_PLACE) == f"{place}\n"
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    for name in ("gpu/gpu", "gpu-/python3", "gpu-b/gpu", "g/gpu/python3", "gpu"):
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status in (404, 500), name


async def test_a_provider_may_itself_have_providers(
    start: Start, places: dict[str, Process], troubled: Process, user: Client
) -> None:
    """Each server uses only the first part of a name, even if both know it."""
    well = places["gate-b"]
    _, client = start(
        {
            "hub": {"url": troubled.url, "token": {"value": troubled.token}},
            "well": {"url": well.url, "token": {"value": well.token}},
        }
    )
    names = {
        "python3": "local",
        "well/python3": "gate-b",
        "hub/python3": "troubled",
        "hub/well/python3": "gate-a",
    }
    for name, place in names.items():
        model = await client.wait_for_kernelspec(name)
        assert await client.get(f"api/kernelspecs/{quote(name, safe='')}") == model
        logo = await client.request("GET", model["resources"]["logo-svg"][1:])
        assert logo.status == 200
        kernel_id = await client.start_kernel(name)
        assert await client.run(kernel_id, PRINT_PLACE) == f"{place}\n"
        reply = await client.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["name"]) == (200, name)
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert await user.get("api/kernels") == []


async def test_base_urls_with_capitals_and_http_in_them(start: Start, tmp_path: Path) -> None:
    """Requests, logos and websockets use both servers' base URLs letter by letter."""
    far = jupyter_server(
        tmp_path / "far",
        token="token-of-far",
        base_url="/User/Alice/http-Proxy/",
        env={"PLACE": "far"},
        config=STOCK,
    )
    far.start()
    try:
        settings = {"url": far.url, "token": {"value": far.token}}
        server, client = start({"far": settings}, base_url="/Hub/User/Bob/https/")
        model = await client.wait_for_kernelspec("far/python3")
        for url in model["resources"].values():
            assert url.startswith("/Hub/User/Bob/https/kernelspecs/far%2Fpython3/")
            logo = await client.request("GET", url.removeprefix(server.base_url))
            assert logo.status == 200
        kernel_id = await client.start_kernel("far/python3")
        assert await client.run(kernel_id, PRINT_PLACE) == "far\n"
    finally:
        await client.close()
        far.stop()
