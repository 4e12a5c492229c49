"""
The kernelspecs of remote providers under the names, display names and URLs of this server.

Pure: what the providers answered goes in, what this server shows comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..provider import names
from ..provider.interface import KernelspecModel, Snapshot
from .resources import file_of


@dataclass(frozen=True)
class CatalogSource:
    """
    One provider's part of the catalog; ``label`` is one that no other source has.

    ``is_default`` marks the provider whose kernels keep their own names and display names: a server
    started with nothing but ``--gateway-url`` shows what it always showed.
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
    """A kernelspec of the catalog: whose it is, what it is called there, and its own model."""

    provider_id: str
    kernel_name: str
    original: KernelspecModel


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

    ``template`` places kernel and provider in a display name, ``base_url`` is this server's, ending
    in a slash, and ``taken`` has the display names of local kernels, which always keep theirs.
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
