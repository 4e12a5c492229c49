"""Wiring: how the kernel providers get into a Jupyter Server, see `link` and `load`."""

from __future__ import annotations

from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager
from jupyter_server.utils import import_item
from traitlets import Bunch
from traitlets.config import Config

from .config.gateway_url import gateway_client_declaration
from .kernels.recovery import KernelRecovery
from .kernels.store import KernelStore
from .registry.providers import KernelProviders
from .server.events import ChangedEvents
from .server.kernel_manager import KernelProvidersKernelManager
from .server.kernelspec_manager import KernelProvidersSpecManager
from .server.page_config import page_config_hook
from .server.routes import rules
from .server.websocket import KernelProvidersWebsocketConnection

#: Trait of ServerApp -> (what we mix in, what is there where nobody has configured a class).
MIXED = {
    "kernel_spec_manager_class": (KernelProvidersSpecManager, KernelSpecManager),
    "kernel_manager_class": (KernelProvidersKernelManager, AsyncMappingKernelManager),
    "kernel_websocket_connection_class": (
        KernelProvidersWebsocketConnection,
        ZMQChannelsWebsocketConnection,
    ),
}


def link(serverapp: ServerApp) -> None:
    """
    Mix the kernel providers into the classes that the server is about to make its managers of.

    This is the only hook early enough; see Jupyter Server's ``ServerApp.initialize``. Extensions
    that are linked later may still configure other classes, which are then mixed into as well.
    """
    providers = KernelProviders(parent=serverapp)
    try:
        providers.gateway_declaration = gateway_client_declaration(serverapp.config)
    except NotImplementedError as error:
        serverapp.log.warning(str(error))
        return

    def mix_in(change: Bunch) -> None:
        mixed = mix(MIXED[change.name][0], change.new, providers)
        if mixed is not change.new:
            setattr(serverapp, change.name, mixed)

    serverapp.kernel_providers = providers  # type: ignore[attr-defined]
    serverapp.observe(mix_in, list(MIXED))
    serverapp.update_config(Config({"ServerApp": _classes(serverapp.config, providers)}))


def load(serverapp: ServerApp) -> None:
    """Read the providers and begin to talk to them; the server's managers exist by now."""
    providers: KernelProviders | None = getattr(serverapp, "kernel_providers", None)
    kernels = serverapp.kernel_manager
    settings = serverapp.web_app.settings
    settings["page_config_hook"] = page_config_hook(
        settings.get("page_config_hook"), is_active=providers is not None
    )
    if providers is None or not isinstance(kernels, KernelProvidersKernelManager):
        return
    providers.update_config(serverapp.config)  # there may be more of it since `link`
    # An extension that was loaded before us may have put a class of its own here.
    settings["kernel_websocket_connection_class"] = mix(
        KernelProvidersWebsocketConnection, settings["kernel_websocket_connection_class"], providers
    )
    serverapp.web_app.add_handlers(".*$", rules(providers, kernels, serverapp.base_url))
    providers.load()
    if serverapp.event_logger is not None:
        ChangedEvents(providers, serverapp.event_logger).follow()
    # A user's servers on a hub differ in the URL, those on a laptop in the folder.
    same = f"{serverapp.base_url} {serverapp.root_dir}"
    store = KernelStore(Path(jupyter_data_dir()) / "kernel_providers", same, serverapp.log)
    recovery = KernelRecovery(store, kernels, serverapp.session_manager, serverapp.log)
    serverapp.io_loop.add_callback(recovery.start)
    serverapp.io_loop.add_callback(providers.start)


def mix(mixin: type, base: type, providers: KernelProviders) -> type:
    """Return the class with the mixin, for this server's providers; the class itself if it has."""
    if issubclass(base, mixin):
        return base
    return type(f"KernelProviders{base.__name__}", (mixin, base), {"providers": providers})


def _classes(config: Config, providers: KernelProviders) -> dict[str, type]:
    """Return the classes to set, by trait: what is configured, or stock, with ours mixed in."""
    given = config.get("ServerApp", {})
    classes: dict[str, type] = {}
    for trait, (mixin, stock) in MIXED.items():
        base = given.get(trait, stock)
        base = import_item(base) if isinstance(base, str) else base
        classes[trait] = mix(mixin, base, providers)
    if providers.gateway_declaration and "session_manager_class" not in given:
        # The one that goes with --gateway-url works with no other kernel manager than its own.
        classes["session_manager_class"] = SessionManager
    return classes
