"""The models of the REST API: what front ends and the command line see of the providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..provider.config import Origin, ProviderConfig
from ..provider.names import LOCAL_ID
from ..provider.status import Kernelspecs, Reachable, Status
from ..registry.local import LocalKernelProvider
from ..registry.monitor import ProviderMonitor
from ..registry.probe import Probe
from ..registry.providers import DisabledProvider, KernelProviders
from ..registry.user_providers import UserProviders

#: What clients get to know of a running kernel at a provider.
KERNEL_FIELDS = ("id", "name", "execution_state", "last_activity", "connections")
LOCAL_LABEL = "This server"


def providers_model(providers: KernelProviders, own: UserProviders | None = None) -> dict[str, Any]:
    """
    Return the answer of ``GET /api/kernel-providers``.

    ``default`` is the id of the provider whose kernels have names without a prefix, ``template``
    the administrator's template of display names, ``providers`` a list of `provider_model` (local
    kernels first, disabled providers last), ``problems`` a list of ``{"id", "source", "message"}``
    for providers that are not loaded, and ``recent`` the names of the kernels that sessions were
    started with, the last one first. ``own`` decides what may be done with a provider, see
    `UserProviders.may`; with None it is nothing.
    """
    local = [_local_model(providers)] if providers.local_enabled else []
    labels = providers.labels
    remote = [_remote_model(providers, monitor, labels) for monitor in providers.monitors]
    disabled = [_disabled_model(provider) for provider in providers.disabled.values()]

    def may(origin: Origin | None, state: str) -> list[str]:
        if own is None or origin is None:
            return []
        return own.may(origin, is_enabled=state != Reachable.OFF.value)

    listed = [*local, *remote, *disabled]
    return {
        "default": providers.default_provider,
        "template": providers.template,
        "may_add": own is not None and own.may_add,
        "providers": [{**m, "may": may(m["origin"], m["state"])} for m in listed],
        "problems": [
            {
                "id": problem.provider_id,
                "source": problem.source,
                "message": problem.message,
                "origin": problem.origin,
                "may": may(problem.origin, ""),
            }
            for problem in providers.problems.values()
        ],
        "recent": list(providers.recent.names),
    }


def provider_model(providers: KernelProviders, monitor: ProviderMonitor) -> dict[str, Any]:
    """Return one remote provider, with the unique label that its kernels show."""
    return _remote_model(providers, monitor, providers.labels)


def declared_model(
    providers: KernelProviders, own: UserProviders | None, provider_id: str
) -> dict[str, Any]:
    """
    Return one declared provider, or problem, as `providers_model` has it, with two more fields.

    ``settings`` are those of the user's own provider, with ``{"saved": true}`` for each secret, and
    ``revision`` is what a change of them begins with; both are None for the providers of others,
    and the settings also if the file is no JSON object. Raises ConfigurationError if there is no
    such provider.
    """
    model = providers_model(providers, own)
    found = [m for m in (*model["problems"], *model["providers"]) if m["id"] == provider_id]
    if not found:
        raise UserProviders(providers).no_such(provider_id)
    settings, revision = None, None
    if own is not None and "change" in found[0]["may"]:
        settings, revision = own.settings(provider_id)
    return {**found[0], "settings": settings, "revision": revision}


def probe_model(found: Probe) -> dict[str, Any]:
    """Return what a provider answered that need not be one of this server's."""
    status = found.status
    return {
        "state": status.reachable.value,
        "reason": status.reason_code,
        "detail": status.detail,
        "message": status.message,
        "field": found.field,
        "kernels": found.kernels,
        "server": found.server,
        "latency_ms": None if status.latency is None else round(status.latency * 1000),
        "warnings": found.warnings,
    }


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
        "origin": config.origin,
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
    model = status_model(config, LOCAL_LABEL, status)
    return {**model, "url": None, "source": None, "origin": None}


def _disabled_model(provider: DisabledProvider) -> dict[str, Any]:
    status = Status(provider.since, Reachable.OFF)
    return status_model(provider.config, provider.config.label, status)
