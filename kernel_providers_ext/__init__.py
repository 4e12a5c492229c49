"""
Kernels of several places in one Jupyter Server.

A package that adds a kind of provider subclasses `RemoteKernelProvider`; one with its own source of
declarations subclasses `KernelProvidersLoader`. All public names are importable from here.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from .config import Declaration, FileLoader, KernelProvidersLoader
from .provider import (
    ConfigurationError,
    DiagnosticStep,
    Frame,
    IncompatibleAnswer,
    KernelChannels,
    KernelGone,
    KernelModel,
    KernelProvider,
    KernelspecModel,
    NoSuchKernelspec,
    ProviderConfig,
    ProviderError,
    ProviderUnavailable,
    RemoteKernelProvider,
    RequestRefused,
    Resource,
    Secret,
    SignInNeeded,
    Snapshot,
    StepSkipped,
    Timeouts,
    Tls,
)

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = [
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
]

__version__ = version("kernel-providers-ext")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "kernel-providers-ext"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "kernel_providers_ext"}]


def _link_jupyter_server_extension(serverapp: ServerApp) -> None:
    from .extension import link

    link(serverapp)


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    from .extension import load

    load(serverapp)
