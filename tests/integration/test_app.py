"""Set-up: two servers in one process, and classes that are configured late."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from kernel_providers_ext.server.kernel_manager import KernelProvidersKernelManager

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def make_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that starts servers in this process, with only this package's extension."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    servers: list[ServerApp] = []

    def make(config: dict[str, Any]) -> ServerApp:
        extensions = {"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": True}}}
        server = ServerApp(config=Config(extensions, **config), root_dir=str(tmp_path))
        server.initialize(argv=[], find_extensions=False, new_httpserver=False)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.session_manager.close()  # only the cursor
        server.session_manager.connection.close()
    GatewayClient.clear_instance()  # the process's singleton remembers its configuration


async def test_two_servers_share_nothing(make_server: Any) -> None:
    """Two servers in one process have separate providers."""
    one, two = (
        make_server({"KernelProviders": {"providers": {name: {"url": UNREACHABLE}}}})
        for name in ("one", "two")
    )
    for server, provider_id in ((one, "one"), (two, "two")):
        assert isinstance(server.kernel_manager, KernelProvidersKernelManager)
        providers = server.kernel_manager.providers
        assert [r.provider.id for r in providers.monitors] == [provider_id]
        assert server.kernel_spec_manager.providers is providers
    assert one.kernel_manager.providers is not two.kernel_manager.providers
    for server in (one, two):
        await server.kernel_manager.shutdown_all()


async def test_classes_configured_late_are_mixed_into(make_server: Any) -> None:
    """A class that a later extension configures is kept."""
    from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

    from kernel_providers_ext.extension import link

    class Late(AsyncMappingKernelManager):
        """A class of another extension."""

    server = ServerApp()
    link(server)
    server.update_config(Config({"ServerApp": {"kernel_manager_class": Late}}))
    assert issubclass(server.kernel_manager_class, Late)
    assert issubclass(server.kernel_manager_class, KernelProvidersKernelManager)


@pytest.mark.parametrize("in_charge", [True, False])
async def test_lab_plugins_stay_if_jupyter_server_keeps_the_gateway(
    make_server: Any, in_charge: bool
) -> None:
    """All our plugins are off if Jupyter Server's own client keeps the gateway."""
    gateway = {"url": UNREACHABLE, **({"ws_url": "ws://127.0.0.1:9"} if in_charge else {})}
    server = make_server({"GatewayClient": gateway})
    page_config = {"federated_extensions": [{"name": "kernel-providers-ext"}]}
    page = server.web_app.settings["page_config_hook"](None, page_config)
    assert ("kernel-providers-ext" in page["disabledExtensions"]) is in_charge
    if not in_charge:
        await server.kernel_manager.shutdown_all()
