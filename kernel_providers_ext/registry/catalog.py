"""The kernelspecs of all remote providers under this server's names, display names and URLs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..provider import names
from ..provider.interface import KernelspecModel, Snapshot
from .resources import file_of


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
        metadata = spec.get("metadata")
        return KernelSpec(
            display_name=str(spec.get("display_name", "")),
            language=str(spec.get("language", "")),
            metadata=metadata if isinstance(metadata, dict) else {},
        )


class Catalog:
    """All kernelspecs of the remote providers, in memory."""

    def __init__(self) -> None:
        self._sources: Collection[CatalogSource] = ()
        self._entries: Mapping[str, Entry] = {}
        self._models: tuple[object, dict[str, dict[str, Any]]] = (None, {})

    def update(self, sources: Collection[CatalogSource]) -> None:
        """Replace the catalog."""
        self._sources = sources
        self._entries = index(sources)
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
            self._models = (key, models(self._sources, template, base_url, taken))
        return self._models[1]

    @property
    def default(self) -> str | None:
        """The name of the first default kernel, of the default provider if that has one."""
        sources = sorted(self._sources, key=lambda source: not source.is_default)
        return next((s.name(s.snapshot.default) for s in sources if s.snapshot.default), None)


def index(sources: Iterable[CatalogSource]) -> dict[str, Entry]:
    """Return all kernelspecs by this server's names for them."""
    return {
        source.name(kernel_name): Entry(source.provider_id, kernel_name, model)
        for source in sources
        for kernel_name, model in source.snapshot.kernelspecs.items()
    }


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
    shown = {
        source.name(kernel_name): (
            _original_display_name(kernel_name, model)
            if source.is_default
            else names.display_name(
                template,
                kernel=_original_display_name(kernel_name, model),
                provider=source.label,
            )
        )
        for source in sources
        for kernel_name, model in source.snapshot.kernelspecs.items()
    }
    unique = names.unique(shown, taken)
    return {
        source.name(kernel_name): _model(source, kernel_name, model, unique, base_url)
        for source in sources
        for kernel_name, model in source.snapshot.kernelspecs.items()
    }


def _model(
    source: CatalogSource,
    kernel_name: str,
    model: KernelspecModel,
    shown: Mapping[str, str],
    base_url: str,
) -> dict[str, Any]:
    name = source.name(kernel_name)
    resources = {
        key: f"{base_url}kernelspecs/{names.encode(name)}/{names.encode(file_of(url))}"
        for key, url in model.get("resources", {}).items()
        if file_of(url)
    }
    spec = dict(model["spec"])
    if not source.is_default:
        spec["display_name"] = shown[name]
        # Flat strings: other launchers show each of them as a column.
        spec["metadata"] = {
            **(spec.get("metadata") or {}),
            "kernel_provider": source.provider_id,
            "kernel_provider_label": source.label,
            "kernel_display_name": _original_display_name(kernel_name, model),
        }
    return {**model, "name": name, "spec": spec, "resources": resources}


def _original_display_name(kernel_name: str, model: KernelspecModel) -> str:
    given = model["spec"].get("display_name")
    return given.strip() if isinstance(given, str) and given.strip() else kernel_name
