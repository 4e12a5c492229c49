"""What a gateway is asked for its kernels, and what its answers mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from kernel_providers_ext.gateway import provider as provider_module
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    KernelGone,
    NoSuchKernelspec,
    ProviderUnavailable,
    RequestRefused,
)
from tests.unit.gateway.conftest import Serve, provider

ID = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
MODEL = {"id": ID, "name": "py", "execution_state": "idle"}
SPECS: dict[str, Any] = {
    "default": "py",
    "kernelspecs": {"py": {"name": "py", "spec": {}, "resources": {}}},
}


class Gateway:
    """A scripted gateway, which records requests; a test adds answers by method and path."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.answers: dict[tuple[str, str], Callable[[], Awaitable[web.Response]]] = {}

    def answer(self, method: str, path: str, body: object, status: int = 200) -> None:
        async def respond() -> web.Response:
            return web.json_response(body, status=status)

        self.answers[(method, path)] = respond

    async def respond(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        text = await request.text()
        self.bodies.append(json.loads(text) if text else None)
        respond = self.answers.get((request.method, request.path))
        if respond is None:
            kernel_id = request.path.split("/")[3] if request.path.count("/") > 2 else ""
            message = {"message": f"Kernel does not exist: {kernel_id}", "reason": None}
            return web.json_response(message, status=404)
        return await respond()


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


async def test_kernelspecs_that_have_not_changed_are_the_known_ones(
    serve: Serve, gateway: Gateway
) -> None:
    """They are not sent again; without an ETag, they are asked for each time."""
    gateway.answer("GET", "/api/kernelspecs", SPECS)
    gpu = provider(await serve(gateway.respond))
    known = await gpu.snapshot()
    assert (list(known.kernelspecs), known.default) == (["py"], "py")
    assert await gpu.snapshot(known) == known
    gateway.answer("GET", "/api/kernelspecs", None, 304)
    assert await gpu.snapshot(replace(known, validator='"1"')) == replace(known, validator='"1"')
    await gpu.aclose()


# -- the start -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "env", "body"),
    [
        (None, {}, {"name": "py", "kernel_id": ID}),
        ("", {}, {"name": "py", "kernel_id": ID, "path": ""}),
        (
            "a/b",
            {"KERNEL_X": "1"},
            {
                "name": "py",
                "kernel_id": ID,
                "path": "a/b",
                "env": {"KERNEL_X": "1", "KERNEL_ID": ID},
            },
        ),
    ],
)
async def test_what_a_start_sends(
    serve: Serve, gateway: Gateway, path: str | None, env: dict[str, str], body: dict[str, Any]
) -> None:
    """Kernel Gateway gives a kernel almost no environment if it gets one that is empty."""
    gateway.answer("POST", "/api/kernels", MODEL, 201)
    gpu = provider(await serve(gateway.respond))
    assert await gpu.start_kernel("py", kernel_id=ID, path=path, env=env) == MODEL
    assert gateway.bodies == [body]
    await gpu.aclose()


@pytest.mark.parametrize("model", [{}, {"id": ""}, {"id": 1}, {"id": ".."}])
async def test_a_kernel_without_an_id_is_no_kernel(
    serve: Serve, gateway: Gateway, model: dict[str, Any]
) -> None:
    """The server is not one of Jupyter."""
    gateway.answer("POST", "/api/kernels", model, 201)
    gpu = provider(await serve(gateway.respond))
    with pytest.raises(IncompatibleAnswer, match="a kernel without an 'id'"):
        await gpu.start_kernel("py", kernel_id=ID, path=None, env={})
    await gpu.aclose()


@pytest.mark.parametrize("name", ["py", "no"])
async def test_an_unknown_kernelspec_is_the_reason_if_it_is(
    serve: Serve, gateway: Gateway, name: str
) -> None:
    """A gateway answers just 500, or refuses; its list tells."""
    gateway.answer("POST", "/api/kernels", {"message": "There are too many."}, 403)
    kernelspecs = {**SPECS["kernelspecs"], "hidden": {"name": "hidden", "spec": {}}}
    gateway.answer("GET", "/api/kernelspecs", {**SPECS, "kernelspecs": kernelspecs})
    gpu = provider(await serve(gateway.respond), exclude=["hidden"])
    if name == "no":
        with pytest.raises(
            NoSuchKernelspec, match=r"no kernel called 'no'\. It has: py\."
        ) as error:
            await gpu.start_kernel(name, kernel_id=ID, path=None, env={})
        assert error.value.reason_code == "no_such_kernelspec"
    else:
        with pytest.raises(RequestRefused, match="There are too many"):
            await gpu.start_kernel(name, kernel_id=ID, path=None, env={})
    await gpu.aclose()


@pytest.mark.parametrize("has_started", [True, False])
async def test_a_start_that_a_proxy_gives_up_is_looked_for(
    serve: Serve, gateway: Gateway, has_started: bool
) -> None:
    """Until the start's own time is over."""
    gateway.answer("POST", "/api/kernels", {}, 504)
    if has_started:
        gateway.answer("GET", f"/api/kernels/{ID}", MODEL)
    gpu = provider(await serve(gateway.respond), timeouts={"start": 1})
    start = gpu.start_kernel("py", kernel_id=ID, path=None, env={})
    if has_started:
        assert await start == MODEL
    else:
        with pytest.raises(ProviderUnavailable):
            await start
        assert gateway.requests.count(("GET", f"/api/kernels/{ID}")) >= 2
    assert gateway.requests.count(("POST", "/api/kernels")) == 1
    await gpu.aclose()


@pytest.mark.parametrize("words", ["", "upstream request timeout"])
async def test_a_start_is_looked_for_while_the_proxy_gives_up_other_requests_too(
    serve: Serve, gateway: Gateway, words: str
) -> None:
    """With any words of the proxy."""
    gateway.answer("POST", "/api/kernels", {"message": words}, 504)

    async def slow() -> web.Response:
        gateway.answer("GET", f"/api/kernels/{ID}", MODEL)
        return web.json_response({"message": words}, status=504)

    gateway.answers[("GET", f"/api/kernels/{ID}")] = slow
    gpu = provider(await serve(gateway.respond), timeouts={"start": 60})
    assert await gpu.start_kernel("py", kernel_id=ID, path=None, env={}) == MODEL
    await gpu.aclose()


async def test_a_start_without_an_answer_is_looked_for(serve: Serve, gateway: Gateway) -> None:
    """A device on the way may have dropped the connection without telling."""

    is_over = asyncio.Event()

    async def silent() -> web.Response:
        await is_over.wait()
        return web.json_response(MODEL)

    gateway.answers[("POST", "/api/kernels")] = silent
    gateway.answer("GET", f"/api/kernels/{ID}", MODEL)
    gpu = provider(await serve(gateway.respond), timeouts={"request": 0.2, "start": 60})
    assert await gpu.start_kernel("py", kernel_id=ID, path=None, env={}) == MODEL
    assert gateway.requests == [("POST", "/api/kernels"), ("GET", f"/api/kernels/{ID}")]
    is_over.set()
    await gpu.aclose()


# -- running kernels -------------------------------------------------------------------------------


async def test_several_kernels_are_one_request(serve: Serve, gateway: Gateway) -> None:
    """One that the list does not have is asked for; of others nothing is told."""
    gateway.answer("GET", "/api/kernels", [MODEL, {"id": "others"}, "no model", {"id": 1}])
    gateway.answer("GET", f"/api/kernels/{OTHER}", {**MODEL, "id": OTHER})
    gpu = provider(await serve(gateway.respond))
    found = await gpu.kernels([ID, OTHER])
    assert found == {ID: MODEL, OTHER: {**MODEL, "id": OTHER}}
    assert gateway.requests == [("GET", "/api/kernels"), ("GET", f"/api/kernels/{OTHER}")]
    assert [model["id"] for model in await gpu.running_kernels()] == [ID, "others"]
    await gpu.aclose()


async def test_a_gateway_that_lists_no_kernels_is_asked_for_each(
    serve: Serve, gateway: Gateway
) -> None:
    """It is asked for the list once; what is gone is proved by several answers."""
    gateway.answer("GET", "/api/kernels", {"message": "Forbidden"}, 403)
    gateway.answer("GET", "/api/kernelspecs", SPECS)
    gateway.answer("GET", f"/api/kernels/{ID}", MODEL)
    gpu = provider(await serve(gateway.respond))
    for _ in range(2):
        assert await gpu.kernels([ID, OTHER]) == {ID: MODEL, OTHER: None}
    assert gateway.requests.count(("GET", "/api/kernels")) == 1
    times = 2 * (1 + provider_module.CONFIRMATIONS)
    assert gateway.requests.count(("GET", f"/api/kernels/{OTHER}")) == times
    with pytest.raises(RequestRefused) as error:
        await gpu.running_kernels()
    assert error.value.reason_code == "no_listing"
    await gpu.aclose()


@pytest.mark.parametrize("is_other_known", [True, False])
async def test_what_is_known_is_told_although_the_rest_failed(
    serve: Serve, gateway: Gateway, is_other_known: bool
) -> None:
    """If nothing is known, the failure is."""
    gateway.answer("GET", "/api/kernels", [MODEL] if is_other_known else [])
    if not is_other_known:
        gateway.answer("GET", f"/api/kernels/{ID}", {}, 503)
    gateway.answer("GET", f"/api/kernels/{OTHER}", {}, 503)
    gpu = provider(await serve(gateway.respond))
    if is_other_known:
        assert await gpu.kernels([ID, OTHER]) == {ID: MODEL}
    else:
        with pytest.raises(ProviderUnavailable):
            await gpu.kernels([ID, OTHER])
    await gpu.aclose()


# -- what users have them do -----------------------------------------------------------------------


async def test_kernels_are_interrupted_restarted_and_stopped(
    serve: Serve, gateway: Gateway
) -> None:
    """By the routes of Jupyter Server."""
    gateway.answer("POST", f"/api/kernels/{ID}/interrupt", None, 204)
    gateway.answer("POST", f"/api/kernels/{ID}/restart", MODEL)
    gateway.answer("DELETE", f"/api/kernels/{ID}", None, 204)
    gpu = provider(await serve(gateway.respond))
    await gpu.interrupt_kernel(ID)
    await gpu.restart_kernel(ID)
    await gpu.shutdown_kernel(ID)
    assert gateway.requests == [
        ("POST", f"/api/kernels/{ID}/interrupt"),
        ("POST", f"/api/kernels/{ID}/restart"),
        ("DELETE", f"/api/kernels/{ID}"),
    ]
    await gpu.aclose()


async def test_a_kernel_that_is_gone_counts_as_stopped(serve: Serve, gateway: Gateway) -> None:
    """Anything else that is asked of it fails with that proof."""
    gpu = provider(await serve(gateway.respond))
    await gpu.shutdown_kernel(ID)
    for act in (gpu.interrupt_kernel, gpu.restart_kernel):
        with pytest.raises(KernelGone):
            await act(ID)
    await gpu.aclose()


async def test_a_kernel_that_another_server_has_is_not_stopped(
    serve: Serve, gateway: Gateway
) -> None:
    """The failure names the load balancer; later answers prove nothing either."""
    gateway.answer("GET", f"/api/kernels/{ID}", MODEL)
    gpu = provider(await serve(gateway.respond))
    with pytest.raises(RequestRefused) as error:
        await gpu.shutdown_kernel(ID)
    assert error.value.reason_code == "several_servers"
    del gateway.answers[("GET", f"/api/kernels/{ID}")]
    before = len(gateway.requests)
    with pytest.raises(RequestRefused):
        await gpu.kernels([ID])
    assert len(gateway.requests) == before + 1
    await gpu.aclose()


@pytest.mark.parametrize(
    ("change", "is_adopted"), [({"label": "B"}, True), ({"token": {"value": "token-of-b"}}, False)]
)
async def test_connections_stay_open_if_they_do_not_depend_on_a_change(
    serve: Serve, gateway: Gateway, change: dict[str, Any], is_adopted: bool
) -> None:
    """A new name needs none; messages have it at once."""
    url = await serve(gateway.respond)
    gpu = provider(url)
    with pytest.raises(KernelGone):
        await gpu.interrupt_kernel(ID)
    assert gpu.reconfigure(provider(url, **change).config) == is_adopted
    gateway.answer("POST", f"/api/kernels/{ID}/interrupt", {}, 503)
    with pytest.raises(ProviderUnavailable) as error:
        await gpu.interrupt_kernel(ID)
    assert ("B" in error.value.message.split()[0]) == is_adopted
    await gpu.aclose()
