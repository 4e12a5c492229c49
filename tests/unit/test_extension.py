"""What the extension changes in a Jupyter Server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager
from traitlets.config import Config

import kernel_providers_ext
from kernel_providers_ext import extension
from kernel_providers_ext.server import (
    KernelProvidersKernelManager,
    KernelProvidersSpecManager,
    KernelProvidersWebsocketConnection,
)
from kernel_providers_ext.server.page_config import PACKAGE
from tests.support.client import wait_until
from tests.unit.conftest import App, StartApp
from tests.unit.running_provider import running


class OwnKernelManager(AsyncMappingKernelManager):
    """The kernel manager of a site."""


class OwnSpecManager(KernelSpecManager):
    """The kernelspec manager of a site."""


async def test_our_classes_are_mixed_into_the_configured_ones(start_app: StartApp) -> None:
    """A site's own stay responsible for local kernels; by class or by name."""
    name = f"{__name__}.{OwnSpecManager.__name__}"
    app = await start_app(
        running("gpu"),
        ServerApp={"kernel_manager_class": OwnKernelManager, "kernel_spec_manager_class": name},
    )
    server = app.serverapp
    assert isinstance(server.kernel_manager, OwnKernelManager)
    assert isinstance(server.kernel_manager, KernelProvidersKernelManager)
    assert isinstance(server.kernel_spec_manager, OwnSpecManager)
    assert isinstance(server.kernel_spec_manager, KernelProvidersSpecManager)
    assert server.kernel_manager.providers is server.kernel_spec_manager.providers
    settings = server.web_app.settings
    assert issubclass(
        settings["kernel_websocket_connection_class"], KernelProvidersWebsocketConnection
    )


async def test_classes_that_are_set_later_are_mixed_as_well(app: App) -> None:
    """By an extension that is linked after this one; once."""
    app.serverapp.kernel_manager_class = OwnKernelManager
    mixed = app.serverapp.kernel_manager_class
    assert issubclass(mixed, OwnKernelManager)
    assert issubclass(mixed, KernelProvidersKernelManager)
    assert extension.mix(KernelProvidersKernelManager, mixed, app.providers) is mixed


@pytest.mark.parametrize("endpoint", [None, "/kernels"])
async def test_a_gateway_that_no_provider_can_be_is_left_alone(
    start_app: StartApp, endpoint: str | None
) -> None:
    """Jupyter Server then uses it as without this package."""
    traits = {"kernels_endpoint": endpoint} if endpoint else {}
    server: Any = ServerApp(
        config=Config({"GatewayClient": {"url": "http://127.0.0.1:9", **traits}})
    )
    extension.link(server)
    is_ours = hasattr(server, "kernel_providers")
    assert is_ours == (endpoint is None)
    if is_ours:
        assert [
            server.kernel_providers.gateway_declaration.id,
            server.config.ServerApp.session_manager_class,
        ] == ["gateway", SessionManager]
    else:
        assert "kernel_manager_class" not in server.config.ServerApp


async def test_kernels_are_recorded_below_the_data_folder(app: App, tmp_path: Path) -> None:
    """By base URL and root folder, which another server does not have in common."""
    kernel_id = await app.client.start_kernel("gpu/py")
    key = hashlib.sha256(f"/user/x/ {tmp_path}".encode()).hexdigest()[:16]
    path = tmp_path / "DATA" / "kernel_providers" / f"{key}-0.json"

    async def is_recorded() -> bool:
        return path.exists() and kernel_id in path.read_text()

    await wait_until(is_recorded, pause=0.01)


async def test_clients_are_told_of_changes(app: App) -> None:
    """Through Jupyter Server's own events."""
    heard: list[dict[str, Any]] = []

    async def hear(logger: object, schema_id: str, data: dict[str, Any]) -> None:
        heard.append(data)

    schema = "https://events.jupyter.org/kernel_providers_ext/changed/v1"
    assert app.serverapp.event_logger is not None
    app.serverapp.event_logger.add_listener(schema_id=schema, listener=hear)
    app.providers.apply([running("gpu"), running("other")])

    async def is_told() -> bool:
        return {"kernelspecs": True} in heard

    await wait_until(is_told, pause=0.01)


async def test_pages_are_told_that_the_server_part_is_active(app: App) -> None:
    """Front ends then use the replacements of stock plugins."""
    hook: Callable[..., dict[str, Any]] = app.serverapp.web_app.settings["page_config_hook"]
    page = {"federated_extensions": [{"name": PACKAGE}], "appName": "JupyterLab"}
    disabled = hook(None, page)["disabledExtensions"]
    assert PACKAGE not in disabled
    assert disabled  # stock plugins that have replacements


# -- SIGINT ----------------------------------------------------------------------------------------


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that have stopped the server."""
    signals: list[int] = []

    def stop(_: object, number: int, frame: object) -> None:
        signals.append(number)

    monkeypatch.setattr(ServerApp, "_signal_stop", stop)
    return signals


async def interrupt() -> None:
    """Send SIGINT to this process, and have Python handle it."""
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(0)


async def test_sigint_stops_the_server_with_its_remote_kernels(
    start_app: StartApp, stopped: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SIGTERM does; without remote providers it stays as it was."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app = await start_app(running("gpu"))
    await interrupt()
    assert stopped == [signal.SIGINT]
    app.providers.apply([])
    with pytest.raises(KeyboardInterrupt):
        await interrupt()
    assert stopped == [signal.SIGINT]


async def test_another_handler_of_sigint_stays(start_app: StartApp, stopped: list[int]) -> None:
    """For example, that of a terminal, which asks first."""
    others: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: others.append(number))
    await start_app(running("gpu"))
    await interrupt()
    assert (others, stopped) == ([signal.SIGINT], [])


async def test_a_process_with_another_owner_keeps_its_handlers(app: App) -> None:
    """For example, a server in a notebook or in a test."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    extension._stop_on_interrupt(app.serverapp, app.providers)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_jupyter_finds_both_parts_of_the_package() -> None:
    """The front end is served under the name that its plugins have."""
    [labextension] = kernel_providers_ext._jupyter_labextension_paths()
    assert labextension == {"src": "labextension", "dest": PACKAGE}
    [point] = kernel_providers_ext._jupyter_server_extension_points()
    assert point == {"module": "kernel_providers_ext"}
