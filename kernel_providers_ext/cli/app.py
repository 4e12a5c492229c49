"""``jupyter kernel-providers``: what there is, and a demonstration."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.application import JupyterApp
from traitlets import Bool, Integer

from ..provider.status import WORDS, Reachable
from ..registry.local import LocalKernelProvider
from ..registry.monitor import ProviderMonitor
from ..registry.providers import KernelProviders
from ..server.models import status_model
from .demo import Demo


class ListApp(JupyterApp):
    """Asks all providers, and prints what they have."""

    name = "jupyter-kernel-providers-list"
    description = "List the kernel providers, their state and their kernels."
    #: The server's own configuration, so that both know the same providers.
    config_file_name = "jupyter_server_config"
    json = Bool(False, config=True, help="Print JSON.")
    flags: Any = {"json": ({"ListApp": {"json": True}}, "Print JSON.")}
    aliases: Any = {}

    def start(self) -> None:
        """Print the table, or JSON."""
        super().start()
        providers = KernelProviders(parent=self)
        providers.log.disabled = True  # what it would say is part of what is printed
        providers.load()
        asyncio.run(self._print(providers))

    async def _print(self, providers: KernelProviders) -> None:
        monitors = list(providers.monitors)
        if providers.local_enabled:
            manager = KernelSpecManager(parent=self)
            local = LocalKernelProvider(manager.get_all_specs, self.log)
            client_activity = providers.client_activity
            monitors.insert(0, ProviderMonitor(local, [], lambda: None, self.log, client_activity))
        try:
            await asyncio.gather(*(monitor.refresh() for monitor in monitors))
        finally:
            await providers.aclose()
        problems = [message for _, message in providers.problems.values()]
        if self.json:
            off_ids = list(providers.switched_off)
            listed = [_as_json(monitor) for monitor in monitors]
            found = {"providers": listed, "off": off_ids, "problems": problems}
            print(json.dumps(found, indent=2, ensure_ascii=False))
            return
        off = [(c.id, c.label, WORDS[Reachable.OFF], "-") for c in providers.switched_off.values()]
        print(_table([("PROVIDER", "LABEL", "STATE", "KERNELS"), *map(_row, monitors), *off]))
        for explanation in [*filter(None, map(_explanation, monitors)), *problems]:
            print(f"\n{explanation}")


class DemoApp(JupyterApp):
    """Runs JupyterLab with two providers of its own until it is stopped."""

    name = "jupyter-kernel-providers-demo"
    description = "Start two Kernel Gateways, and JupyterLab with their kernels beside its own."
    port = Integer(0, config=True, help="The port of JupyterLab; any free one by default.")
    no_browser = Bool(False, config=True, help="Do not open a browser.")
    aliases: Any = {"port": "DemoApp.port"}
    flags: Any = {"no-browser": ({"DemoApp": {"no_browser": True}}, "Do not open a browser.")}

    def start(self) -> None:
        """Run the demo; the exit code is 1 if a part of it does not come up."""
        super().start()
        self.exit(Demo(port=self.port, opens_browser=not self.no_browser).run())


class KernelProvidersApp(JupyterApp):
    """The command itself, which only has others below it."""

    name = "jupyter-kernel-providers"
    description = "Kernels of several places in one Jupyter Server."
    aliases: Any = {}
    flags: Any = {}
    subcommands: Any = {
        "list": (ListApp, ListApp.description),
        "demo": (DemoApp, DemoApp.description),
    }

    def start(self) -> None:
        """Run the subcommand, or say which ones there are."""
        super().start()
        given = f"There is no subcommand {self.extra_args[0]!r}. " if self.extra_args else ""
        print(f"{given}The subcommands are: {', '.join(self.subcommands)}.")
        self.exit(1)


main = KernelProvidersApp.launch_instance


def _explanation(monitor: ProviderMonitor) -> str:
    """Return why a provider is not available, with its address; empty if it is."""
    message, url = monitor.status.message, monitor.provider.config.url
    return f"{message} Its address is {url}." if message and url else message


def _row(monitor: ProviderMonitor) -> tuple[str, ...]:
    provider, status = monitor.provider, monitor.status
    return provider.id, provider.label, status.word, ", ".join(_kernel_names(monitor)) or "-"


def _kernel_names(monitor: ProviderMonitor) -> list[str]:
    names = monitor.snapshot.kernelspecs if monitor.snapshot else ()
    is_local = monitor.provider.kind == LocalKernelProvider.kind
    return [name if is_local else f"{monitor.provider.id}/{name}" for name in names]


def _as_json(monitor: ProviderMonitor) -> dict[str, Any]:
    provider, status = monitor.provider, monitor.status
    known = status_model(provider.config, provider.label, status, monitor.retry_in)
    return {**known, "kernelspecs": _kernel_names(monitor)}


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)
