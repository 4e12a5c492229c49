"""All kernel providers of one server, each kept fresh by its monitor."""

from .catalog import Entry
from .kinds import Kinds
from .local import LocalKernelProvider
from .monitor import PolledKernel, ProviderMonitor
from .phases import RECONNECTING, STARTING
from .providers import KernelProviders

__all__ = [
    "RECONNECTING",
    "STARTING",
    "Entry",
    "KernelProviders",
    "Kinds",
    "LocalKernelProvider",
    "PolledKernel",
    "ProviderMonitor",
]
