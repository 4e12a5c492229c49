"""The models of the REST API: what front ends and the command line see of the providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..provider.config import ProviderConfig
from ..provider.names import LOCAL_ID
from ..provider.status import Kernelspecs, Reachable, Status
from ..registry.local import LocalKernelProvider
from ..registry.monitor import ProviderMonitor
from ..registry.providers import DisabledProvider, KernelProviders

LOCAL_LABEL = "This server"


def providers_model(providers: KernelProviders) -> dict[str, Any]:
    """
    Return the answer of ``GET /api/kernel-providers``.

    ``default`` is the id of the provider whose kernels have names without a prefix, ``template``
    the administrator's template of display names, ``providers`` a list of `provider_model` (local
    kernels first, disabled providers last), ``problems`` a list of ``{"id", "source", "message"}``
    for providers that are not loaded, and ``recent`` the names of the kernels that sessions were
    started with, the last one first.
    """
    local = [_local_model(providers)] if providers.local_enabled else []
    labels = providers.labels
    remote = [_remote_model(providers, monitor, labels) for monitor in providers.monitors]
    disabled = [_disabled_model(provider) for provider in providers.disabled.values()]
    return {
        "default": providers.default_provider,
        "template": providers.template,
        "providers": [*local, *remote, *disabled],
        "problems": [
            {"id": problem.provider_id, "source": problem.source, "message": problem.message}
            for problem in providers.problems.values()
        ],
        "recent": list(providers.recent.names),
    }


def provider_model(providers: KernelProviders, monitor: ProviderMonitor) -> dict[str, Any]:
    """Return one remote provider, with the unique label that its kernels show."""
    return _remote_model(providers, monitor, providers.labels)


def status_model(
    config: ProviderConfig, label: str, status: Status, retry_in: float | None = None
) -> dict[str, Any]:
    """
    Return a provider without its kernels.

    ``since`` and ``last_seen`` are ISO 8601 with a time zone, ``latency_ms`` is in milliseconds,
    and ``retry_in`` in seconds (None if the provider is not polled). ``reason``, ``detail`` and
    ``message`` are those of `ProviderError`, empty if all is well. ``warnings`` are sentences about
    a provider that can be used.
    """
    return {
        "id": config.id,
        "label": label,
        "kind": config.kind,
        "url": config.url,
        "source": config.source,
        "state": status.reachable.value,
        "reason": status.reason_code,
        "detail": status.detail,
        "message": status.message,
        "since": status.since.isoformat(),
        "last_seen": status.last_seen and status.last_seen.isoformat(),
        "latency_ms": None if status.latency is None else round(status.latency * 1000),
        "kernelspecs": status.kernelspecs.value,
        "retry_in": retry_in,
        "warnings": [],
        "kernel_phases": [],
    }


def _remote_model(
    providers: KernelProviders, monitor: ProviderMonitor, labels: Mapping[str, str]
) -> dict[str, Any]:
    config = monitor.provider.config
    phases = [
        {
            "kernel_id": phase.kernel_id,
            "kernel_name": phase.kernel_name,
            "phase": phase.name,
            "since": phase.since.isoformat(),
            "session_id": phase.session_id,
        }
        for phase in providers.phases.of_provider(config.id)
    ]
    model = status_model(config, labels[config.id], monitor.status, monitor.retry_in)
    return {**model, "warnings": monitor.warnings, "kernel_phases": phases}


def _local_model(providers: KernelProviders) -> dict[str, Any]:
    config = ProviderConfig(LOCAL_ID, "", kind=LocalKernelProvider.kind)
    status = Status(providers.created, Reachable.ONLINE, Kernelspecs.FRESH)
    return {**status_model(config, LOCAL_LABEL, status), "url": None, "source": None}


def _disabled_model(provider: DisabledProvider) -> dict[str, Any]:
    status = Status(provider.since, Reachable.OFF)
    return status_model(provider.config, provider.config.label, status)
