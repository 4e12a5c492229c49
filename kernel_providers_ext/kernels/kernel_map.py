"""What remote kernels need of the server's map of kernels."""

from __future__ import annotations

from collections.abc import Collection
from logging import Logger
from typing import Any, Protocol

from ..registry.providers import KernelProviders
from .kernel import RemoteKernelManager


class KernelMap(Protocol):
    """The server's kernels by id, local and remote ones; see `server.kernel_map`."""

    providers: KernelProviders
    log: Logger

    @property
    def kernels(self) -> Collection[Any]:
        """The managers of all kernels."""

    def get(self, kernel_id: str) -> Any:
        """Return the manager of a kernel; None if there is none."""

    def add(self, kernel: RemoteKernelManager) -> None:
        """Add a kernel under its id, so that clients see it."""

    def remove(self, kernel: RemoteKernelManager) -> None:
        """Remove a kernel."""

    def new_id(self) -> str:
        """Return an id that no kernel has."""

    def manager_arguments(self) -> dict[str, Any]:
        """Return the arguments that Jupyter Server gives to each manager of a kernel."""
