"""The fixtures of the tests: remote servers, the server under test, clients and proxies."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.registry.providers import KernelProviders
from tests.support.client import Client, wait_until
from tests.support.fake_provider import ListLoader, add_distribution
from tests.support.fault_proxy import FaultProxy
from tests.support.leak_check import find_leaks, logging_to
from tests.support.processes import (
    ServerProcess,
    declare,
    free_port,
    jupyter_server,
    kernel_gateway,
)

StartServer = Callable[..., Any]
MakeProviders = Callable[..., KernelProviders]

PROVIDER_IDS = ("gate-a", "gate-b", "far")
KINDS = {
    "scripted": "tests.support.fake_provider:FakeProvider",
    "unfinished": "tests.unit.registry.test_providers:UnfinishedProvider",
    "defective": "tests.unit.registry.test_providers:DefectiveProvider",
    "choosy": "tests.unit.registry.test_providers:ChoosyProvider",
    "impostor": "tests.unit.registry.test_providers:Impostor",
    "no-class": "tests.unit.registry.test_providers:UNREACHABLE",
}
STOCK = {"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": False}}}
LARGE = {"ServerApp": {"tornado_settings": {"websocket_max_message_size": 2**28}}}


@pytest.fixture(scope="session", autouse=True)
def check_for_leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Search all logs, notebooks and stores for secrets when all tests are done."""
    folder = tmp_path_factory.getbasetemp()
    with logging_to(folder, logging.getLogger()):
        yield
    leaks = find_leaks(folder)
    assert not leaks, "\n".join(["A secret was leaked:", *leaks])


@pytest.fixture(scope="session")
def remote_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServerProcess]]:
    """Three real remote servers by provider id; ``gate-a`` forbids the list of its kernels."""
    folder = tmp_path_factory.mktemp("remote-servers")
    servers = {
        "gate-a": kernel_gateway(folder / "a", "gate-a", token="token-of-a", listing=False),
        "gate-b": kernel_gateway(folder / "b", "gate-b", token="token-of-b", listing=True),
        "far": jupyter_server(
            folder / "far",
            token="token-of-far",
            base_url="/user/x/",
            env={"PROVIDER": "far"},
            config={"ServerApp": {**STOCK["ServerApp"], **LARGE["ServerApp"]}},
        ),
    }
    with ExitStack() as stack:
        for process in servers.values():
            stack.callback(process.launch().stop)
        for process in servers.values():
            process.wait_ready()
        yield servers


def declare_remote_servers(server: ServerProcess, remote_servers: dict[str, ServerProcess]) -> None:
    """Make the three remote servers providers of a server."""
    for provider_id, remote in remote_servers.items():
        settings = {
            "kind": "gateway",
            "url": remote.url,
            "label": provider_id.title(),
            "token": {"value": remote.token},
            "env": ["WANTED"],
        }
        declare(server, provider_id, settings)


@pytest.fixture(scope="session", params=["/", "/user/y/"])
def server(
    request: pytest.FixtureRequest,
    remote_servers: dict[str, ServerProcess],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """The server under test, with the three remote servers as providers."""
    folder: Path = tmp_path_factory.mktemp("server")
    env = {"WANTED": "1", "KERNEL_X": "1", "UNWANTED": "1"}
    process = jupyter_server(folder, token="token-of-own", base_url=request.param, env=env)
    declare_remote_servers(process, remote_servers)
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def client(server: ServerProcess) -> AsyncIterator[Client]:
    """A client of the server under test, after the kernels of all providers are listed."""
    client = Client(server.url, server.token)
    for provider_id in PROVIDER_IDS:
        await client.wait_for_kernelspec(f"{provider_id}/python3")
    yield client
    await client.close()


@pytest.fixture(scope="session")
def faulty_port() -> int:
    """The port of the proxy with the faults."""
    return free_port()


@pytest.fixture(scope="session")
def server_with_fault(
    remote_servers: dict[str, ServerProcess],
    faulty_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server with the provider ``faulty``, behind ``proxy``, and the provider ``healthy``."""
    process = jupyter_server(
        tmp_path_factory.mktemp("server-with-fault"),
        token="token-of-server-with-fault",
        env={"PROVIDER": "server-with-fault"},
        # So that the answer to a start request has the result of the start.
        config={"KernelProviders": {"start_patience": 60}},
    )
    remote, healthy = remote_servers["gate-b"], remote_servers["gate-a"]
    faulty = {
        "url": f"http://127.0.0.1:{faulty_port}",
        "token": {"value": remote.token},
        "refresh_interval": 1,
        "timeouts": {"connect": 2, "request": 3, "start": 10},
    }
    declare(process, "faulty", faulty)
    declare(process, "healthy", {"url": healthy.url, "token": {"value": healthy.token}})
    process.start()
    yield process
    process.stop()
    # No traceback of this package; a kernel that is stopped while it starts prints its own.
    assert "/kernel_providers_ext/" not in process.log()


@pytest.fixture
async def proxy(
    remote_servers: dict[str, ServerProcess], faulty_port: int
) -> AsyncIterator[FaultProxy]:
    """The proxy to the provider ``faulty``, without a fault."""
    proxy = FaultProxy(remote_servers["gate-b"].url, faulty_port)
    await proxy.open()
    yield proxy
    await proxy.close()


@pytest.fixture
async def fault_client(
    server_with_fault: ServerProcess, proxy: FaultProxy
) -> AsyncIterator[Client]:
    """A client of ``server_with_fault``, which has no kernels before and after the test."""
    async with Client(server_with_fault.url, server_with_fault.token) as client:
        await client.wait_for_state("faulty", "online")
        await client.wait_for_kernelspec("healthy/python3")
        yield client
        proxy.end()
        await client.wait_for_state("faulty", "online")

        async def is_empty() -> bool:  # a kernel may stop only after the request timeout
            for kernel in await client.get("api/kernels"):
                await client.request("DELETE", f"api/kernels/{kernel['id']}")
            return not await client.get("api/kernels")

        await wait_until(is_empty)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[ServerProcess]:
    """A Kernel Gateway for one test, which may stop and start it."""
    process = kernel_gateway(
        tmp_path / "remote", "remote", token="token-of-remote", listing=True
    ).start()
    yield process
    process.stop(timeout=5)  # a gateway does not exit if its kernels start or stop at that time


@pytest.fixture
async def start_server(tmp_path: Path) -> AsyncIterator[StartServer]:
    """A function that starts a server with providers' files; it returns server and client."""
    async with AsyncExitStack() as stack:

        def start(
            providers: dict[str, dict[str, Any]] | None = None, **options: Any
        ) -> tuple[ServerProcess, Client]:
            process = jupyter_server(tmp_path / "server", token="token-of-server", **options)
            for provider_id, settings in (providers or {}).items():
                declare(process, provider_id, settings)
            stack.callback(process.stop)
            process.start()
            client = Client(process.url, process.token)
            stack.push_async_callback(client.close)
            return process, client

        yield start


@pytest.fixture
async def make_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MakeProviders]:
    """A function that creates `KernelProviders` from declarations and traits."""
    site = tmp_path / "site"
    add_distribution(site, "kinds_of_the_tests", KINDS)
    monkeypatch.syspath_prepend(site)
    created: list[KernelProviders] = []

    def make(
        *declarations: Declaration | Exception,
        gateway_declaration: Declaration | None = None,
        **traits: Any,
    ) -> KernelProviders:
        loader = type("Loader", (ListLoader,), {"declarations": declarations})
        providers = KernelProviders(
            **{"log": logging.getLogger("tests"), "loader_class": loader, **traits}
        )
        providers.gateway_declaration = gateway_declaration
        created.append(providers)
        providers.load()
        return providers

    yield make
    for providers in created:
        await providers.aclose()
