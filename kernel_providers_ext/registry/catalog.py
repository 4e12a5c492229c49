"""The kernelspecs of all remote providers under this server's names, display names and URLs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..provider import names
from ..provider.interface import KernelspecModel, Snapshot


@dataclass(frozen=True)
class Entry:
    """A kernelspec of the catalog: its provider's id, its name there, and its original model."""

    provider_id: str
    kernel_name: str
    original: KernelspecModel

    @property
    def kernelspec(self) -> KernelSpec:
        """The kernelspec for jupyter_client, without what has no meaning on this machine."""
        spec = self.original["spec"]
        return KernelSpec(
            display_name=spec["display_name"],
            language=spec["language"],
            metadata=spec.get("metadata", {}),
        )


@dataclass(frozen=True)
class CatalogSource:
    """
    One provider's part of the catalog; ``label`` is unique among all sources.

    ``is_default`` marks the provider whose kernels keep their names and display names: a server
    with only ``--gateway-url`` shows what it always showed.
    """

    provider_id: str
    label: str
    snapshot: Snapshot
    is_default: bool = False

    def name(self, kernel_name: str) -> str:
        """Return this server's name for a kernel of the provider."""
        return kernel_name if self.is_default else names.qualify(self.provider_id, kernel_name)

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The kernelspecs by this server's names for them."""
        return {
            self.name(kernel_name): Entry(self.provider_id, kernel_name, model)
            for kernel_name, model in self.snapshot.kernelspecs.items()
        }


class Catalog:
    """All kernelspecs of the remote providers, in memory."""

    def __init__(self) -> None:
        self.sources: list[CatalogSource] = []
        self._entries: Mapping[str, Entry] = {}
        self._models: tuple[object, dict[str, dict[str, Any]]] = (None, {})

    def update(self, sources: Iterable[CatalogSource]) -> None:
        """Replace the catalog; what is known of an unchanged source stays in memory."""
        before = {source.provider_id: source for source in self.sources}
        now = [
            known if (known := before.get(source.provider_id)) == source else source
            for source in sources
        ]
        if now != self.sources:
            self.sources = now
            self._entries = {
                name: entry for source in now for name, entry in source.entries.items()
            }
            self._models = (None, {})

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Entry | None:
        """Return the entry of this server's name; None if there is none."""
        return self._entries.get(name)

    def models(
        self, template: str, base_url: str, taken: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Return the models, see `models`; from memory if the arguments are the last ones."""
        key = (template, base_url, frozenset(taken))
        if self._models[0] != key:
            self._models = (key, models(self.sources, template, base_url, taken))
        return self._models[1]

    @property
    def default(self) -> str | None:
        """The name of the first default kernel, of the default provider if that has one."""
        sources = sorted(self.sources, key=lambda source: not source.is_default)
        return next((s.name(s.snapshot.default) for s in sources if s.snapshot.default), None)


def models(
    sources: Collection[CatalogSource], template: str, base_url: str, taken: Collection[str]
) -> dict[str, dict[str, Any]]:
    """
    Return the models that this server answers with, by name.

    Args:
        sources: The providers' kernelspecs.
        template: Places ``{kernel}`` and ``{provider}`` in a display name.
        base_url: This server's base URL, which ends in a slash.
        taken: The display names of local kernels, which never change.
    """
    wanted = {
        name: _display_name(source, entry.original, template)
        for source in sources
        for name, entry in source.entries.items()
    }
    shown = names.unique(wanted, taken)
    return {
        name: _model(source, name, entry.original, shown[name], base_url)
        for source in sources
        for name, entry in source.entries.items()
    }


def _display_name(source: CatalogSource, model: KernelspecModel, template: str) -> str:
    kernel = model["spec"]["display_name"]
    if source.is_default:
        return str(kernel)
    return names.display_name(template, kernel=kernel, provider=source.label)


def _model(
    source: CatalogSource, name: str, model: KernelspecModel, shown: str, base_url: str
) -> dict[str, Any]:
    folder = f"{base_url}kernelspecs/{names.encode(name)}"
    spec = model["spec"]
    if not source.is_default:
        spec = {
            **spec,
            "display_name": shown,
            # Flat strings: other launchers show each of them as a column.
            "metadata": {
                **spec.get("metadata", {}),
                "kernel_provider": source.provider_id,
                "kernel_provider_label": source.label,
                "kernel_display_name": spec["display_name"],
            },
        }
    resources = {key: f"{folder}/{file}" for key, file in model["resources"].items()}
    return {**model, "name": name, "spec": spec, "resources": resources}
