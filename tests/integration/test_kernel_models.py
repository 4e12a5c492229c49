"""A provider's kernel models: unusual models, incomplete lists, forbidden lists."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from tests.support.client import Client, wait_until
from tests.support.fault_proxy import KERNELS, Fault, FaultProxy, altered_response, respond
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server

Model = dict[str, Any]
LIST = "/api/kernels"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def without(*fields: str) -> Callable[[Model], Model]:
    return lambda model: {key: value for key, value in model.items() if key not in fields}


def with_fields(**fields: object) -> Callable[[Model], Model]:
    return lambda model: {**model, **fields}


#: Changes of a kernel's model on its way to this server.
CHANGES: dict[str, Callable[[Model], Model]] = {
    "no connections": without("connections"),
    "connections are null": with_fields(connections=None),
    "no last activity": without("last_activity"),
    "no state": without("execution_state"),
    "state is null": with_fields(execution_state=None),
    "unknown state": with_fields(execution_state="dreaming"),
    "no name": without("name"),
    "name is null": with_fields(name=None),
    "another name": with_fields(name="somewhere/else"),
    "only an id": without("name", "last_activity", "execution_state", "connections"),
    "time without a fraction": with_fields(last_activity="2026-01-01T00:00:00Z"),
    "time with an offset": with_fields(last_activity="2026-01-01T00:00:00.000000+00:00"),
    "time without a zone": with_fields(last_activity="2026-01-01T00:00:00"),
    "time in the future": with_fields(last_activity="9999-12-31T23:59:59.999999Z"),
    "invalid time": with_fields(last_activity="yesterday"),
    "time is null": with_fields(last_activity=None),
    "time is a number": with_fields(last_activity=1.7e9),
    "unknown fields": with_fields(reason="", unheard={"of": [None]}, env=None),
}


def each(change: Callable[[Model], Model]) -> Callable[[Any], Any]:
    """Change each model of an answer, which has one kernel or a list of them."""
    return lambda answer: [*map(change, answer)] if isinstance(answer, list) else change(answer)


@pytest.mark.parametrize("name", CHANGES)
async def test_unusual_model_works(fault_client: Client, proxy: FaultProxy, name: str) -> None:
    """It starts, is listed correctly, runs, restarts, and can be polled."""
    await proxy.begin(altered_response(proxy.forward, each(CHANGES[name])), only=KERNELS)
    session = await fault_client.start_session("faulty/python3")
    kernel_id = session["kernel"]["id"]
    other = await fault_client.start_kernel(
        "faulty/python3"
    )  # several kernels are polled with a list
    assert await fault_client.run(kernel_id, "print(1)") == "1\n"
    reply = await fault_client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["id"]) == (200, kernel_id)
    before = len(proxy.requests)

    async def is_polled() -> bool:
        await fault_client.wait_for_state("faulty", "online")
        return f"GET {LIST}" in proxy.requests[before:]

    await wait_until(is_polled)
    models = await fault_client.get("api/kernels")
    assert {model["id"] for model in models} == {kernel_id, other}
    [listed] = await fault_client.get("api/sessions")
    for model in (*models, listed["kernel"]):
        assert model["name"] == "faulty/python3"
        assert TIME.fullmatch(model["last_activity"])
        assert isinstance(model["execution_state"], str)
        assert model["connections"] == 0
    assert (await fault_client.request("DELETE", f"api/kernels/{other}")).status == 204
    assert [model["id"] for model in await fault_client.get("api/kernels")] == [kernel_id]


async def test_gateway_may_use_own_ids(fault_client: Client, proxy: FaultProxy) -> None:
    """Its kernels have ids that Jupyter Server supports, and the gateway's ids are used there."""

    async def rename_in_request(request: web.Request) -> web.StreamResponse:
        path = request.raw_path.replace("/its%20own~", "/")
        if (request.method, path) != ("POST", LIST):
            return await proxy.forward(request, path)
        body = without("kernel_id")(await request.json())
        return await proxy.send(request, path, json.dumps(body).encode())

    def rename(model: Model) -> Model:
        return {**model, "id": "its own~" + model["id"]}

    await proxy.begin(altered_response(rename_in_request, each(rename)), only=KERNELS)
    ids = {await fault_client.start_kernel("faulty/python3") for _ in range(2)}
    for kernel_id in ids:
        assert await fault_client.run(kernel_id, "print(1)") == "1\n"
        reply = await fault_client.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["id"]) == (200, kernel_id)
    await fault_client.wait_for_state("faulty", "online")
    assert {model["id"] for model in await fault_client.get("api/kernels")} == ids
    for kernel_id in ids:
        assert (await fault_client.request("DELETE", f"api/kernels/{kernel_id}")).status == 204
    assert await fault_client.get("api/kernels") == []


@pytest.mark.parametrize("entry", [None, "text", [], {}, {"id": None}, {"id": 1}, {"id": "other"}])
async def test_invalid_kernels_are_skipped(
    fault_client: Client, proxy: FaultProxy, entry: object
) -> None:
    """A list with some invalid entries has the valid kernels."""
    ids = {await fault_client.start_kernel("faulty/python3") for _ in range(2)}

    def change(answer: Any) -> Any:
        return [entry, *answer] if isinstance(answer, list) else answer

    await proxy.begin(altered_response(proxy.forward, change), only=KERNELS)
    kernel = await fault_client.connect(next(iter(ids)))
    await kernel.keep_busy()

    async def is_busy() -> bool:
        await fault_client.wait_for_state("faulty", "online")
        return "busy" in [
            model["execution_state"] for model in await fault_client.get("api/kernels")
        ]

    await wait_until(is_busy)
    assert {model["id"] for model in await fault_client.get("api/kernels")} == ids
    await kernel.close()


async def test_one_failed_poll_loses_no_kernel(fault_client: Client, proxy: FaultProxy) -> None:
    """A gateway that answers one poll of its kernels with 503 keeps them all."""
    ids = {await fault_client.start_kernel("faulty/python3") for _ in range(2)}
    session = await fault_client.start_session("faulty/python3")
    ids.add(session["kernel"]["id"])
    answers: list[int] = []

    async def fail_once(request: web.Request) -> web.StreamResponse:
        fails = request.path == LIST and not answers
        response = await (respond(503) if fails else proxy.forward)(request)
        if request.path == LIST:
            answers.append(response.status)
        return response

    await proxy.begin(fail_once)

    async def was_polled(times: int) -> bool:
        await fault_client.wait_for_state("faulty", "online")
        return len(answers) >= times

    for times in (1, 2):
        await wait_until(partial(was_polled, times))
        assert {model["id"] for model in await fault_client.get("api/kernels")} == ids
        assert [one["id"] for one in await fault_client.get("api/sessions")] == [session["id"]]
    assert answers[:2] == [503, 200]
    for kernel_id in ids:
        assert await fault_client.run(kernel_id, "print(1)") == "1\n"


#: Answers of a provider to the request for a kernel that is missing in its list.
FAILURES: dict[str, Fault] = {
    "401": respond(401),
    "404 of a proxy": respond(404, "<h1>Not Found</h1>", "text/html"),
    "404 that names no kernel": respond(404, '{"message": "Not Found"}'),
    "429": respond(429),
    "500": respond(500),
    "502": respond(502, "<h1>Bad Gateway</h1>", "text/html"),
    "503": respond(503),
    "empty body": respond(200, ""),
    "null": respond(200, "null"),
    "list": respond(200, "[]"),
    "empty object": respond(200, "{}"),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_kernel_missing_in_list_is_kept_without_proof(
    fault_client: Client, proxy: FaultProxy, name: str
) -> None:
    """The request for the kernel itself decides, and only a 404 is proof."""
    ids = {await fault_client.start_kernel("faulty/python3") for _ in range(2)}
    lost = next(iter(ids))
    was_polled: list[str] = []

    async def hide_kernel(request: web.Request) -> web.StreamResponse:
        if request.path == LIST:
            return await altered_response(proxy.forward, remove_kernel)(request)
        if request.path != f"{LIST}/{lost}" or request.method != "GET":
            return await proxy.forward(request)
        was_polled.append(request.path)
        return await FAILURES[name](request)

    def remove_kernel(models: Any) -> Any:
        return [model for model in models if model["id"] != lost]

    await proxy.begin(hide_kernel)

    async def is_polled() -> bool:
        await fault_client.wait_for_state("faulty", "online")
        return len(was_polled) > 1

    await wait_until(is_polled)
    assert {model["id"] for model in await fault_client.get("api/kernels")} == ids
    assert await fault_client.run(lost, "print(1)") == "1\n"
    proxy.end()


@pytest.fixture
async def gateway(remote_servers: dict[str, ServerProcess]) -> AsyncIterator[Client]:
    """A client of the gateway that forbids the list of its kernels."""
    async with Client(remote_servers["gate-a"].url, remote_servers["gate-a"].token) as client:
        assert (await client.request("GET", "api/kernels")).status == 403
        yield client


async def test_gateway_that_forbids_listing_is_polled_per_kernel(
    fault_client: Client, gateway: Client
) -> None:
    """Several kernels have correct states, an ended kernel is noticed, and nothing is refused."""
    idle, busy, gone = [await fault_client.start_kernel("healthy/python3") for _ in range(3)]
    kernel = await fault_client.connect(busy)
    await kernel.keep_busy()
    await fault_client.run(idle, "")
    await gateway.request("DELETE", f"api/kernels/{gone}")

    async def states_are_correct() -> bool:
        await fault_client.wait_for_state("healthy", "online")
        models = await fault_client.get("api/kernels")
        return {m["id"]: m["execution_state"] for m in models} == {idle: "idle", busy: "busy"}

    await wait_until(states_are_correct)
    await kernel.close()
