"""Adds the kernel providers to a Jupyter Server, see `link` and `load`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

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
from .kernels import KernelRecovery, KernelStore
from .registry import KernelProviders
from .server import (
    ChangedEvents,
    KernelProvidersKernelManager,
    KernelProvidersSpecManager,
    KernelProvidersWebsocketConnection,
    page_config_hook,
    rules,
    serve_metrics,
)

#: Trait of ServerApp -> (our mixin, the stock class if none is configured).
MIXINS = {
    "kernel_spec_manager_class": (KernelProvidersSpecManager, KernelSpecManager),
    "kernel_manager_class": (KernelProvidersKernelManager, AsyncMappingKernelManager),
    "kernel_websocket_connection_class": (
        KernelProvidersWebsocketConnection,
        ZMQChannelsWebsocketConnection,
    ),
}


def link(serverapp: ServerApp) -> None:
    """
    Mix the kernel providers into the classes of the managers that the server is about to make.

    No other hook is early enough; see `ServerApp.initialize` in jupyter_server. An extension that
    is linked later may configure other classes; these are mixed in when they are set.
    """
    providers = KernelProviders(parent=serverapp)
    try:
        providers.gateway_declaration = gateway_client_declaration(serverapp.config)
    except NotImplementedError as error:
        serverapp.log.warning(str(error))
        return

    def mix_in(change: Bunch) -> None:
        mixed = mix(MIXINS[change.name][0], change.new, providers)
        if mixed is not change.new:
            setattr(serverapp, change.name, mixed)

    serverapp.kernel_providers = providers  # type: ignore[attr-defined]
    serverapp.observe(mix_in, list(MIXINS))
    serverapp.update_config(Config({"ServerApp": _classes(serverapp.config, providers)}))


def load(serverapp: ServerApp) -> None:
    """Create the providers, and start their monitors; the server's managers exist by now."""
    providers: KernelProviders | None = getattr(serverapp, "kernel_providers", None)
    kernels = serverapp.kernel_manager
    settings = serverapp.web_app.settings
    settings["page_config_hook"] = page_config_hook(
        settings.get("page_config_hook"),
        is_active=providers is not None,
        has_others=lambda: bool(providers and (providers.monitors or providers.problems)),
    )
    if providers is None or not isinstance(kernels, KernelProvidersKernelManager):
        return
    providers.update_config(serverapp.config)  # it may have changed since `link`
    # An extension that was loaded before may have set a class of its own here.
    settings["kernel_websocket_connection_class"] = mix(
        KernelProvidersWebsocketConnection, settings["kernel_websocket_connection_class"], providers
    )
    serverapp.web_app.add_handlers(".*$", rules(providers, kernels, serverapp.base_url))
    providers.load()
    if serverapp.event_logger is not None:
        ChangedEvents(providers, serverapp.event_logger).follow()
    serve_metrics(providers, kernels.remote)
    recovery = KernelRecovery(
        _kernel_store(serverapp),
        kernels.remote,
        providers,
        serverapp.session_manager,
        serverapp.log,
    )
    _stop_on_interrupt(serverapp, providers)
    serverapp.io_loop.add_callback(recovery.start)
    serverapp.io_loop.add_callback(providers.start)


def mix(mixin: type, base: type, providers: KernelProviders) -> type:
    """Return the class with the mixin and the providers, or the class itself if it has both."""
    if issubclass(base, mixin):
        return base
    return type(f"KernelProviders{base.__name__}", (mixin, base), {"providers": providers})


def _stop_on_interrupt(serverapp: ServerApp, providers: KernelProviders) -> None:
    """
    Let SIGINT stop the server as SIGTERM does, so that it stops its remote kernels.

    Without a terminal, Jupyter Server leaves SIGINT to Python, and ends without its clean-up; a
    JupyterHub sends SIGINT first. Without remote providers this stays so. A handler that another
    package has installed also stays, and a SIGINT that is ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set handlers
    stop = signal.getsignal(signal.SIGTERM)
    if getattr(stop, "__self__", None) is not serverapp or not callable(stop):
        return  # this process has another owner, as in tests
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        (stop if providers.monitors else signal.default_int_handler)(number, frame)

    signal.signal(signal.SIGINT, interrupt)


def _kernel_store(serverapp: ServerApp) -> KernelStore:
    # A user's servers on a hub differ in the URL, servers on a laptop in the folder.
    identity = f"{serverapp.base_url} {serverapp.root_dir}"
    return KernelStore(Path(jupyter_data_dir()) / "kernel_providers", identity, serverapp.log)


def _classes(config: Config, providers: KernelProviders) -> dict[str, type]:
    """Return the classes by trait: the configured or stock one, with our mixin."""
    given = config.get("ServerApp", {})
    classes: dict[str, type] = {}
    for trait, (mixin, stock) in MIXINS.items():
        base = given.get(trait, stock)
        base = import_item(base) if isinstance(base, str) else base
        classes[trait] = mix(mixin, base, providers)
    if providers.gateway_declaration and "session_manager_class" not in given:
        # With --gateway-url, the default works only with Jupyter Server's gateway manager.
        classes["session_manager_class"] = SessionManager
    return classes
