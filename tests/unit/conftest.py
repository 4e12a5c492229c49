"""Fixtures for tests of kernels and of the server's side, in this process."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from traitlets.config import Config

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.extension import mix
from kernel_providers_ext.kernels.lifecycle import RemoteKernels, StartRequest
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.server.kernel_manager import KernelProvidersKernelManager
from tests.conftest import MakeProviders
from tests.support.client import Client, wait_for_answers
from tests.support.fake_provider import ListLoader, add_distribution
from tests.unit.running_provider import HERE, RunningProvider, running

TOKEN = "token-of-app"


@dataclass
class Place:
    """A kernel manager with the provider ``gpu``, whose kernels run in memory."""

    manager: Any
    providers: KernelProviders

    @property
    def remote(self) -> RemoteKernels:
        kernels: RemoteKernels = self.manager.remote
        return kernels

    @property
    def gpu(self) -> RunningProvider:
        provider = self.providers.monitor("gpu").provider
        assert isinstance(provider, RunningProvider)
        return provider

    async def start(self, name: str = "py", patience: float | None = 60.0) -> Any:
        """Start a kernel, and return its manager."""
        request = StartRequest("gpu", name, None, {})
        return self.remote.get(await self.remote.start(request, None, patience))


StartPlace = Callable[..., Awaitable[Place]]


@pytest.fixture
def running_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the kind ``running``."""
    site = tmp_path / "site-of-running"
    add_distribution(site, "kind_running", {"running": f"{HERE}:RunningProvider"})
    monkeypatch.syspath_prepend(site)


@pytest.fixture
async def start_place(
    make_providers: MakeProviders, running_kind: None
) -> AsyncIterator[StartPlace]:
    """A function that makes a `Place` from the settings of ``gpu`` and traits of the providers."""
    places: list[Place] = []

    async def start(
        *others: Declaration, settings: dict[str, Any] | None = None, **traits: Any
    ) -> Place:
        providers = make_providers(running("gpu", **(settings or {})), *others, **traits)
        await providers.start()
        await wait_for_answers(providers)
        mixed = mix(KernelProvidersKernelManager, AsyncMappingKernelManager, providers)
        manager: Any = mixed(kernel_spec_manager=KernelSpecManager())
        places.append(Place(manager, providers))
        return places[-1]

    yield start
    for place in places:
        await place.manager.shutdown_all()


@pytest.fixture
async def place(start_place: StartPlace) -> Place:
    """A `Place` with its defaults."""
    return await start_place()


@dataclass
class App(Place):
    """A Jupyter Server in this process, with a client."""

    serverapp: ServerApp
    client: Client
    url: str


StartApp = Callable[..., Awaitable[App]]


@pytest.fixture
async def start_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running_kind: None
) -> AsyncIterator[StartApp]:
    """A function that starts an `App` from declarations, and traits of other classes."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    async with AsyncExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.getsignal(number))

        async def start(*declarations: Declaration | Exception, **config: Any) -> App:
            loader = type("Loader", (ListLoader,), {"declarations": declarations})
            settings = Config(config)
            settings.KernelProviders.loader_class = loader
            settings.IdentityProvider.token = TOKEN
            app = ServerApp(
                config=settings,
                root_dir=str(tmp_path),
                base_url="/user/x/",
                jpserver_extensions={"kernel_providers_ext": True},
                open_browser=False,
            )
            app.initialize(argv=[], new_httpserver=False, find_extensions=False)
            kernels: Any = app.kernel_manager
            stack.push_async_callback(kernels.shutdown_all)  # also if there are no kernels
            stack.push_async_callback(app._cleanup)
            http = HTTPServer(app.web_app)
            socket, port = bind_unused_port()
            http.add_socket(socket)
            stack.callback(http.stop)
            providers: KernelProviders = app.kernel_providers  # type: ignore[attr-defined]
            await wait_for_answers(providers)
            url = f"http://127.0.0.1:{port}/user/x/"
            client = await stack.enter_async_context(Client(url, TOKEN))
            return App(kernels, providers, app, client, url)

        yield start


@pytest.fixture
async def app(start_app: StartApp) -> App:
    """An `App` with the provider ``gpu``."""
    return await start_app(running("gpu", "py"))
