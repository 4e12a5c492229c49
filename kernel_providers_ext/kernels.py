"""The kernel manager that Jupyter Server sees: kernels by id, wherever they run."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.prometheus.metrics import KERNEL_CURRENTLY_RUNNING_TOTAL
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from jupyter_server.services.sessions.handlers import SessionHandler

from .errors import ProviderError
from .ledger import Record
from .provider import KernelModel, RemoteKernelProvider
from .providers import KernelProviders
from .remote_kernel import RemoteKernelManager


class KernelObserver(Protocol):
    """Somebody who writes down which remote kernels there are."""

    def note(self) -> None:
        """Take notice that there are more or fewer than before."""

    async def leave(self) -> None:
        """Take notice that the server is about to end, and its sessions with it."""

    def close(self) -> None:
        """Take notice that it ends."""


KERNEL_ID = re.compile(r"\w+-\w+-\w+-\w+-\w+")  # what Jupyter Server's routes take for one
EXIT_TIMEOUT = 4.0  # seconds that remote kernels get to stop when the server does


class KernelProvidersKernelManager(MappingKernelManager):
    """
    Mixed into the configured kernel manager, which goes on to do all that concerns local kernels.

    Once a kernel has an id, the id decides: a remote kernel stands in the same map as the local
    ones, as a `RemoteKernelManager`. ``providers`` is set by the class made for each server.
    """

    providers: KernelProviders

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.observer: KernelObserver | None = None
        self._reaping: set[asyncio.Task[None]] = set()
        #: Kernels that run at their providers, but are no kernels of ours any more.
        self._elsewhere: set[RemoteKernelManager] = set()
        self.providers.subscribe(self._follow_default)

    async def start_kernel(  # type: ignore[override] # the async managers' own signature
        self,
        *,
        kernel_name: str | None = None,
        kernel_id: str | None = None,
        path: Any = None,
        **kwargs: Any,
    ) -> str:
        """
        Start a kernel where its name says, and return its id.

        Raises ProviderError, and for local kernels what the configured manager raises.
        """
        if kernel_id is not None and kernel_id in self:
            self.log.info("Using existing kernel: %s", kernel_id)
            return kernel_id
        provider, remote_name = self.providers.resolve(kernel_name or self.default_kernel_name)
        if provider is None:
            await self._check_local(kernel_name)
            hidden = self.providers.secret_variables
            if hidden:
                kwargs["env"] = _without(kwargs.get("env") or os.environ, hidden)
            local: Any = super().start_kernel(
                kernel_name=kernel_name, kernel_id=kernel_id, path=path, **kwargs
            )
            return str(await ensure_async(local))
        kernel = self._make(provider.id, remote_name, kernel_id)
        available = {**os.environ, **(kwargs.get("env") or {})}
        env = _permitted(provider, _without(available, self.providers.secret_variables))
        try:
            await kernel.start_kernel(path=path, env=env)
        except ProviderError as error:
            if kernel.has_kernel:  # perhaps; if it comes, nobody waits for it any more
                self._leave_over(kernel, error.sentence)
                self.providers.watch(kernel.provider_id, kernel)
            raise
        self._add(kernel)
        self.log.info("Kernel started: %s (%s)", kernel.kernel_id, kernel.kernel_name)
        return str(kernel.kernel_id)

    async def shutdown_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False, restart: bool = False
    ) -> None:
        """
        Stop a kernel; a remote one stays listed where its provider cannot be reached.

        But a notebook can always leave: the kernel is then stopped once its provider is back.
        """
        kernel = self._remote(kernel_id)
        if kernel is None:
            await ensure_async(super().shutdown_kernel(kernel_id, now=now, restart=restart))
            return
        try:
            await kernel.shutdown_kernel(now=now, restart=restart)
        except ProviderError as error:
            if not _session_moves_on():
                raise
            self._remove(kernel)
            self._leave_over(kernel, error.sentence)
            self.providers.watch(kernel.provider_id, kernel)
            return
        self._remove(kernel)

    _async_shutdown_kernel = shutdown_kernel

    async def restart_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False
    ) -> Any:
        """Restart a kernel under its id."""
        kernel = self._remote(kernel_id)
        if kernel is None:
            return await ensure_async(super().restart_kernel(kernel_id, now=now))
        return await kernel.restart_kernel(now=now)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """Stop all kernels, as the server does at its end, and the talk with the providers."""
        if self.observer is not None:
            await self.observer.leave()
        remote = self._listed
        for kernel in remote:
            self._remove(kernel)
        await asyncio.gather(ensure_async(super().shutdown_all(now=now)), self._leave(remote))
        if self.observer is not None:
            self.observer.close()
        await self.providers.aclose()

    @property
    def remote_kernels(self) -> list[RemoteKernelManager]:
        """All kernels that run at providers because of this server, also those not listed."""
        return [*self._listed, *self._elsewhere]

    def restore(self, record: Record) -> None:
        """Take over a kernel that an earlier run of this server has left at its provider."""
        if record.kernel_id in self:
            return
        kernel = self._make(record.provider_id, record.remote_name, record.kernel_id)
        kernel.remote_id = record.remote_id
        kernel.execution_state = "unknown"
        if record.is_left_over:
            kernel.is_left_over = True
            self._elsewhere.add(kernel)
            self.providers.watch(kernel.provider_id, kernel)
        else:
            self._add(kernel)
            self.log.info("Kernel found again: %s (%s)", kernel.kernel_id, kernel.kernel_name)

    async def _check_local(self, kernel_name: str | None) -> None:
        """Raise NoSuchKernelspec for a name like a provider's that is not a local one after all."""
        if kernel_name is None or "/" not in kernel_name:
            return
        try:
            manager: Any = self.kernel_spec_manager
            await ensure_async(manager.get_kernel_spec(kernel_name))
        except KeyError as error:
            raise self.providers.unknown(kernel_name) from error

    def free_id(self, wanted: str) -> str:
        """Return the id itself where it can be ours too: the same gateway may be there twice."""
        usable = KERNEL_ID.fullmatch(wanted) and wanted not in self
        return wanted if usable else self.new_kernel_id()

    def reap(self, kernel: RemoteKernelManager, model: KernelModel | None) -> None:
        """Stop a kernel that was left over, now that its provider has been heard of."""
        if model is None and time.monotonic() < kernel.expected_until:
            return
        self.providers.unwatch(kernel.provider_id, kernel)
        if model is None:
            self._gone_elsewhere(kernel)
            return
        stopping = asyncio.create_task(self._reap(kernel))
        self._reaping.add(stopping)
        stopping.add_done_callback(self._reaping.discard)

    async def _reap(self, kernel: RemoteKernelManager) -> None:
        try:
            await kernel.shutdown_kernel()
        except ProviderError as error:
            self._leave_over(kernel, error.sentence)  # for the next run of this server
        else:
            self._gone_elsewhere(kernel)

    def _gone_elsewhere(self, kernel: RemoteKernelManager) -> None:
        self._elsewhere.discard(kernel)
        self._note()

    def lost(self, kernel: RemoteKernelManager) -> None:
        """Forget a kernel that is proved to be gone."""
        if kernel.kernel_id in self:
            self.log.warning(
                "Kernel %s (%s) is gone from its provider.", kernel.kernel_id, kernel.kernel_name
            )
            kernel.execution_state = "dead"
            self._remove(kernel)

    @property
    def _listed(self) -> list[RemoteKernelManager]:
        return [k for k in self._kernels.values() if isinstance(k, RemoteKernelManager)]

    def _note(self) -> None:
        if self.observer is not None:
            self.observer.note()

    def _make(
        self, provider_id: str, remote_name: str, kernel_id: str | None
    ) -> RemoteKernelManager:
        kernel = RemoteKernelManager(
            parent=self,
            log=self.log,
            kernel_spec_manager=self.kernel_spec_manager,
            kernel_name=self.providers.offered_name(provider_id, remote_name),
            providers=self.providers,
            provider_id=provider_id,
            remote_name=remote_name,
        )
        kernel.kernel_id = kernel_id
        return kernel

    def _remote(self, kernel_id: str) -> RemoteKernelManager | None:
        kernel = self._kernels.get(kernel_id)
        return kernel if isinstance(kernel, RemoteKernelManager) else None

    def _add(self, kernel: RemoteKernelManager) -> None:
        self._kernels[kernel.kernel_id] = kernel
        self._kernel_connections[kernel.kernel_id] = 0
        self.providers.watch(kernel.provider_id, kernel)
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).inc()
        self._note()
        if not self._initialized_culler:
            self.initialize_culler()

    def _remove(self, kernel: RemoteKernelManager) -> None:
        if self._kernels.pop(kernel.kernel_id, None) is None:
            return
        self._kernel_connections.pop(kernel.kernel_id, None)
        self.providers.unwatch(kernel.provider_id, kernel)
        for removed in list(kernel.on_removed):
            removed()
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).dec()
        self._note()

    async def _leave(self, kernels: list[RemoteKernelManager]) -> None:
        """Stop remote kernels when the server ends, where that is wanted and within bounds."""
        stopping = {
            asyncio.create_task(kernel.shutdown_kernel()): kernel
            for kernel in kernels
            if self._stops_with_server(kernel)
        }
        self._elsewhere.update(kernel for kernel in kernels if kernel not in stopping.values())
        if not stopping:
            return
        stopped, late = await asyncio.wait(stopping, timeout=EXIT_TIMEOUT)
        for task in late:
            task.cancel()
            self._leave_over(stopping[task], "no answer in time")
        for task in stopped:
            error = task.exception()
            if error is not None:
                self._leave_over(stopping[task], str(error))

    def _stops_with_server(self, kernel: RemoteKernelManager) -> bool:
        try:
            return kernel.provider.config.on_server_exit == "shutdown"
        except ProviderError as error:
            self._left_running(kernel, error.sentence)
            return False

    def _leave_over(self, kernel: RemoteKernelManager, why: str) -> None:
        """Leave a kernel that nobody wants any more to its provider, for now."""
        self._left_running(kernel, why)
        kernel.is_left_over = True
        self._elsewhere.add(kernel)
        self._note()

    def _left_running(self, kernel: RemoteKernelManager, why: str) -> None:
        self.log.warning(
            "Kernel %s (%s) may still be running: %s", kernel.remote_id, kernel.kernel_name, why
        )

    @property
    def _default_is_configured(self) -> bool:
        sections = (self.config.get(base.__name__, {}) for base in type(self).__mro__)
        return any("default_kernel_name" in section for section in sections)

    def _follow_default(self) -> None:
        """Without local kernels, the first provider's default is the default, once it is known."""
        name = self.providers.default_kernel_name
        if name is not None and not self._default_is_configured:
            self.default_kernel_name = name


def _permitted(provider: RemoteKernelProvider, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a provider's kernels may be given, out of all there are."""
    passed = provider.config.env
    return {n: v for n, v in env.items() if n.startswith("KERNEL_") or n in passed}


def _without(env: Mapping[str, str], hidden: Collection[str]) -> dict[str, str]:
    """Return the environment without the variables that hold secrets."""
    return {name: value for name, value in env.items() if name not in hidden}


def _session_moves_on() -> bool:
    """Tell whether this request changes the kernel of a session that has its new one already."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return isinstance(handler, SessionHandler) and handler.request.method == "PATCH"
