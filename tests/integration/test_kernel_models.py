"""A provider's kernel models: unusual models, incomplete lists, forbidden lists."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from tests.support.client import Client, until
from tests.support.fault_proxy import KERNELS, Fault, FaultProxy, altered, answering
from tests.support.processes import Process

pytestmark = pytest.mark.server

Model = dict[str, Any]
LIST = "/api/kernels"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def without(*fields: str) -> Callable[[Model], Model]:
    return lambda model: {key: value for key, value in model.items() if key not in fields}


def with_fields(**fields: object) -> Callable[[Model], Model]:
    return lambda model: {**model, **fields}


#: Changes of a kernel's model on its way to this server.
ODD: dict[str, Callable[[Model], Model]] = {
    "no connections": without("connections"),
    "connections that are no number": with_fields(connections=None),
    "no last activity": without("last_activity"),
    "no state": without("execution_state"),
    "a state that is null": with_fields(execution_state=None),
    "a state that nobody knows": with_fields(execution_state="dreaming"),
    "no name": without("name"),
    "a name that is null": with_fields(name=None),
    "another name": with_fields(name="somewhere/else"),
    "nothing but an id": without("name", "last_activity", "execution_state", "connections"),
    "a time without a fraction": with_fields(last_activity="2026-01-01T00:00:00Z"),
    "a time with an offset": with_fields(last_activity="2026-01-01T00:00:00.000000+00:00"),
    "a time without a zone": with_fields(last_activity="2026-01-01T00:00:00"),
    "a time to come": with_fields(last_activity="9999-12-31T23:59:59.999999Z"),
    "a time that is none": with_fields(last_activity="yesterday"),
    "a time that is null": with_fields(last_activity=None),
    "a time that is a number": with_fields(last_activity=1.7e9),
    "fields that nobody knows": with_fields(reason="", unheard={"of": [None]}, env=None),
}


def each(change: Callable[[Model], Model]) -> Callable[[Any], Any]:
    """Change each model of an answer, which has one kernel or a list of them."""
    return lambda answer: [*map(change, answer)] if isinstance(answer, list) else change(answer)


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_model_is_a_kernel_like_any_other(
    user: Client, proxy: FaultProxy, name: str
) -> None:
    """It starts, is listed correctly, runs, restarts, and can be polled."""
    await proxy.begin(altered(proxy.pass_on, each(ODD[name])), only=KERNELS)
    session = await user.start_session("faulty/python3")
    kernel_id = session["kernel"]["id"]
    other = await user.start_kernel("faulty/python3")  # several kernels are polled with a list
    assert await user.run(kernel_id, "print(1)") == "1\n"
    reply = await user.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["id"]) == (200, kernel_id)
    before = len(proxy.asked)

    async def asked_for() -> bool:
        await user.wait_for_state("faulty", "online")
        return f"GET {LIST}" in proxy.asked[before:]

    await until(asked_for)
    models = await user.get("api/kernels")
    assert {model["id"] for model in models} == {kernel_id, other}
    [listed] = await user.get("api/sessions")
    for model in (*models, listed["kernel"]):
        assert model["name"] == "faulty/python3"
        assert TIME.fullmatch(model["last_activity"])
        assert isinstance(model["execution_state"], str)
        assert model["connections"] == 0
    assert (await user.request("DELETE", f"api/kernels/{other}")).status == 204
    assert [model["id"] for model in await user.get("api/kernels")] == [kernel_id]


async def test_a_gateway_may_have_ids_of_its_own(user: Client, proxy: FaultProxy) -> None:
    """Its kernels have ids that Jupyter Server supports, and the gateway's ids are used there."""

    async def renamed(request: web.Request) -> web.StreamResponse:
        path = request.raw_path.replace("/its%20own~", "/")
        if (request.method, path) != ("POST", LIST):
            return await proxy.pass_on(request, path)
        body = without("kernel_id")(await request.json())
        return await proxy.ask(request, path, json.dumps(body).encode())

    def rename(model: Model) -> Model:
        return {**model, "id": "its own~" + model["id"]}

    await proxy.begin(altered(renamed, each(rename)), only=KERNELS)
    ids = {await user.start_kernel("faulty/python3") for _ in range(2)}
    for kernel_id in ids:
        assert await user.run(kernel_id, "print(1)") == "1\n"
        reply = await user.request("POST", f"api/kernels/{kernel_id}/restart")
        assert (reply.status, reply.body["id"]) == (200, kernel_id)
    await user.wait_for_state("faulty", "online")
    assert {model["id"] for model in await user.get("api/kernels")} == ids
    for kernel_id in ids:
        assert (await user.request("DELETE", f"api/kernels/{kernel_id}")).status == 204
    assert await user.get("api/kernels") == []


@pytest.mark.parametrize("entry", [None, "text", [], {}, {"id": None}, {"id": 1}, {"id": "other"}])
async def test_what_is_no_kernel_hides_none_that_is(
    user: Client, proxy: FaultProxy, entry: object
) -> None:
    """A list with some invalid entries has the valid kernels."""
    ids = {await user.start_kernel("faulty/python3") for _ in range(2)}

    def change(answer: Any) -> Any:
        return [entry, *answer] if isinstance(answer, list) else answer

    await proxy.begin(altered(proxy.pass_on, change), only=KERNELS)
    kernel = await user.connect(next(iter(ids)))
    await kernel.begin_work()

    async def is_busy() -> bool:
        await user.wait_for_state("faulty", "online")
        return "busy" in [model["execution_state"] for model in await user.get("api/kernels")]

    await until(is_busy)
    assert {model["id"] for model in await user.get("api/kernels")} == ids
    await kernel.close()


async def test_one_error_in_answer_to_a_list_of_kernels_loses_none(
    user: Client, proxy: FaultProxy
) -> None:
    """A gateway that answers one poll of its kernels with 503 keeps them all."""
    ids = {await user.start_kernel("faulty/python3") for _ in range(2)}
    session = await user.start_session("faulty/python3")
    ids.add(session["kernel"]["id"])
    answered: list[int] = []

    async def once(request: web.Request) -> web.StreamResponse:
        fails = request.path == LIST and not answered
        response = await (answering(503) if fails else proxy.pass_on)(request)
        if request.path == LIST:
            answered.append(response.status)
        return response

    await proxy.begin(once)

    async def asked(times: int) -> bool:
        await user.wait_for_state("faulty", "online")
        return len(answered) >= times

    for times in (1, 2):
        await until(partial(asked, times))
        assert {model["id"] for model in await user.get("api/kernels")} == ids
        assert [one["id"] for one in await user.get("api/sessions")] == [session["id"]]
    assert answered[:2] == [503, 200]
    for kernel_id in ids:
        assert await user.run(kernel_id, "print(1)") == "1\n"


#: Answers of a provider to the request for a kernel that is missing in its list.
NO_PROOF: dict[str, Fault] = {
    "401": answering(401),
    "404 of a proxy": answering(404, "<h1>Not Found</h1>", "text/html"),
    "404 that names no kernel": answering(404, '{"message": "Not Found"}'),
    "429": answering(429),
    "500": answering(500),
    "502": answering(502, "<h1>Bad Gateway</h1>", "text/html"),
    "503": answering(503),
    "an empty answer": answering(200, ""),
    "null": answering(200, "null"),
    "a list": answering(200, "[]"),
    "an empty object": answering(200, "{}"),
}


@pytest.mark.parametrize("name", NO_PROOF)
async def test_a_kernel_that_is_missing_in_the_list_is_kept_without_proof(
    user: Client, proxy: FaultProxy, name: str
) -> None:
    """The request for the kernel itself decides, and only a 404 is proof."""
    ids = {await user.start_kernel("faulty/python3") for _ in range(2)}
    lost = next(iter(ids))
    asked: list[str] = []

    async def forgetful(request: web.Request) -> web.StreamResponse:
        if request.path == LIST:
            return await altered(proxy.pass_on, leave_out)(request)
        if request.path != f"{LIST}/{lost}" or request.method != "GET":
            return await proxy.pass_on(request)
        asked.append(request.path)
        return await NO_PROOF[name](request)

    def leave_out(models: Any) -> Any:
        return [model for model in models if model["id"] != lost]

    await proxy.begin(forgetful)

    async def asked_for() -> bool:
        await user.wait_for_state("faulty", "online")
        return len(asked) > 1

    await until(asked_for)
    assert {model["id"] for model in await user.get("api/kernels")} == ids
    assert await user.run(lost, "print(1)") == "1\n"
    proxy.end()


@pytest.fixture
async def gateway(places: dict[str, Process]) -> AsyncIterator[Client]:
    """A client of the gateway that forbids the list of its kernels."""
    async with Client(places["gate-a"].url, places["gate-a"].token) as made:
        assert (await made.request("GET", "api/kernels")).status == 403
        yield made


async def test_a_gateway_that_forbids_to_list_its_kernels_is_asked_for_each(
    user: Client, gateway: Client
) -> None:
    """Several kernels have correct states, an ended kernel is noticed, and nothing is refused."""
    idle, busy, gone = [await user.start_kernel("well/python3") for _ in range(3)]
    kernel = await user.connect(busy)
    await kernel.begin_work()
    await user.run(idle, "")
    await gateway.request("DELETE", f"api/kernels/{gone}")

    async def states() -> bool:
        await user.wait_for_state("well", "online")
        models = await user.get("api/kernels")
        return {m["id"]: m["execution_state"] for m in models} == {idle: "idle", busy: "busy"}

    await until(states)
    await kernel.close()
