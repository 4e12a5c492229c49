"""Scrapes a Jupyter Server's metrics, as Prometheus does."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from kernel_providers_ext.server.metrics import PREFIX
from tests.support.client import Client


@dataclass(frozen=True)
class Scrape:
    """The samples of one scrape."""

    samples: list[Sample]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of one series; None if there is none."""
        values = [s.value for s in self.samples if (s.name, s.labels) == (name, labels)]
        assert len(values) <= 1, f"there are several series {name} {labels}"
        return values[0] if values else None

    def of_provider(self, name: str, provider: str = "gpu", **labels: str) -> float | None:
        """Return the value of a provider's series, whose name has no prefix."""
        return self.value(PREFIX + name, provider=provider, **labels)

    def states(self, provider: str = "gpu") -> list[str]:
        """Return the states that a provider is in."""
        return [
            s.labels["state"]
            for s in self.samples
            if (s.name, s.labels.get("provider"), s.value) == (f"{PREFIX}state", provider, 1)
        ]

    @property
    def ours(self) -> list[Sample]:
        """The samples of this package."""
        return [sample for sample in self.samples if sample.name.startswith(PREFIX)]

    @property
    def providers(self) -> set[str]:
        """The ids of the providers that have series."""
        return {sample.labels["provider"] for sample in self.ours}


async def scrape(client: Client) -> Scrape:
    """Return what a server's ``/metrics`` has now."""
    reply = await client.request("GET", "metrics")
    assert reply.status == 200, reply
    families = text_string_to_metric_families(reply.body.decode())
    return Scrape([sample for family in families for sample in family.samples])
