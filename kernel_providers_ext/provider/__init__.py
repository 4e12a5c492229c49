"""
What a kernel provider is: the interface of its classes, its configuration, status and errors.

Packages that add a kind of provider import these names from ``kernel_providers_ext``.
"""

from .config import ProviderConfig, Timeouts, Tls
from .diagnosis import DiagnosticStep, StepSkipped
from .errors import (
    ConfigurationError,
    IncompatibleAnswer,
    KernelGone,
    NoSuchKernelspec,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
)
from .interface import (
    Frame,
    KernelChannels,
    KernelModel,
    KernelProvider,
    KernelspecModel,
    RemoteKernelProvider,
    Resource,
    Snapshot,
)
from .secrets import Secret

__all__ = [
    "ConfigurationError",
    "DiagnosticStep",
    "Frame",
    "IncompatibleAnswer",
    "KernelChannels",
    "KernelGone",
    "KernelModel",
    "KernelProvider",
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
]
