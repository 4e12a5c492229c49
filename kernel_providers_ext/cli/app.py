"""``jupyter kernel-providers``: lists the providers, and runs a demonstration."""

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
    """Asks all providers once, and prints their kernels."""

    name = "jupyter-kernel-providers-list"
    description = "List the kernel providers, their state and their kernels."
    #: The server's own configuration, so that both have the same providers.
    config_file_name = "jupyter_server_config"
    json = Bool(False, config=True, help="Print JSON.")
    flags: Any = {"json": ({"ListApp": {"json": True}}, "Print JSON.")}
    aliases: Any = {}

    def start(self) -> None:
        """Print a table, or JSON."""
        super().start()
        providers = KernelProviders(parent=self)
        providers.log.disabled = True  # its messages are part of the output
        providers.load()
        asyncio.run(self._list(providers))

    async def _list(self, providers: KernelProviders) -> None:
        monitors = [*self._local(providers), *providers.monitors]
        try:
            await asyncio.gather(*(monitor.refresh() for monitor in monitors))
        finally:
            await providers.aclose()
        if self.json:
            print(json.dumps(_as_json(providers, monitors), indent=2, ensure_ascii=False))
        else:
            _print_table(providers, monitors)

    def _local(self, providers: KernelProviders) -> list[ProviderMonitor]:
        if not providers.local_enabled:
            return []
        manager = KernelSpecManager(parent=self)
        local = LocalKernelProvider(manager.get_all_specs, self.log)
        return [ProviderMonitor(local, [], lambda: None, self.log, providers.client_activity)]


class DemoApp(JupyterApp):
    """Runs JupyterLab with two providers until it is stopped."""

    name = "jupyter-kernel-providers-demo"
    description = "Start two Kernel Gateways, and JupyterLab with their kernels beside its own."
    port = Integer(0, config=True, help="JupyterLab's port; by default, any free one.")
    no_browser = Bool(False, config=True, help="Do not open a browser.")
    aliases: Any = {"port": "DemoApp.port"}
    flags: Any = {"no-browser": ({"DemoApp": {"no_browser": True}}, "Do not open a browser.")}

    def migrate_config(self) -> None:
        """Migrate nothing from IPython 3: the demo writes nothing to the user's folders."""

    def start(self) -> None:
        """Run the demo; the exit code is 1 if a part of it does not start."""
        super().start()
        self.exit(Demo(port=self.port, opens_browser=not self.no_browser).run())


class KernelProvidersApp(JupyterApp):
    """The command itself, which has only subcommands."""

    name = "jupyter-kernel-providers"
    description = "Kernels of several places in one Jupyter Server."
    aliases: Any = {}
    flags: Any = {}
    subcommands: Any = {
        "list": (ListApp, ListApp.description),
        "demo": (DemoApp, DemoApp.description),
    }

    def start(self) -> None:
        """Run the subcommand; without one, print which ones there are."""
        super().start()
        given = f"There is no subcommand {self.extra_args[0]!r}. " if self.extra_args else ""
        print(f"{given}The subcommands are: {', '.join(self.subcommands)}.")
        self.exit(1)


main = KernelProvidersApp.launch_instance


def _as_json(providers: KernelProviders, monitors: list[ProviderMonitor]) -> dict[str, Any]:
    return {
        "providers": [_monitor_as_json(monitor) for monitor in monitors],
        "off": list(providers.disabled),
        "problems": [problem.message for problem in providers.problems.values()],
    }


def _monitor_as_json(monitor: ProviderMonitor) -> dict[str, Any]:
    provider, status = monitor.provider, monitor.status
    model = status_model(provider.config, provider.label, status, monitor.retry_in)
    return {**model, "warnings": monitor.warnings, "kernelspecs": _kernel_names(monitor)}


def _print_table(providers: KernelProviders, monitors: list[ProviderMonitor]) -> None:
    configs = [provider.config for provider in providers.disabled.values()]
    off = [(config.id, config.label, WORDS[Reachable.OFF], "-") for config in configs]
    print(_table([("PROVIDER", "LABEL", "STATE", "KERNELS"), *map(_row, monitors), *off]))
    problems = [problem.message for problem in providers.problems.values()]
    warnings = [warning for monitor in monitors for warning in monitor.warnings]
    for explanation in [*filter(None, map(_explanation, monitors)), *warnings, *problems]:
        print(f"\n{explanation}")


def _row(monitor: ProviderMonitor) -> tuple[str, ...]:
    provider, status = monitor.provider, monitor.status
    return provider.id, provider.label, status.word, ", ".join(_kernel_names(monitor)) or "-"


def _explanation(monitor: ProviderMonitor) -> str:
    """Return why a provider is not available, and its address; empty if it is available."""
    message, url = monitor.status.message, monitor.provider.config.url
    return f"{message} Its address is {url}." if message and url else message


def _kernel_names(monitor: ProviderMonitor) -> list[str]:
    names = monitor.snapshot.kernelspecs if monitor.snapshot else ()
    is_local = monitor.provider.kind == LocalKernelProvider.kind
    return [name if is_local else f"{monitor.provider.id}/{name}" for name in names]


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)
