"""The places of the tests: two Kernel Gateways and a Jupyter Server, and what is under test."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.registry.providers import KernelProviders
from tests.support.client import Client, until
from tests.support.fake_provider import ListLoader, add_distribution
from tests.support.fault_proxy import FaultProxy
from tests.support.leak_check import leaks, logged_in
from tests.support.processes import Process, declare, free_port, jupyter_server, kernel_gateway

Start = Callable[..., Any]
Make = Callable[..., KernelProviders]

PLACES = ("gate-a", "gate-b", "far")
KINDS = {
    "scripted": "tests.support.fake_provider:FakeProvider",
    "unfinished": "tests.unit.registry.test_providers:UnfinishedProvider",
    "defective": "tests.unit.registry.test_providers:DefectiveProvider",
    "no-class": "tests.unit.registry.test_providers:UNREACHABLE",
}
STOCK = {"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": False}}}
LARGE = {"ServerApp": {"tornado_settings": {"websocket_max_message_size": 2**28}}}


@pytest.fixture(scope="session", autouse=True)
def no_secret_gets_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look through all logs, notebooks and stores for secrets when all tests are done."""
    folder = tmp_path_factory.getbasetemp()
    with logged_in(folder, logging.getLogger()):
        yield
    found = leaks(folder)
    assert not found, "\n".join(["A secret has got out:", *found])


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Three real remote servers by provider id; ``gate-a`` forbids the listing of kernels."""
    folder = tmp_path_factory.mktemp("places")
    made = {
        "gate-a": kernel_gateway(folder / "a", "gate-a", token="token-of-a", listing=False),
        "gate-b": kernel_gateway(folder / "b", "gate-b", token="token-of-b", listing=True),
        "far": jupyter_server(
            folder / "far",
            token="token-of-far",
            base_url="/user/x/",
            env={"PLACE": "far"},
            config={"ServerApp": {**STOCK["ServerApp"], **LARGE["ServerApp"]}},
        ),
    }
    with ExitStack() as stack:
        for process in made.values():
            stack.callback(process.launch().stop)
        for process in made.values():
            process.wait_ready()
        yield made


def declare_places(server: Process, places: dict[str, Process]) -> None:
    """Make the three remote servers providers of a server."""
    for provider_id, place in places.items():
        settings = {
            "kind": "gateway",
            "url": place.url,
            "label": provider_id.title(),
            "token": {"value": place.token},
            "env": ["WANTED"],
        }
        declare(server, provider_id, settings)


@pytest.fixture(scope="session", params=["/", "/user/y/"])
def server(
    request: pytest.FixtureRequest,
    places: dict[str, Process],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Process]:
    """The server under test, with the three places as providers."""
    folder: Path = tmp_path_factory.mktemp("server")
    env = {"WANTED": "1", "KERNEL_X": "1", "UNWANTED": "1"}
    process = jupyter_server(folder, token="token-of-own", base_url=request.param, env=env)
    declare_places(process, places)
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def client(server: Process) -> AsyncIterator[Client]:
    """A client of the server under test, which knows all places' kernels by now."""
    made = Client(server.url, server.token)
    for provider_id in PLACES:
        await made.wait_for_kernelspec(f"{provider_id}/python3")
    yield made
    await made.close()


@pytest.fixture(scope="session")
def faulty_port() -> int:
    """Where the troubled server's provider with the faults is."""
    return free_port()


@pytest.fixture(scope="session")
def troubled(
    places: dict[str, Process], faulty_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """A server with a provider that has faults, behind ``proxy``, and one that is well."""
    process = jupyter_server(
        tmp_path_factory.mktemp("troubled"),
        token="token-of-troubled",
        env={"PLACE": "troubled"},
        # So that what becomes of a start is the answer to the request for it.
        config={"KernelProviders": {"start_patience": 60}},
    )
    far, well = places["gate-b"], places["gate-a"]
    faulty = {
        "url": f"http://127.0.0.1:{faulty_port}",
        "token": {"value": far.token},
        "refresh_interval": 1,
        "timeouts": {"connect": 2, "request": 3, "start": 10},
    }
    declare(process, "faulty", faulty)
    declare(process, "well", {"url": well.url, "token": {"value": well.token}})
    process.start()
    yield process
    process.stop()
    # No traceback of ours; a kernel that is stopped while it starts leaves one of its own.
    assert "/kernel_providers_ext/" not in process.log()


@pytest.fixture
async def proxy(places: dict[str, Process], faulty_port: int) -> AsyncIterator[FaultProxy]:
    """The way to the provider that has faults, without one yet."""
    made = FaultProxy(places["gate-b"].url, faulty_port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def user(troubled: Process, proxy: FaultProxy) -> AsyncIterator[Client]:
    """A client of the troubled server, which has no kernel at first and at last."""
    async with Client(troubled.url, troubled.token) as made:
        await made.wait_for_state("faulty", "online")
        await made.wait_for_kernelspec("well/python3")
        yield made
        proxy.end()
        await made.wait_for_state("faulty", "online")

        async def is_empty() -> bool:  # to stop one may take longer than the provider is given
            for kernel in await made.get("api/kernels"):
                await made.request("DELETE", f"api/kernels/{kernel['id']}")
            return not await made.get("api/kernels")

        await until(is_empty)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Process]:
    """A Kernel Gateway of the test's own, which it may stop and start."""
    process = kernel_gateway(
        tmp_path / "remote", "remote", token="token-of-remote", listing=True
    ).start()
    yield process
    process.stop(timeout=5)  # a gateway whose kernels come and go just then does not end


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a server with these providers' files, and returns it with a client."""
    async with AsyncExitStack() as stack:

        def starter(
            providers: dict[str, dict[str, Any]] | None = None, **options: Any
        ) -> tuple[Process, Client]:
            process = jupyter_server(tmp_path / "server", token="token-of-server", **options)
            for provider_id, settings in (providers or {}).items():
                declare(process, provider_id, settings)
            stack.callback(process.stop)
            process.start()
            client = Client(process.url, process.token)
            stack.push_async_callback(client.close)
            return process, client

        yield starter


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Make multiplexers with these declarations and traits; the kinds of the tests are there."""
    site = tmp_path / "site"
    add_distribution(site, "kinds_of_the_tests", KINDS)
    monkeypatch.syspath_prepend(site)
    made: list[KernelProviders] = []

    def make_one(
        *declarations: Declaration | Exception,
        gateway_declaration: Declaration | None = None,
        **traits: Any,
    ) -> KernelProviders:
        loader = type("TheLoader", (ListLoader,), {"declarations": declarations})
        providers = KernelProviders(
            **{"log": logging.getLogger("tests"), "loader_class": loader, **traits}
        )
        providers.gateway_declaration = gateway_declaration
        made.append(providers)
        providers.load()
        return providers

    yield make_one
    for providers in made:
        await providers.aclose()
