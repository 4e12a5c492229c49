"""
Jupyter Server's map of kernels: the only place that touches its private state.

jupyter_server has no public way to put a kernel of another class into its map. These attributes
have been there since jupyter_server 2.14; ``tests/unit/server/test_kernel_map.py`` runs with the
oldest supported version and the newest:

- ``_kernels``: jupyter_client/multikernelmanager.py, `MultiKernelManager`: managers by kernel id;
- ``_kernel_connections``: jupyter_server/services/kernels/kernelmanager.py, `MappingKernelManager`:
  the number of websockets by kernel id, which `kernel_model` and the culler read;
- ``_initialized_culler``: the same class: whether the culler runs, which the stock `start_kernel`
  starts with the first kernel.
"""

from __future__ import annotations

from collections.abc import Collection
from contextvars import Context
from typing import Any

from jupyter_server.prometheus.metrics import KERNEL_CURRENTLY_RUNNING_TOTAL
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

from ..kernels.kernel import RemoteKernelManager
from ..registry.providers import KernelProviders


class ServerKernelMap:
    """The kernels of a configured kernel manager, by id; local and remote ones."""

    def __init__(self, manager: MappingKernelManager, providers: KernelProviders) -> None:
        self._manager: Any = manager
        self.providers = providers
        self.log = manager.log

    @property
    def kernels(self) -> Collection[Any]:
        """The managers of all kernels."""
        kernels: Collection[Any] = self._manager._kernels.values()
        return kernels

    def get(self, kernel_id: str) -> Any:
        """Return the manager of a kernel; None if there is none."""
        return self._manager._kernels.get(kernel_id)

    def add(self, kernel: RemoteKernelManager) -> None:
        """Add a remote kernel under its id, as the stock `start_kernel` does for a local one."""
        self._manager._kernels[kernel.kernel_id] = kernel
        self._manager._kernel_connections[kernel.kernel_id] = 0
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).inc()
        if not self._manager._initialized_culler:
            # In an empty context: the culler must not look as if it were part of this request.
            Context().run(self._manager.initialize_culler)

    def remove(self, kernel: RemoteKernelManager) -> None:
        """Remove a remote kernel, as the stock `shutdown_kernel` does for a local one."""
        self._manager._kernels.pop(kernel.kernel_id)
        self._manager._kernel_connections.pop(kernel.kernel_id, None)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).dec()

    def new_id(self) -> str:
        """Return an id that no kernel has."""
        return str(self._manager.new_kernel_id())

    def manager_arguments(self) -> dict[str, Any]:
        """Return the arguments that Jupyter Server gives to each manager of a kernel."""
        manager = self._manager
        return {
            "parent": manager,
            "log": manager.log,
            "kernel_spec_manager": manager.kernel_spec_manager,
        }
