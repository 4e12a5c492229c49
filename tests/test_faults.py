"""Whatever a provider answers, or does not: nobody else notices, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest
from aiohttp import web

from .client import Client, until
from .faults import (
    Fault,
    FaultProxy,
    answering,
    endless,
    half_an_answer,
    reset,
    silence,
    truncated,
)
from .processes import Process, declare, free_port, jupyter_server

pytestmark = pytest.mark.server

PAGE = "<!doctype html><title>Log in</title>"
SPECS = "api/kernelspecs"
LISTS = ("api", SPECS, "api/kernels", "api/sessions", "api/status", "api/kernel-providers")

#: Seconds that an answer may take while a provider that hangs has a hundred for its own.
PATIENCE = 5

#: name: (what the provider does, the state that it is then in, the reason for it)
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "401": (answering(401), "unauthorised", "unauthorised"),
    "403": (answering(403), "unauthorised", "forbidden"),
    "404 with a message": (answering(404), "offline", "refused_request"),
    "404 with a page": (answering(404, PAGE, "text/html"), "incompatible", "incompatible"),
    "429": (answering(429, Retry_After="1"), "offline", "overloaded"),
    "500": (answering(500), "offline", "refused_request"),
    "500 with a page": (answering(500, PAGE, "text/html"), "offline", "server_error"),
    "502": (answering(502, PAGE, "text/html"), "offline", "server_error"),
    "503": (answering(503), "offline", "server_error"),
    "504": (answering(504), "offline", "server_error"),
    "a page": (answering(200, PAGE, "text/html"), "incompatible", "incompatible"),
    "a page that claims to be JSON": (answering(200, PAGE), "incompatible", "incompatible"),
    "another object": (answering(200, "{}"), "incompatible", "incompatible"),
    "a list": (answering(200, "[]"), "incompatible", "incompatible"),
    "nothing": (answering(200, ""), "incompatible", "incompatible"),
    "a redirect to another host": (
        answering(302, "", Location="http://elsewhere.invalid/log-in"),
        "incompatible",
        "incompatible",
    ),
    "no answer": (silence, "offline", "timeout"),
    "half an answer": (half_an_answer, "offline", "timeout"),
    "an answer that is cut": (truncated, "incompatible", "incompatible"),
    "an answer without an end": (endless, "incompatible", "incompatible"),
    "a connection that is reset": (reset, "offline", "reset"),
}


@pytest.fixture(scope="module")
def port() -> int:
    """Where the provider with the faults is."""
    return free_port()


@pytest.fixture(scope="module")
def site(
    places: dict[str, Process], port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """A server with a provider that has faults, and one that is well."""
    server = jupyter_server(tmp_path_factory.mktemp("faults"), token="token-of-server")
    far, well = places["gate-b"], places["gate-a"]
    faulty = {
        "url": f"http://127.0.0.1:{port}",
        "token": {"value": far.token},
        "refresh_interval": 1,
        "timeouts": {"connect": 2, "request": 3, "start": 10},
    }
    declare(server, "faulty", faulty)
    declare(server, "well", {"url": well.url, "token": {"value": well.token}})
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log()


@pytest.fixture
async def proxy(places: dict[str, Process], port: int) -> AsyncIterator[FaultProxy]:
    """The way to the provider, without a fault yet."""
    made = FaultProxy(places["gate-b"].url, port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def client(site: Process, proxy: FaultProxy) -> AsyncIterator[Client]:
    """A client of the server, which has no kernel at first and at last."""
    made = Client(site.url, site.token)
    yield made
    proxy.end()
    for kernel in await made.get("api/kernels"):
        await made.request("DELETE", f"api/kernels/{kernel['id']}")
    await made.close()


async def become(client: Client, state: str) -> dict[str, str]:
    """Have the provider asked until it is in a state, and return all that is known of it."""

    async def found() -> dict[str, str] | None:
        reply = await client.request("POST", "api/kernel-providers/faulty/retry")
        model: dict[str, str] = reply.body
        return model if model["state"] == state else None

    model: dict[str, str] = await until(found)
    return model


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_the_providers_own(client: Client, proxy: FaultProxy, name: str) -> None:
    """All lists answer, complete; local cells run; the provider's kernel is there, and survives."""
    fault, state, reason = FAULTS[name]
    await become(client, "online")
    await client.wait_for_kernelspec("well/python3")
    names = set(await client.kernelspecs())
    assert names == {"python3", "well/python3", "faulty/python3"}
    session = await client.start_session("faulty/python3", "far.ipynb")
    far = session["kernel"]["id"]
    assert await client.run(far, "x = 42") == ""
    near = await client.start_kernel("python3")

    await proxy.begin(fault)
    known = await become(client, state)
    assert known["reason"] == reason
    assert known["sentence"]
    for path in LISTS:
        await asyncio.wait_for(client.get(path), PATIENCE)
    assert set(await client.kernelspecs()) == names
    assert {kernel["id"] for kernel in await client.get("api/kernels")} == {near, far}
    assert [one["id"] for one in await client.get("api/sessions")] == [session["id"]]
    assert await asyncio.wait_for(client.run(near, "print(1 + 1)"), 4 * PATIENCE) == "2\n"
    started = await client.request("POST", "api/kernels", {"name": "faulty/python3"})
    assert started.status in (502, 503), "a remote's 401 would look like the user's own"
    assert "faulty" in started.body["message"]

    proxy.end()
    await become(client, "online")
    assert await client.run(far, "print(x)") == "42\n", "it is the same kernel"


async def test_a_kernel_that_goes_while_it_is_connected_to_is_dead(
    client: Client, proxy: FaultProxy, places: dict[str, Process]
) -> None:
    """A gateway may take a minute to connect to a kernel, which may have died by then."""
    await become(client, "online")
    kernel_id = await client.start_kernel("faulty/python3")
    asked, answer = asyncio.Event(), asyncio.Event()

    async def hesitate(request: web.Request) -> web.StreamResponse:
        asked.set()
        await answer.wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    await proxy.begin(hesitate, only="/channels")
    opening = asyncio.create_task(client.open(kernel_id))
    await asked.wait()
    remote = Client(places["gate-b"].url, places["gate-b"].token)
    await remote.request("DELETE", f"api/kernels/{kernel_id}")
    await remote.close()

    async def gone() -> bool:
        await client.request("POST", "api/kernel-providers/faulty/retry")
        return (await client.request("GET", f"api/kernels/{kernel_id}")).status == 404

    await until(gone)
    answer.set()
    last, code, _ = await (await opening).until_closed()
    assert '"execution_state": "dead"' in last
    assert code == 1000


class Starts:
    """Answers each request for a kernel so that nobody knows what becomes of it."""

    def __init__(self, proxy: FaultProxy, answer: Fault, delay: float) -> None:
        self._proxy, self._answer, self._delay = proxy, answer, delay
        self._starting: list[asyncio.Task[web.StreamResponse]] = []
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self._proxy.pass_on(request)
        self.count += 1
        await request.read()
        self._starting.append(asyncio.create_task(self._start(request)))
        return await self._answer(request)

    async def _start(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._delay)
        return await self._proxy.pass_on(request)


@pytest.fixture
async def gateway(places: dict[str, Process]) -> AsyncIterator[Client]:
    """The gateway behind the proxy, asked without us; no other kernel runs there."""
    made = Client(places["gate-b"].url, places["gate-b"].token)

    async def is_empty() -> bool:
        return not await made.get("api/kernels")

    await until(is_empty)
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("answer", "delay"),
    [(answering(504, PAGE, "text/html"), 6), (truncated, 0), (reset, 0), (answering(502), 1)],
    ids=["a proxy that gives up", "an answer that is cut", "a reset", "an error of a proxy"],
)
async def test_a_start_that_nobody_has_answered_is_found(
    client: Client, proxy: FaultProxy, gateway: Client, answer: Fault, delay: float
) -> None:
    """The user gets the kernel, and there is one of it."""
    await become(client, "online")
    starts = Starts(proxy, answer, delay)
    await proxy.begin(starts, only="/api/kernels")
    kernel_id = await client.start_kernel("faulty/python3")
    assert starts.count == 1, "what may have been done is not done again"
    assert [kernel["id"] for kernel in await gateway.get("api/kernels")] == [kernel_id]
    assert [kernel["id"] for kernel in await client.get("api/kernels")] == [kernel_id]
    proxy.end()
    assert await client.run(kernel_id, "print(1)") == "1\n"


async def test_a_kernel_that_comes_too_late_is_stopped(
    client: Client, proxy: FaultProxy, gateway: Client
) -> None:
    """The user has been told that it did not start; so it is not left behind either."""
    await become(client, "online")
    await proxy.begin(Starts(proxy, silence, 12), only="/api/kernels")
    reply = await client.request("POST", "api/kernels", {"name": "faulty/python3"})
    assert reply.status == 503
    assert "did not answer in time" in reply.body["message"]
    assert await client.get("api/kernels") == []
    seen = []

    async def has_come_and_gone() -> bool:
        seen.append(len(await gateway.get("api/kernels")))
        return 1 in seen and seen[-1] == 0

    await until(has_come_and_gone)


def kernelspecs(*names: str, **more: object) -> str:
    """Return the body of a list of kernelspecs."""
    specs = {n: {"name": n, "spec": {"display_name": n, "language": "x"}} for n in names}
    return json.dumps({"default": "nowhere", "kernelspecs": specs, **more})


ODD = (
    "two words",
    "CAPITALS",
    "naïve-ünï",
    "100%",
    "a+b",
    "a/b",
    "..",
    "a.b-c_d",
    "日本",
    "x" * 200,
)


async def test_odd_names_and_fields_are_listed_and_found(client: Client, proxy: FaultProxy) -> None:
    """Every name that a provider has is a kernel here, each under an address that is its own."""
    await proxy.begin(answering(200, kernelspecs(*ODD, unheard={"of": None})))
    await become(client, "online")
    expected = {f"faulty/{name}" for name in ODD}

    async def listed() -> bool:
        return expected <= set(await client.kernelspecs())

    await until(listed)
    for name in ODD:
        path = f"{SPECS}/{quote(f'faulty/{name}', safe='').replace('.', '%2E')}"
        model = await client.get(path)
        assert model["name"] == f"faulty/{name}", path


async def test_what_is_no_kernelspec_hides_none_that_is(client: Client, proxy: FaultProxy) -> None:
    """A list in which some entries make no sense has the others."""
    body = json.loads(kernelspecs("good"))
    body["kernelspecs"] |= {
        "null": None,
        "text": "text",
        "bare": {},
        "no-name": {"spec": {"display_name": None, "language": None}, "resources": None},
    }
    await proxy.begin(answering(200, json.dumps(body)))
    await become(client, "online")

    async def listed() -> bool:
        return "faulty/good" in await client.kernelspecs()

    await until(listed)
    assert {"python3", "faulty/good"} <= set(await client.kernelspecs())


async def test_a_very_long_list_delays_nobody(client: Client, proxy: FaultProxy) -> None:
    """10,000 kernelspecs of one provider are listed, while all else goes on."""
    names = [f"kernel-{number}" for number in range(10_000)]
    near = await client.start_kernel("python3")
    await proxy.begin(answering(200, kernelspecs(*names)))
    await become(client, "online")

    async def listed() -> bool:
        return len(await client.kernelspecs()) > len(names)

    await until(listed)
    assert await asyncio.wait_for(client.run(near, "print(1)"), 4 * PATIENCE) == "1\n"


async def test_a_provider_that_comes_and_goes_changes_no_list(
    site: Process, client: Client, proxy: FaultProxy
) -> None:
    """The kernelspecs are byte for byte the same, and the log has a line a change, not a poll."""
    await become(client, "online")
    await client.wait_for_kernelspec("well/python3")
    seen = {json.dumps(await client.get(SPECS))}
    before = len(site.log().splitlines())
    for _ in range(5):
        await proxy.begin(answering(503))
        await become(client, "offline")
        seen.add(json.dumps(await client.get(SPECS)))
        proxy.end()
        await become(client, "online")
        seen.add(json.dumps(await client.get(SPECS)))
    assert len(seen) == 1
    lines = [line for line in site.log().splitlines()[before:] if "provider faulty" in line]
    assert len(lines) == 10
