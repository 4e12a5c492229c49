"""Wiring: two servers in one process, and classes that are configured late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from kernel_providers_ext.app import _page_config_hook
from kernel_providers_ext.kernels import KernelProvidersKernelManager

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def make_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes servers in this process, with the package's extension and nothing else."""
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    made: list[ServerApp] = []

    def make(config: dict[str, Any]) -> ServerApp:
        extensions = {"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": True}}}
        server = ServerApp(config=Config(extensions, **config), root_dir=str(tmp_path))
        server.initialize(argv=[], find_extensions=False, new_httpserver=False)
        made.append(server)
        return server

    return make


async def test_two_servers_share_nothing(make_server: Any) -> None:
    """Two servers in one process have their own providers."""
    one, two = (
        make_server({"KernelProviders": {"providers": {name: {"url": UNREACHABLE}}}})
        for name in ("one", "two")
    )
    for server, provider_id in ((one, "one"), (two, "two")):
        assert isinstance(server.kernel_manager, KernelProvidersKernelManager)
        providers = server.kernel_manager.providers
        assert [r.provider.id for r in providers.refreshers] == [provider_id]
        assert server.kernel_spec_manager.providers is providers
    assert one.kernel_manager.providers is not two.kernel_manager.providers
    for server in (one, two):
        await server.kernel_manager.shutdown_all()


async def test_classes_that_come_late_are_mixed_into(make_server: Any) -> None:
    """An extension that is linked after ours may still configure a class, which is kept."""
    from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

    from kernel_providers_ext.app import link

    class Late(AsyncMappingKernelManager):
        """A class of another extension."""

    server = ServerApp()
    link(server)
    server.update_config(Config({"ServerApp": {"kernel_manager_class": Late}}))
    assert issubclass(server.kernel_manager_class, Late)
    assert issubclass(server.kernel_manager_class, KernelProvidersKernelManager)


@pytest.mark.parametrize(
    ("present", "disabled", "expected"),
    [
        (["kernel-providers-ext"], [], True),
        ([], [], False),
        (["kernel-providers-ext"], ["kernel-providers-ext"], False),
        (["kernel-providers-ext"], ["kernel-providers-ext:specs"], False),
    ],
)
def test_labs_own_plugin_gives_way_only_to_ours(
    present: list[str], disabled: list[str], expected: bool
) -> None:
    """Lab's plugin for kernelspecs is off exactly where ours is on; other hooks still count."""
    others = _page_config_hook(lambda _, page: {**page, "seen": True})
    page = others(
        None,
        {
            "federated_extensions": [{"name": name} for name in present],
            "disabledExtensions": list(disabled),
        },
    )
    assert page["seen"]
    stock = "@jupyterlab/services-extension:kernel-spec-manager"
    assert (stock in page["disabledExtensions"]) is expected
