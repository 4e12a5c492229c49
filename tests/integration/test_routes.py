"""The REST API for other front ends: the list of providers, and the retry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.conftest import StartServer
from tests.support.client import Client, Reply, wait_until
from tests.support.processes import ServerProcess, declare, free_port
from tests.support.web_runner import stop

pytestmark = pytest.mark.server


async def state(client: Client, provider_id: str) -> Any:
    """Return one provider of the list, or None."""
    listed = (await client.get("api/kernel-providers"))["providers"]
    return next((provider for provider in listed if provider["id"] == provider_id), None)


async def wait_for_states(client: Client, provider_id: str, *states: str) -> Any:
    """Wait until a provider is in one of these states, and return it."""

    async def find() -> Any:
        provider = await state(client, provider_id)
        return provider if provider and provider["state"] in states else None

    return await wait_until(find)


@dataclass(frozen=True)
class Scenario:
    """A server with providers that are online, offline, off and invalid, and a client."""

    answer: dict[str, Any]
    started: datetime
    folder: Path
    gateway: ServerProcess
    client: Client

    @property
    def providers(self) -> list[dict[str, Any]]:
        return list(self.answer["providers"])


UNREACHABLE = "http://127.0.0.1:9"
TIMES = ("since", "last_seen", "latency_ms", "retry_in")
NO_FAILURE: dict[str, Any] = {
    "reason": "",
    "detail": "",
    "message": "",
    "warnings": [],
    "kernel_phases": [],
}


@pytest.fixture
async def scenario(start_server: StartServer, remote_servers: dict[str, ServerProcess]) -> Scenario:
    """Such a server, once each provider has answered or failed."""
    gateway, started = remote_servers["gate-a"], datetime.now().astimezone()
    online_settings = {
        "url": gateway.url,
        "token": {"value": gateway.token},
        "refresh_interval": 1000,
    }
    providers = {
        "b": {**online_settings, "label": "Farm"},
        "c": {"url": UNREACHABLE, "label": "Farm"},
        "a-off": {"enabled": False, "url": "http://gpu.example.org", "label": "Old"},
        "d-bad": {"url": "nonsense"},
    }
    config = {"KernelProviders": {"placement": "prefix"}}
    server, client = start_server(providers, config=config, base_url="/user/y/")
    await wait_for_states(client, "b", "online")
    await wait_for_states(client, "c", "offline")
    answer = await client.get("api/kernel-providers")
    return Scenario(answer, started, server.config_folder / "kernel_providers.d", gateway, client)


def expected(scenario: Scenario, provider_id: str, **fields: Any) -> dict[str, Any]:
    """Return a remote provider's fields, without those about times."""
    source = str(scenario.folder / f"{provider_id}.json")
    switch = "enable" if fields["state"] == "off" else "disable"
    may = {"origin": "user", "may": ["change", switch, "remove"]}
    common = {"kind": "gateway", "kernelspecs": "none", **may, **NO_FAILURE}
    return {**common, "id": provider_id, "source": source, **fields}


async def test_list_has_all_providers(scenario: Scenario) -> None:
    """Local kernels come first, then the others in order, then those that are off."""
    online = {"state": "online", "kernelspecs": "fresh"}
    nothing: dict[str, Any] = {"url": None, "source": None, "origin": None, "may": []}
    local = {"id": "local", "label": "This server", "kind": "local", **nothing}
    failed = {"state": "offline", "reason": "refused", "message": scenario.providers[2]["message"]}
    assert [{k: v for k, v in p.items() if k not in TIMES} for p in scenario.providers] == [
        {**local, **online, **NO_FAILURE},
        expected(scenario, "b", label="Farm [b]", url=scenario.gateway.url, **online),
        expected(scenario, "c", label="Farm [c]", url=UNREACHABLE, **failed),
        expected(scenario, "a-off", label="Old", url="http://gpu.example.org", state="off"),
    ]
    assert "refuses connections" in failed["message"]
    spec = (await scenario.client.kernelspecs())["b/python3"]["spec"]
    assert spec["metadata"]["kernel_provider_label"] == "Farm [b]"
    assert scenario.gateway.token not in str(scenario.answer)


async def test_list_has_problems(scenario: Scenario) -> None:
    """Each problem has its source and a sentence; the template is the server's."""
    [problem] = scenario.answer.pop("problems")
    assert (problem["origin"], problem["may"]) == ("user", ["change", "disable", "remove"])
    assert (problem["id"], problem["source"]) == ("d-bad", str(scenario.folder / "d-bad.json"))
    assert "the field 'url' is not a web address" in problem["message"]
    del scenario.answer["providers"]
    template = "{provider}: {kernel}"
    rest = {"default": "local", "template": template, "recent": [], "files": {}}
    assert scenario.answer == {**rest, "may_add": True}


async def test_list_has_files_that_can_be_opened(start_server: StartServer, tmp_path: Path) -> None:
    """Those below the root folder of the contents, by a path that the contents API answers."""
    shared = tmp_path / "server" / "root" / "shared"
    file = shared / "kernel_providers.d" / "x.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"enabled": false, "url": "http://gpu.example.org"}')
    _server, client = start_server(env={"JUPYTER_CONFIG_PATH": str(shared)})
    answer = await client.get("api/kernel-providers")
    path = answer["files"][str(file)]
    contents = await client.get(f"api/contents/{path}")
    assert contents["content"] == file.read_text()


async def test_list_has_times(scenario: Scenario) -> None:
    """Times have a zone; some providers have never answered; local and off are not polled."""
    local, online, offline, off = scenario.providers
    for provider in scenario.providers:
        since = datetime.fromisoformat(provider["since"])
        assert scenario.started < since < datetime.now().astimezone()
    assert datetime.fromisoformat(online["last_seen"]) >= datetime.fromisoformat(online["since"])
    assert 0 <= online["latency_ms"] < 20_000
    for provider in (local, offline, off):
        assert (provider["last_seen"], provider["latency_ms"]) == (None, None)
    assert 800 < online["retry_in"] <= 1200  # its interval and up to a fifth more
    assert 0 <= offline["retry_in"] <= 72
    assert (local["retry_in"], off["retry_in"]) == (None, None)


async def test_gateway_of_gateway_url_is_the_default(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Without local kernels, the gateway of --gateway-url is the default."""
    gateway = remote_servers["gate-b"]
    arguments = [f"--gateway-url={gateway.url}", f"--GatewayClient.auth_token={gateway.token}"]
    _, client = start_server(arguments=arguments)
    await wait_for_states(client, "gateway", "online")
    answer = await client.get("api/kernel-providers")
    assert answer["default"] == "gateway"
    assert [provider["id"] for provider in answer["providers"]] == ["gateway"]


async def test_list_without_configuration(start_server: StartServer) -> None:
    """Without configuration, there is one provider, and it is the default."""
    _, client = start_server()
    answer = await client.get("api/kernel-providers")
    assert [provider["id"] for provider in answer["providers"]] == ["local"]
    assert (answer["default"], answer["problems"]) == ("local", [])


async def test_retry_returns_the_new_state(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """A provider is asked at once, whatever its interval, and the answer has its new state."""
    settings = {"url": remote.url, "token": {"value": remote.token}, "refresh_interval": 10_000}
    _, client = start_server({"gpu.farm": settings})
    online = await wait_for_states(client, "gpu.farm", "online")
    remote.stop()
    for path in ("gpu.farm", "gpu%2Efarm"):
        reply = await client.request("POST", f"api/kernel-providers/{path}/retry")
        assert reply.status == 200
        offline = reply.body
        assert (offline["state"], offline["reason"]) == ("offline", "refused")
        assert (offline["kernelspecs"], offline["last_seen"]) == ("stale", online["last_seen"])
        assert 1 < offline["retry_in"] < 10
        listed = await state(client, "gpu.farm")
        del listed["may"]
        assert {**listed, "retry_in": None} == {**offline, "retry_in": None}
    remote.start()
    reply = await client.request("POST", "api/kernel-providers/gpu.farm/retry")
    assert (reply.body["state"], reply.body["kernelspecs"]) == ("online", "fresh")
    assert reply.body["last_seen"] > online["last_seen"]


async def test_retry_of_other_ids_is_not_found(start_server: StartServer) -> None:
    """A retry of an unknown, local, disabled or invalid provider is answered with a sentence."""
    server, client = start_server({"off": {"enabled": False, "url": UNREACHABLE}, "bad": {}})
    folder = server.config_folder / "kernel_providers.d"
    for provider_id, message in {
        "nobody": "There is no remote kernel provider 'nobody'.",
        "local": "There is no remote kernel provider 'local'.",
        "100%25%2F%2e%2e": "There is no remote kernel provider '100%/..'.",
        "off": f"The kernel provider off is off. See {folder}/off.json.",
        "bad": f"{folder}/bad.json: the field 'url' is missing. ",
    }.items():
        reply = await client.request("POST", f"api/kernel-providers/{provider_id}/retry")
        assert reply.status == 404
        assert message in reply.body["message"]
    assert "Traceback" not in server.log()


class DelayedServer:
    """A remote server that delays its answers until it is released."""

    def __init__(self) -> None:
        self.asked = 0
        self.released = asyncio.Event()

    async def answer(self, _: web.Request) -> web.Response:
        """Answer with no kernelspecs, once it is released."""
        self.asked += 1
        await self.released.wait()
        return web.json_response({"default": "", "kernelspecs": {}})

    async def wait_for_requests(self, times: int) -> None:
        """Wait for a number of requests."""

        async def has_enough() -> bool:
            return self.asked >= times

        await wait_until(has_enough, pause=0.02)


@pytest.fixture
async def delayed_server() -> AsyncIterator[tuple[DelayedServer, str]]:
    """A remote server that delays its answers, and its address."""
    delayed = DelayedServer()
    app = web.Application()
    app.router.add_get("/api/kernelspecs", delayed.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield delayed, f"http://127.0.0.1:{runner.addresses[0][1]}"
    delayed.released.set()
    await stop(runner)


async def test_simultaneous_retries_share_an_attempt(
    start_server: StartServer, delayed_server: tuple[DelayedServer, str]
) -> None:
    """Simultaneous retries share one attempt, and a client that disconnects does not end it."""
    gpu, url = delayed_server
    gpu.released.set()
    server, client = start_server({"gpu": {"url": url, "refresh_interval": 10_000}})
    await wait_for_states(client, "gpu", "online")
    gpu.released.clear()
    before = gpu.asked

    def retry() -> asyncio.Task[Reply]:
        return asyncio.create_task(client.request("POST", "api/kernel-providers/gpu/retry"))

    impatient = retry()
    await gpu.wait_for_requests(before + 1)
    patient = [retry() for _ in range(5)]
    # This request is answered after the retries have arrived.
    assert (await state(client, "gpu"))["retry_in"] == 0
    impatient.cancel()
    assert (await client.request("GET", "api/kernels")).status == 200
    gpu.released.set()
    replies = await asyncio.gather(*patient)
    assert [(reply.status, reply.body["state"]) for reply in replies] == [(200, "online")] * 5
    assert gpu.asked == before + 1
    assert "Traceback" not in server.log()


async def test_retry_ends_with_its_provider(
    start_server: StartServer, delayed_server: tuple[DelayedServer, str]
) -> None:
    """A retry ends when its provider is removed or changed."""
    gpu, url = delayed_server
    server, client = start_server({"gpu": {"url": url, "timeouts": {"request": 3600}}})
    await gpu.wait_for_requests(1)
    waiting = asyncio.create_task(client.request("POST", "api/kernel-providers/gpu/retry"))
    declare(server, "gpu", {"url": url, "enabled": False})
    reply = await waiting
    assert reply.status == 404
    assert "The kernel provider gpu is off." in reply.body["message"]


AUTHORIZER = """
from jupyter_server.auth import Authorizer

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return (action, resource) == ("read", "kernelspecs")
"""


async def test_list_and_retry_need_permissions(
    start_server: StartServer, tmp_path: Path, remote_servers: dict[str, ServerProcess]
) -> None:
    """Without a token nothing is returned; the permission to read does not allow a retry."""
    (tmp_path / "site_authorizer.py").write_text(AUTHORIZER)
    config = {"ServerApp": {"authorizer_class": "site_authorizer.ReadOnly"}}
    server, client = start_server(
        {"gpu": {"url": remote_servers["gate-a"].url}},
        config=config,
        env={"PYTHONPATH": str(tmp_path)},
    )
    stranger = Client(server.url, "")
    for method, path, allowed in (
        ("GET", "api/kernel-providers", 200),
        ("POST", "api/kernel-providers/gpu/retry", 403),
    ):
        assert (await client.request(method, path)).status == allowed
        reply = await stranger.request(method, path)
        assert reply.status == 403
        assert "gpu" not in str(reply.body)
    await stranger.close()


async def test_retry_needs_the_xsrf_token(start_server: StartServer) -> None:
    """Another site cannot cause a retry, because it has only the browser's cookie."""
    server, _ = start_server({"gpu": {"url": f"http://127.0.0.1:{free_port()}"}})
    url = URL(server.url)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await browser.get(url / "login" % {"token": server.token})
        cookies = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        retry = url / "api/kernel-providers/gpu/retry"
        async with browser.post(retry) as reply:
            assert reply.status == 403
        async with browser.post(retry, headers={"X-XSRFToken": cookies["_xsrf"]}) as reply:
            assert reply.status == 200


async def test_list_is_no_activity(start_server: StartServer) -> None:
    """A page that polls the list does not keep its server awake."""
    _, client = start_server()

    async def last_activity() -> Any:
        return (await client.get("api/status"))["last_activity"]

    before = await last_activity()
    await client.get("api/kernel-providers")
    assert await last_activity() == before
    await client.get("api/kernelspecs")
    assert await last_activity() > before
