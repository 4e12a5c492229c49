"""The catalog: remote kernelspecs under this server's names, display names and URLs."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kernel_providers_ext.provider.interface import Snapshot
from kernel_providers_ext.provider.names import template_of
from kernel_providers_ext.registry.catalog import Catalog, CatalogSource, models

SUFFIX = template_of("suffix")


def kernelspec(name: str, display_name: str = "Python 3", **more: Any) -> dict[str, Any]:
    """Return a kernelspec as a snapshot has it."""
    spec = {"display_name": display_name, "language": "python", "argv": ["python"]}
    return {"name": name, "spec": spec, "resources": {}, **more}


def source(
    provider_id: str, *specs: dict[str, Any], label: str = "", default: bool = False
) -> CatalogSource:
    """Return a provider's source with these kernelspecs."""
    snapshot = Snapshot({spec["name"]: spec for spec in specs})
    return CatalogSource(provider_id, label or provider_id.upper(), snapshot, default)


def shown(
    *sources: CatalogSource, template: str = SUFFIX, taken: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the display names by name."""
    found = models(sources, template, "/", taken)
    return {name: model["spec"]["display_name"] for name, model in found.items()}


def test_a_kernel_is_found_under_its_qualified_name() -> None:
    """A name leads to the provider and to any kernel name there."""
    names = ["python3", "gpu/python3", "my kernel", "100%", "日本"]
    catalog = Catalog()
    catalog.update([source("hub", *map(kernelspec, names)), source("b", kernelspec("python3"))])
    for name in names:
        entry = catalog.get(f"hub/{name}")
        assert entry is not None
        assert (entry.provider_id, entry.kernel_name) == ("hub", name)
    assert len(catalog) == len(names) + 1
    assert catalog.get("python3") is None


def test_a_model_keeps_the_providers_fields() -> None:
    """A model has our name and display name, names its provider, and is otherwise unchanged."""
    original = kernelspec("python3", more="kept")
    original["spec"]["metadata"] = {"debugger": True}
    [(name, model)] = models([source("gpu", original)], SUFFIX, "/", ()).items()
    metadata = {
        "debugger": True,
        "kernel_provider": "gpu",
        "kernel_provider_label": "GPU",
        "kernel_display_name": "Python 3",
    }
    spec = {**original["spec"], "display_name": "Python 3 (GPU)", "metadata": metadata}
    assert model == {**original, "name": "gpu/python3", "spec": spec}
    assert name == "gpu/python3"
    assert original["spec"]["metadata"] == {"debugger": True}, "what the provider said is unchanged"


@pytest.mark.parametrize(
    ("kernel_name", "file", "ours"),
    [
        ("py", "logo.svg", "/b/kernelspecs/gpu%2Fpy/logo.svg"),
        ("a/b c", "a%20b%25.png", "/b/kernelspecs/gpu%2Fa%2Fb%20c/a%20b%25.png"),
    ],
)
def test_resources_have_urls_of_this_server(kernel_name: str, file: str, ours: str) -> None:
    """A logo's URL is on this server, with the name as one segment."""
    spec = kernelspec(kernel_name, resources={"logo": file})
    [model] = models([source("gpu", spec)], SUFFIX, "/b/", ()).values()
    assert model["resources"] == {"logo": ours}


def test_only_a_changed_source_is_built_anew() -> None:
    """Other providers' kernelspecs, and models with the same arguments, stay in memory."""
    catalog = Catalog()
    a, b = source("a", kernelspec("py")), source("b", kernelspec("py"))
    catalog.update([a, b])
    models_before = catalog.models(SUFFIX, "/", ())
    catalog.update([source("a", kernelspec("py")), source("b", kernelspec("py"))])
    assert catalog.models(SUFFIX, "/", ()) is models_before
    catalog.update([source("a", kernelspec("py")), source("b", kernelspec("ir"))])
    assert catalog.sources[0] is a
    assert set(catalog.models(SUFFIX, "/", ())) == {"a/py", "b/ir"}


def test_display_names_are_unique_in_any_order() -> None:
    """Kernels with equal display names differ here, in any order of providers."""
    sources = [
        source("a", kernelspec("py"), kernelspec("py2"), label="A"),
        source("b", kernelspec("py"), label="B"),
        source("c", kernelspec("py")),
    ]
    expected = {
        "a/py": "Python 3 (A) [a/py]",
        "a/py2": "Python 3 (A) [a/py2]",
        "b/py": "Python 3 (B)",
        "c/py": "Python 3 (C)",
    }
    for order in permutations(sources):
        assert shown(*order) == expected


def test_local_display_names_stay() -> None:
    """A remote kernel that would look like a local one differs; the local one stays unchanged."""
    remote = [source("a", kernelspec("py")), source("b", kernelspec("ir", "R"))]
    assert shown(*remote, template="{kernel}", taken=("Python 3",)) == {
        "a/py": "Python 3 [a/py]",
        "b/ir": "R",
    }


def test_the_default_provider_keeps_its_names() -> None:
    """A provider that stands in for local kernels keeps its names and display names."""
    original = kernelspec("python3", resources={"logo": "logo.svg"})
    gateway = source("gateway", original, default=True)
    found = models([gateway, source("b", kernelspec("py"))], "{kernel}", "/", ())
    assert found["python3"] == {**original, "resources": {"logo": "/kernelspecs/python3/logo.svg"}}
    assert found["b/py"]["spec"]["display_name"] == "Python 3 [b/py]"
    assert gateway.entries["python3"].provider_id == "gateway"
