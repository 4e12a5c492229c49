"""The public names of the package and of its rooms."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

import kernel_providers_ext
from kernel_providers_ext import KernelChannels, KernelProvidersLoader, RemoteKernelProvider

#: Packages that add a kind or a loader rely on these names.
PUBLIC = {
    "ConfigurationError",
    "Declaration",
    "DiagnosticStep",
    "FileLoader",
    "Frame",
    "IncompatibleAnswer",
    "KernelChannels",
    "KernelGone",
    "KernelModel",
    "KernelProvider",
    "KernelProvidersLoader",
    "KernelspecModel",
    "NoSuchKernelspec",
    "ProviderConfig",
    "ProviderError",
    "ProviderUnavailable",
    "RemoteKernelProvider",
    "RequestRefused",
    "Resource",
    "Secret",
    "SignInNeeded",
    "Snapshot",
    "StepSkipped",
    "Timeouts",
    "Tls",
    "__version__",
}
ROOMS = [
    room.name
    for room in pkgutil.iter_modules(kernel_providers_ext.__path__, "kernel_providers_ext.")
    if room.ispkg
]


def test_the_package_has_these_public_names() -> None:
    """No public name disappears without a change of this list, and of the changelog."""
    assert set(kernel_providers_ext.__all__) == PUBLIC


@pytest.mark.parametrize("name", ["kernel_providers_ext", *ROOMS])
def test_all_lists_names_that_exist(name: str) -> None:
    """A room's ``__init__`` names its public face, in order, and says what the room is."""
    room = import_module(name)
    names = list(room.__all__)
    assert names == sorted(names, key=lambda n: (not n.isupper(), n.startswith("_"), n))
    assert all(hasattr(room, public) for public in names)
    assert room.__doc__


def contracts() -> list[object]:
    """Return the methods that other packages implement or call."""
    classes = (KernelChannels, RemoteKernelProvider, KernelProvidersLoader)
    return [
        member
        for cls in classes
        for name, member in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and member.__module__.startswith("kernel_providers_ext.")
    ]


@pytest.mark.parametrize("method", contracts(), ids=lambda method: method.__qualname__)
def test_a_method_that_others_implement_has_a_contract(method: object) -> None:
    """Its arguments are explained in its docstring, or in that of its class."""
    assert inspect.isfunction(method)
    text = inspect.getdoc(method) or ""
    assert text
    for name in list(inspect.signature(method).parameters)[1:]:
        is_obvious = name in {"kernel_id", "config", "frame"}
        assert is_obvious or name in text, f"{method.__qualname__} does not explain {name!r}"
