"""The event about changes: when it is emitted, and when not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from jupyter_events import EventLogger

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.server.events import CHANGED, DELAY, ChangedEvents
from tests.conftest import MakeProviders, StartServer
from tests.support.client import Client, wait_until
from tests.support.fake_provider import FakeProvider, gateway, scripted, snapshot, started
from tests.support.processes import ServerProcess, declare

TIMEOUT = 60
SPECS, STATES = {"kernelspecs": True}, {"kernelspecs": False}


class Listener:
    """Receives the events about the providers of one server."""

    def __init__(self, providers: KernelProviders, logger: EventLogger | None = None) -> None:
        self.logger = logger or EventLogger()
        self._heard: list[dict[str, Any]] = []
        ChangedEvents(providers, self.logger).follow()
        self.logger.add_listener(schema_id=CHANGED, listener=self._hear)

    async def _hear(self, logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        self._heard.append(data)

    async def update(self) -> list[dict[str, Any]]:
        """Return what was received since the last call, once all due events were emitted."""
        await asyncio.sleep(1.5 * DELAY)  # ends after the timer of any change before it
        await self.logger.gather_listeners()
        heard, self._heard = self._heard, []
        return heard


def asked(providers: KernelProviders, provider_id: str) -> FakeProvider:
    """Return a fake provider."""
    provider = providers.provider(provider_id)
    assert isinstance(provider, FakeProvider)
    return provider


async def test_a_burst_is_one_event(make_providers: MakeProviders) -> None:
    """Changes at about the same time, such as the first answers, are one event."""
    providers = make_providers(*(scripted(name, "py") for name in "abc"))
    listener = Listener(providers)
    await started(providers)
    assert await listener.update() == [SPECS]


async def test_each_change_of_the_configuration_is_an_event(make_providers: MakeProviders) -> None:
    """Providers that are added, removed, off or not loaded are; the same once more is not."""
    a, off = scripted("a", "py"), gateway("off", enabled=False)
    bad, worse = gateway("bad", tokn=1), gateway("bad", lable="x")
    other = scripted("b")  # it has no kernel to offer
    assert isinstance(a.settings, dict)
    labelled = Declaration("a", "a.json", {**a.settings, "label": "A"})
    disabled = Declaration("a", "a.json", {**a.settings, "enabled": False})
    providers = await started(make_providers(a))
    listener = Listener(providers)
    for declarations, expected in (
        ([a], []),
        ([a, off], [STATES]),
        ([a, off], []),
        ([a, off, bad], [STATES]),
        ([a, off, worse], [STATES]),
        ([a, off, worse], []),
        ([a], [STATES]),
        ([a, other], [STATES]),
        ([labelled, other], [SPECS]),
        ([disabled, other], [SPECS]),
        ([labelled, other], [SPECS]),
        ([labelled], [STATES]),
        ([], [SPECS]),
    ):
        providers.apply(declarations)
        assert await listener.update() == expected, declarations


async def test_each_change_of_a_provider_is_an_event(make_providers: MakeProviders) -> None:
    """New kernelspecs, failure and recovery are events; the same answer again is not."""
    providers = await started(make_providers(scripted("a", "py"), local_enabled=False))
    listener = Listener(providers)
    more, dead = snapshot("py", "r"), ZeroDivisionError("a defect")
    default = snapshot("py", "r", default="r")
    for answer, expected in (
        (snapshot("py"), []),
        (more, [SPECS]),
        (more, []),
        (default, [SPECS]),
        (dead, [STATES]),
        (dead, []),
        (default, [STATES]),
        (snapshot(), [SPECS]),
    ):
        asked(providers, "a").answer = answer
        await providers.monitor("a").retry()
        assert await listener.update() == expected, answer


async def test_a_change_that_is_undone_at_once_is_no_event(make_providers: MakeProviders) -> None:
    """No client could have seen it."""
    a = scripted("a", "py")
    providers = await started(make_providers(a))
    listener = Listener(providers)
    providers.apply([a, gateway("bad", tokn=1)])
    providers.apply([a])
    assert await listener.update() == []


async def test_there_are_no_events_before_start_and_after_stop(
    make_providers: MakeProviders,
) -> None:
    """Not even an event that was due."""
    a, bad = scripted("a", "py"), gateway("bad", tokn=1)
    providers = make_providers(a)
    listener = Listener(providers)
    await asyncio.to_thread(providers.apply, [a, bad])  # as there need not be a loop yet
    assert await listener.update() == []
    await started(providers)
    assert await listener.update() == [SPECS]
    providers.apply([])
    await providers.aclose()
    providers.apply([scripted("b", "py")])
    assert await listener.update() == []


async def test_two_servers_in_one_process_have_their_own_events(
    make_providers: MakeProviders,
) -> None:
    """A schema that is registered already is used."""
    one, two = (
        await started(make_providers(scripted("a", "py"))),
        await started(make_providers(scripted("b", "py"))),
    )
    listeners = Listener(one), Listener(two)
    one.apply([])
    assert [await listener.update() for listener in listeners] == [[SPECS], []]
    again = Listener(two, listeners[1].logger)
    two.apply([])
    assert SPECS in await again.update()


class BrokenLogger(EventLogger):
    """A logger that fails, from the start or later."""

    def register_event_schema(self, schema: Any) -> None:
        if self.parent is None:
            raise ZeroDivisionError("no schema")
        super().register_event_schema(schema)

    def emit(self, **_: Any) -> Any:
        raise ZeroDivisionError("no event")


@pytest.mark.parametrize("message", ["no schema", "no event"])
async def test_failing_events_are_logged_once(
    make_providers: MakeProviders, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    """If events cannot be emitted, one message says so, and the providers keep working."""
    providers = make_providers(scripted("a", "py"))
    logger = BrokenLogger(parent=None if message == "no schema" else EventLogger())
    ChangedEvents(providers, logger).follow()
    await started(providers)

    async def told() -> bool:
        return f"Clients are not told of changes of kernel providers: {message}" in caplog.text

    await wait_until(told, pause=0.01)
    assert "Traceback" not in caplog.text
    asked(providers, "a").answer = snapshot("py", "r")
    await providers.monitor("a").retry()
    assert list(providers.kernelspecs("/", ())) == ["a/py", "a/r"]


class Socket:
    """A client's websocket to ``/api/events/subscribe``."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    async def next(self) -> bool:
        """Wait for the next of our events, and return whether kernelspecs have changed."""
        while True:
            frame = await self._websocket.receive(timeout=TIMEOUT)
            assert frame.type is aiohttp.WSMsgType.TEXT, frame
            event = json.loads(frame.data)
            if event["schema_id"] == CHANGED:
                assert set(event) == {"schema_id", "kernelspecs"}
                return bool(event["kernelspecs"])

    async def until(self, kernelspecs: bool) -> None:
        """Wait for an event with this data."""
        while await self.next() is not kernelspecs:
            pass


@asynccontextmanager
async def subscribed(server: ServerProcess) -> AsyncIterator[Socket]:
    """Subscribe to a server's events."""
    headers = {"Authorization": f"token {server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(f"{server.url}api/events/subscribe") as websocket,
    ):
        yield Socket(websocket)


async def provider(client: Client, provider_id: str) -> Any:
    """Return a provider as clients see it; None if there is none."""
    listed = (await client.get("api/kernel-providers"))["providers"]
    return next((provider for provider in listed if provider["id"] == provider_id), None)


@pytest.mark.server
async def test_clients_receive_events_about_providers(
    start_server: StartServer, remote: ServerProcess
) -> None:
    """A new file and a gateway that stops are events; without a change there is none."""
    server, client = start_server()
    settings = {"url": remote.url, "token": {"value": remote.token}, "refresh_interval": 1}
    async with subscribed(server) as socket:
        path = declare(server, "gpu", settings)
        await socket.until(kernelspecs=True)
        assert "gpu/python3" in await client.kernelspecs()
        assert (await provider(client, "gpu"))["state"] == "online"

        async def seen_again() -> bool:
            times.add((await provider(client, "gpu"))["last_seen"])
            return len(times) > 3

        times: set[str] = set()
        await wait_until(seen_again)
        before = await client.kernelspecs()
        remote.stop()
        assert await socket.next() is False, "the first event since the kernelspecs came"
        assert (await provider(client, "gpu"))["state"] == "offline"
        assert await client.kernelspecs() == before

        path.write_text("{")
        await socket.until(kernelspecs=True)
        assert await provider(client, "gpu") is None
        assert "gpu/python3" not in await client.kernelspecs()
    assert "Traceback" not in server.log()


@pytest.mark.server
async def test_a_server_with_subscribers_stops_quietly(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Its log has nothing about events."""
    place = remote_servers["gate-a"]
    server, client = start_server({"gpu": {"url": place.url, "token": {"value": place.token}}})
    await client.wait_for_kernelspec("gpu/python3")
    await client.start_kernel("gpu/python3")
    async with subscribed(server):
        assert server.stop() == 0
    for word in ("Traceback", "WebSocketClosedError", "cannot be told"):
        assert word not in server.log()
