"""
Metrics of the remote providers in Jupyter Server's Prometheus endpoint, ``/metrics``.

Names follow https://prometheus.io/docs/practices/naming/. ``docs/admin/metrics.md`` explains them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..kernels.lifecycle import RemoteKernels
from ..provider.status import Reachable, Status
from ..registry.counters import Counters
from ..registry.providers import KernelProviders

PREFIX = "jupyter_kernel_provider_"


def serve_metrics(
    providers: KernelProviders, kernels: RemoteKernels, registry: CollectorRegistry = REGISTRY
) -> None:
    """
    Have a registry collect the metrics of the providers, until these are closed.

    A registry has no label for a server. If two servers of one process share it, it collects from
    the one that came first, until that one is closed.
    """
    collector = ProvidersCollector(providers, kernels)
    try:
        registry.register(collector)
    except ValueError:  # the names are taken
        providers.log.info("/metrics has the kernel providers of another server in this process.")
        return

    def unregister() -> None:
        with suppress(KeyError):  # others may have unregistered it
            registry.unregister(collector)

    providers.on_closed.add(unregister)


class ProvidersCollector:
    """
    Reads the metrics of all remote providers from memory when they are asked for.

    A provider has series for as long as it is configured.
    """

    def __init__(self, providers: KernelProviders, kernels: RemoteKernels) -> None:
        self._providers = providers
        self._kernels = kernels
        self._has_failed = False

    def describe(self) -> Iterable[Metric]:
        """Return all metrics without samples: a registry refuses names that it already has."""
        return Families().all

    def collect(self) -> Iterable[Metric]:
        """Return all metrics; after a defect none, as an exception would end the whole answer."""
        try:
            return self._families().all
        except Exception as error:
            if not self._has_failed:
                self._has_failed = True
                self._providers.log.error(
                    "The metrics of kernel providers could not be collected.", exc_info=error
                )
            return []

    def _families(self) -> Families:
        families, providers, budgets = Families(), self._providers, self._kernels.send_budgets
        waiting = Counter[str]()
        for kernel in self._kernels.listed:
            waiting[kernel.provider_id] += kernel.clients.waiting
        for monitor in providers.monitors:
            provider_id = monitor.provider.id
            families.add_status(provider_id, monitor.status)
            families.add_counters(provider_id, providers.counters[provider_id])
            families.add_waiting(provider_id, waiting[provider_id], budgets[provider_id].taken)
        for provider_id in providers.disabled:
            families.add_state(provider_id, Reachable.OFF)
        return families


class Families:
    """The metrics, to which the samples of each provider are added."""

    def __init__(self) -> None:
        self._state = _gauge("state", "1 for the provider's state, 0 for all others.", "state")
        self._latency = _gauge(
            "latency_seconds", "How long the last refresh took, while the provider is available."
        )
        self._refreshes = _counter(
            "refreshes_total", "Requests for the provider's kernelspecs.", "result"
        )
        self._reconnects = _counter(
            "reconnects_total", "Lost connections to kernels that were opened again."
        )
        self._messages = _counter(
            "messages_total", "Messages relayed between browsers and kernels.", "direction"
        )
        self._bytes = _counter(
            "message_bytes_total", "Bytes of the messages that were relayed.", "direction"
        )
        self._waiting = _gauge(
            "waiting_messages", "Messages of browsers that the provider has not taken yet."
        )
        self._waiting_bytes = _gauge(
            "waiting_bytes", "Bytes of the messages that the provider has not taken yet."
        )

    @property
    def all(self) -> list[Metric]:
        """All metrics, in order."""
        return list(vars(self).values())

    def add_status(self, provider_id: str, status: Status) -> None:
        """Add the state, and the latency of an available provider."""
        self.add_state(provider_id, status.reachable)
        if status.is_available and status.latency is not None:
            self._latency.add_metric([provider_id], status.latency)

    def add_state(self, provider_id: str, reachable: Reachable) -> None:
        """Add a series for each state, so that a query finds the one that has ended, too."""
        for state in Reachable:
            self._state.add_metric([provider_id, state.value], state is reachable)

    def add_counters(self, provider_id: str, counters: Counters) -> None:
        """Add what was counted."""
        self._refreshes.add_metric([provider_id, "success"], counters.refreshes_succeeded)
        self._refreshes.add_metric([provider_id, "failure"], counters.refreshes_failed)
        self._reconnects.add_metric([provider_id], counters.reconnects)
        for direction, traffic in (
            ("to_kernel", counters.to_kernels),
            ("from_kernel", counters.from_kernels),
        ):
            self._messages.add_metric([provider_id, direction], traffic.messages)
            self._bytes.add_metric([provider_id, direction], traffic.bytes)

    def add_waiting(self, provider_id: str, messages: int, size: int) -> None:
        """Add what waits in the send queues of all clients; ``size`` is in bytes."""
        self._waiting.add_metric([provider_id], messages)
        self._waiting_bytes.add_metric([provider_id], size)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, labels=["provider", *labels])


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, text, labels=["provider", *labels])
