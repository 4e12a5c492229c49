"""Kernels at providers that nobody here wants any more, and that only remain to be stopped."""

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
    A kernel that was left over.

    ``expected_until``, by the monotonic clock, is for how long one that is not there may still
    come, as nobody has said what became of its start.
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
        """Whether it may still come."""
        return time.monotonic() < self.expected_until

    @property
    def needs_polling(self) -> bool:
        """It may always have come, or have gone."""
        return True

    def update(self, model: KernelModel | None, asked: float) -> None:
        """Take notice that the provider answers."""
        self._owner.update(self, model)


class OrphanedKernels:
    """Stops what was left over once its provider can be reached."""

    def __init__(
        self, providers: KernelProviders, on_change: Callable[[], None], log: Logger
    ) -> None:
        self._providers = providers
        self._on_change = on_change
        self._log = log
        self._kernels: list[OrphanedKernel] = []

    @property
    def records(self) -> list[Record]:
        """What is to be written down of them."""
        return [replace(one.record, is_starting=one.is_expected) for one in self._kernels]

    def add(self, record: Record, expected_until: float) -> None:
        """Have a kernel stopped as soon as that can be done."""
        kernel = OrphanedKernel(record, expected_until, self)
        self._kernels.append(kernel)
        self._providers.poll(record.provider_id, kernel)
        self._on_change()

    def take_back(self, provider_id: str, remote_id: str) -> None:
        """Want a kernel again; harmless where it was not left over."""
        for kernel in self._kernels[:]:
            if (kernel.record.provider_id, kernel.remote_id) == (provider_id, remote_id):
                self._forget(kernel)

    def update(self, kernel: OrphanedKernel, model: KernelModel | None) -> None:
        """Stop a kernel of which its provider tells, and forget one that is gone."""
        if kernel not in self._kernels:
            return
        if model is None:
            if not kernel.is_expected:
                self._forget(kernel)
        elif kernel.stopping is None:
            kernel.stopping = asyncio.create_task(self._stop(kernel))

    async def aclose(self) -> None:
        """Stop no more of them."""
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
            kernel.stopping = None  # else the next time that the provider is heard of
        self._log.info("Kernel %s, left over at %s, was stopped.", kernel.remote_id, provider_id)
        self._forget(kernel)

    def _forget(self, kernel: OrphanedKernel) -> None:
        if kernel.stopping is not None:
            kernel.stopping.cancel()
        if kernel in self._kernels:
            self._kernels.remove(kernel)
            self._providers.stop_polling(kernel.record.provider_id, kernel)
            self._on_change()
