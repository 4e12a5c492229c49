"""Orphaned kernels: nothing here uses them, and they are to be stopped at their provider."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from logging import Logger

from ..provider.errors import ProviderError
from ..provider.interface import KernelModel
from ..registry.providers import KernelProviders
from .store import Record


class OrphanedKernel:
    """
    A kernel to stop.

    ``expected_until``, by the monotonic clock, is how long a kernel that is not there may still
    appear, because its start was not answered.
    """

    def __init__(self, record: Record, expected_until: float, owner: OrphanedKernels) -> None:
        self.record = record
        self.remote_id = record.remote_id
        self.url = record.url
        self.expected_until = expected_until
        self.stopping: asyncio.Task[None] | None = None
        self._owner = owner

    @property
    def is_expected(self) -> bool:
        """Whether the kernel may still appear."""
        return time.monotonic() < self.expected_until

    @property
    def needs_polling(self) -> bool:
        """Always, as it may appear or disappear."""
        return True

    def update(self, model: KernelModel | None, asked: float) -> None:
        """Stop the kernel, or forget it if it is gone."""
        self._owner.update(self, model)


class OrphanedKernels:
    """Stops orphaned kernels as soon as their provider is available."""

    def __init__(
        self, providers: KernelProviders, on_change: Callable[[], None], log: Logger
    ) -> None:
        self._providers = providers
        self._on_change = on_change
        self._log = log
        self._kernels: list[OrphanedKernel] = []

    @property
    def records(self) -> list[Record]:
        """What the store keeps of them."""
        return [replace(one.record, is_starting=one.is_expected) for one in self._kernels]

    def add(self, record: Record, expected_until: float) -> None:
        """Stop a kernel as soon as that is possible."""
        kernel = OrphanedKernel(record, expected_until, self)
        self._kernels.append(kernel)
        self._providers.poll(record.provider_id, kernel)
        self._on_change()

    def take_back(self, provider_id: str, remote_id: str) -> None:
        """Do not stop a kernel after all; does nothing if it is not an orphan."""
        for kernel in self._kernels[:]:
            if (kernel.record.provider_id, kernel.remote_id) == (provider_id, remote_id):
                self._forget(kernel)

    def update(self, kernel: OrphanedKernel, model: KernelModel | None) -> None:
        """Stop a kernel that its provider has, and forget one that is gone."""
        if kernel not in self._kernels:
            return
        if model is None:
            if not kernel.is_expected:
                self._forget(kernel)
        elif kernel.stopping is None:
            kernel.stopping = asyncio.create_task(self._stop(kernel))

    async def aclose(self) -> None:
        """Stop no more kernels."""
        stopping = [kernel.stopping for kernel in self._kernels if kernel.stopping is not None]
        for task in stopping:
            task.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)

    async def _stop(self, kernel: OrphanedKernel) -> None:
        provider_id = kernel.record.provider_id
        try:
            await self._providers.provider(provider_id).shutdown_kernel(kernel.remote_id)
        except ProviderError:
            return
        finally:
            kernel.stopping = None  # the next update tries again
        self._log.info("Orphaned kernel %s at %s was stopped.", kernel.remote_id, provider_id)
        self._forget(kernel)

    def _forget(self, kernel: OrphanedKernel) -> None:
        if kernel.stopping is not None:
            kernel.stopping.cancel()
        if kernel in self._kernels:
            self._kernels.remove(kernel)
            self._providers.stop_polling(kernel.record.provider_id, kernel)
            self._on_change()
