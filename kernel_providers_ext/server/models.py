"""What is known of the providers, as JSON: for front ends, and for programs on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..provider.config import ProviderConfig
from ..provider.names import LOCAL_ID
from ..provider.status import Kernelspecs, Reachable, Status
from ..registry.local import LocalKernelProvider
from ..registry.monitor import ProviderMonitor
from ..registry.providers import KernelProviders

LOCAL_LABEL = "This server"


def providers_model(providers: KernelProviders) -> dict[str, Any]:
    """Return the answer of ``GET /api/kernel-providers``; local kernels first, what is off last."""
    local = [_local(providers)] if providers.local_enabled else []
    labels = providers.labels
    remote = [_remote(providers, monitor, labels) for monitor in providers.monitors]
    return {
        "default": providers.default_provider,
        "template": providers.template,
        "providers": [*local, *remote, *_switched_off(providers)],
        "problems": [
            {"id": provider_id, "source": source, "message": message}
            for source, (provider_id, message) in providers.problems.items()
        ],
    }


def provider_model(providers: KernelProviders, monitor: ProviderMonitor) -> dict[str, Any]:
    """Return one remote provider, under the label that its kernels have."""
    return _remote(providers, monitor, providers.labels)


def status_model(
    config: ProviderConfig, label: str, status: Status, retry_in: float | None = None
) -> dict[str, Any]:
    """Return a provider; ``retry_in`` as `ProviderMonitor.retry_in`."""
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
        "kernel_phases": [],
    }


def _remote(
    providers: KernelProviders, monitor: ProviderMonitor, labels: Mapping[str, str]
) -> dict[str, Any]:
    config = monitor.provider.config
    kernel_phases = [
        {"kernel_id": phase.kernel_id, "phase": phase.name, "since": phase.since.isoformat()}
        for phase in providers.phases.at(config.id)
    ]
    described = status_model(config, labels[config.id], monitor.status, monitor.retry_in)
    return {**described, "kernel_phases": kernel_phases}


def _local(providers: KernelProviders) -> dict[str, Any]:
    config = ProviderConfig(LOCAL_ID, "", kind=LocalKernelProvider.kind)
    status = Status(providers.made, Reachable.ONLINE, Kernelspecs.FRESH)
    return {**status_model(config, LOCAL_LABEL, status), "url": None, "source": None}


def _switched_off(providers: KernelProviders) -> list[dict[str, Any]]:
    return [
        status_model(config, config.label, Status(providers.off_since[config.id], Reachable.OFF))
        for config in providers.switched_off.values()
    ]
