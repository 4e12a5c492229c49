"""What is known of the providers, as JSON: for front ends, and for programs on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..provider.config import ProviderConfig
from ..provider.names import LOCAL_ID
from ..provider.status import Kernelspecs, Reachable, Status
from ..registry.local import LocalKernelProvider
from ..registry.monitor import Refresher
from ..registry.providers import KernelProviders

LOCAL_LABEL = "This server"


def report(providers: KernelProviders) -> dict[str, Any]:
    """Return the answer of ``GET /api/kernel-providers``; local kernels first, what is off last."""
    local = [_local(providers)] if providers.local_enabled else []
    labels = providers.labels
    remote = [_remote(providers, refresher, labels) for refresher in providers.refreshers]
    return {
        "default": providers.default_provider,
        "template": providers.template,
        "providers": [*local, *remote, *_switched_off(providers)],
        "problems": [
            {"id": provider_id, "source": source, "sentence": sentence}
            for source, (provider_id, sentence) in providers.problems.items()
        ],
    }


def report_of(providers: KernelProviders, refresher: Refresher) -> dict[str, Any]:
    """Return one remote provider, under the label that its kernels have."""
    return _remote(providers, refresher, providers.labels)


def describe(
    config: ProviderConfig, label: str, status: Status, retry_in: float | None = None
) -> dict[str, Any]:
    """Return a provider; ``retry_in`` as `Refresher.retry_in`."""
    return {
        "id": config.id,
        "label": label,
        "kind": config.kind,
        "url": config.url,
        "source": config.source,
        "state": status.reachable.value,
        "reason": status.reason_code,
        "detail": status.detail,
        "sentence": status.sentence,
        "since": status.since.isoformat(),
        "last_seen": status.last_seen and status.last_seen.isoformat(),
        "latency_ms": None if status.latency is None else round(status.latency * 1000),
        "kernelspecs": status.kernelspecs.value,
        "retry_in": retry_in,
        "underway": [],
    }


def _remote(
    providers: KernelProviders, refresher: Refresher, labels: Mapping[str, str]
) -> dict[str, Any]:
    config = refresher.provider.config
    underway = [
        {"kernel_id": phase.kernel_id, "phase": phase.name, "since": phase.since.isoformat()}
        for phase in providers.underway.at(config.id)
    ]
    described = describe(config, labels[config.id], refresher.status, refresher.retry_in)
    return {**described, "underway": underway}


def _local(providers: KernelProviders) -> dict[str, Any]:
    config = ProviderConfig(LOCAL_ID, "", kind=LocalKernelProvider.kind)
    status = Status(providers.made, Reachable.ONLINE, Kernelspecs.FRESH)
    return {**describe(config, LOCAL_LABEL, status), "url": None, "source": None}


def _switched_off(providers: KernelProviders) -> list[dict[str, Any]]:
    return [
        describe(config, config.label, Status(providers.off_since[config.id], Reachable.OFF))
        for config in providers.switched_off.values()
    ]
