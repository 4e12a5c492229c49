"""Which providers exist: the traits of ``c.KernelProviders``, loaders, and ``--gateway-url``."""

from .loader import Declaration, FileLoader, KernelProvidersLoader

__all__ = ["Declaration", "FileLoader", "KernelProvidersLoader"]
