"""``jupyter kernel-providers list``: all providers, their states and their kernels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from traitlets import Bool

from ..provider.names import LOCAL_ID
from ..provider.status import Reachable
from ..registry.local import LocalKernelProvider
from ..registry.monitor import ProviderMonitor
from ..registry.providers import KernelProviders
from ..server.models import status_model
from .output import CommandError, Output, progress, state_word, table
from .provider_app import ServerCommand
from .running_server import PROVIDERS, RunningServer

#: The labels of providers that are off, by id.
Labels = Mapping[str, str]
#: States of providers that can be used, or need not be.
FINE = (Reachable.ONLINE.value, Reachable.SLOW.value, Reachable.OFF.value)


class ListApp(ServerCommand):
    """Asks all providers once, and prints their kernels."""

    name = "jupyter-kernel-providers-list"
    description = "List the kernel providers, their state and their kernels."
    arguments = ()
    check = Bool(False, config=True, help="Exit with 1 if a provider cannot be used.")
    flags: Any = {
        **ServerCommand.flags,
        "check": ({"ListApp": {"check": True}}, "Exit with 1 if a provider cannot be used."),
    }

    def run(self, *_: str) -> Output:
        """Return a table, and below it what is wrong."""
        server = self.running_server()
        with progress("Asking all providers…"):
            data, off = _of_server(server) if server else asyncio.run(self._ask())
        models, problems = data["providers"], data["problems"]
        fails = self.check and (problems or any(model["state"] not in FINE for model in models))
        return Output(_text(data, off), data, exit_code=1 if fails else 0)

    async def _ask(self) -> tuple[dict[str, Any], Labels]:
        providers = self.providers()
        monitors = [*self._local(providers), *providers.monitors]
        try:
            await asyncio.gather(*(monitor.refresh() for monitor in monitors))
        finally:
            await providers.aclose()
        off = {i: provider.config.label for i, provider in providers.disabled.items()}
        problems = [problem.message for problem in providers.problems.values()]
        return _data(None, map(_model, monitors), off, problems), off

    def _local(self, providers: KernelProviders) -> list[ProviderMonitor]:
        if not providers.local_enabled:
            return []
        manager = KernelSpecManager(parent=self)
        local = LocalKernelProvider(manager.get_all_specs, self.log)
        return [ProviderMonitor(local, [], lambda: None, self.log, providers.client_activity)]


def _data(
    server: RunningServer | None,
    models: Iterable[Mapping[str, Any]],
    off: Labels,
    problems: Sequence[str],
) -> dict[str, Any]:
    return {
        "server": server and server.url,
        "providers": list(models),
        "off": list(off),
        "problems": problems,
    }


def _of_server(server: RunningServer) -> tuple[dict[str, Any], Labels]:
    """Return what a server shows, after it has asked its providers."""
    remote = [m for m in server.request("GET", PROVIDERS)["providers"] if _is_asked(m)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda model: _retry(server, model["id"]), remote))
    listed = server.request("GET", PROVIDERS)
    names = _names(server.request("GET", "api/kernelspecs")["kernelspecs"])
    models = {m["id"]: {**m, "kernelspecs": names.get(m["id"], [])} for m in listed["providers"]}
    off = {i: m["label"] for i, m in models.items() if m["state"] == Reachable.OFF.value}
    problems = [problem["message"] for problem in listed["problems"]]
    return _data(server, (m for i, m in models.items() if i not in off), off, problems), off


def _is_asked(model: Mapping[str, Any]) -> bool:
    return model["id"] != LOCAL_ID and bool(model["state"] != Reachable.OFF.value)


def _retry(server: RunningServer, provider_id: str) -> None:
    try:
        server.request("POST", f"{PROVIDERS}/{provider_id}/retry")
    except CommandError:
        return  # it was removed meanwhile


def _names(kernelspecs: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the names of kernels by provider."""
    names: dict[str, list[str]] = {}
    for name, model in kernelspecs.items():
        metadata = model.get("spec", {}).get("metadata", {})
        names.setdefault(metadata.get("kernel_provider", LOCAL_ID), []).append(name)
    return names


def _model(monitor: ProviderMonitor) -> dict[str, Any]:
    provider, status = monitor.provider, monitor.status
    model = status_model(provider.config, provider.label, status, monitor.retry_in)
    names = monitor.snapshot.kernelspecs if monitor.snapshot else ()
    is_local = provider.kind == LocalKernelProvider.kind
    kernelspecs = [name if is_local else f"{provider.id}/{name}" for name in names]
    return {**model, "warnings": monitor.warnings, "kernelspecs": kernelspecs}


def _text(data: Mapping[str, Any], off: Labels) -> str:
    models: Sequence[Mapping[str, Any]] = data["providers"]
    rows = [
        (m["id"], m["label"], state_word(m["state"]), ", ".join(m["kernelspecs"]) or "-")
        for m in models
    ]
    rows += [(i, label, state_word(Reachable.OFF.value), "-") for i, label in off.items()]
    explanations = [_explanation(model) for model in models]
    warnings = [warning for model in models for warning in model["warnings"]]
    below = [*filter(None, explanations), *warnings, *data["problems"]]
    return "\n\n".join([table(("PROVIDER", "LABEL", "STATE", "KERNELS"), rows), *below])


def _explanation(model: Mapping[str, Any]) -> str:
    """Return why a provider is not available, and its address; empty if it is available."""
    message, url = str(model["message"]), model["url"]
    return f"{message} Its address is {url}." if message and url else message
