"""All kernels that one server has at providers: from their start until they are let go."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from logging import Logger
from typing import Any, Protocol

from jupyter_server.prometheus.metrics import KERNEL_CURRENTLY_RUNNING_TOTAL

from ..provider.errors import KernelGone, ProviderError, ProviderUnavailable
from ..provider.interface import KernelModel, RemoteKernelProvider
from ..registry.phases import STARTING
from ..registry.providers import KernelProviders
from .kernel import RemoteKernelManager
from .orphans import OrphanedKernels
from .store import Record

KERNEL_ID = re.compile(r"\w+-\w+-\w+-\w+-\w+")  # what Jupyter Server's routes take for one
EXIT_TIMEOUT = 2.5  # seconds that remote kernels get to stop when the server does
REMEMBERED = 120.0  # seconds for which a kernel that did not start tells why


class KernelObserver(Protocol):
    """Somebody who writes down which remote kernels there are."""

    def note(self) -> None:
        """Take notice that there are more or fewer than before."""

    async def close(self) -> None:
        """Take notice that the server ends."""


class KernelMap(Protocol):
    """Jupyter Server's kernel manager, as far as remote kernels have to do with it."""

    providers: KernelProviders
    log: Logger
    kernel_spec_manager: Any
    _kernels: dict[str, Any]
    _kernel_connections: dict[str, int]
    _initialized_culler: bool

    def new_kernel_id(self) -> str:
        """Return an id that no kernel has."""

    def initialize_culler(self) -> None:
        """Begin to stop kernels that nobody uses, where that is configured."""


@dataclass(frozen=True)
class StartRequest:
    """A kernel to be started: where, what it is called there, with which folder and variables."""

    provider: RemoteKernelProvider
    remote_name: str
    path: str | None
    env: Mapping[str, str]


class RemoteKernels:
    """
    The remote kernels of one server.

    Those that are listed stand in Jupyter Server's map of kernels, beside the local ones. Others
    have been asked for, and nobody knows yet whether they will come; or they are left over.
    """

    def __init__(self, map: KernelMap) -> None:
        self.observer: KernelObserver | None = None
        self._map = map
        self._providers = map.providers
        self._log = map.log
        self._asked_for: set[RemoteKernelManager] = set()
        self.relays: set[asyncio.Task[None]] = set()
        self.orphans = OrphanedKernels(self._providers, self.note, self._log)

    def get(self, kernel_id: str) -> RemoteKernelManager | None:
        """Return a kernel that is listed; None where it is not, or is a local one."""
        kernel = self._map._kernels.get(kernel_id)
        return kernel if isinstance(kernel, RemoteKernelManager) else None

    @property
    def listed(self) -> list[RemoteKernelManager]:
        """The kernels that are seen by clients."""
        return [k for k in self._map._kernels.values() if isinstance(k, RemoteKernelManager)]

    @property
    def records(self) -> list[Record]:
        """All that runs at providers because of this server, or may, without sessions."""
        return [
            *(_record(kernel) for kernel in self.listed if kernel.has_kernel),
            *(_record(one, is_orphaned=True) for one in self._asked_for if one.has_kernel),
            *self.orphans.records,
        ]

    # -- how a kernel comes ------------------------------------------------------------------------

    async def start(
        self, wanted: StartRequest, kernel_id: str | None, patience: float | None
    ) -> str:
        """
        Start a kernel, and return its id.

        One that takes longer than ``patience``, in seconds, is listed while it starts; what comes
        of it is seen in its state. Raises ProviderError where it does not start.
        """
        for other in self._asked_for:
            if kernel_id is not None and other.kernel_id == kernel_id:
                await other.until_started(patience)
                return kernel_id
        await self._providers.admitted(wanted.provider.id)
        kernel = self._make(wanted.provider.id, wanted.remote_name, kernel_id)
        kernel.starting = asyncio.create_task(self._start(kernel, wanted))
        try:
            await asyncio.wait({kernel.starting}, timeout=patience)
        except asyncio.CancelledError:  # nobody waits for it any more
            kernel.starting.cancel()
            raise
        if kernel.is_starting:
            self._list_early(kernel)
            return str(kernel.kernel_id)
        failure = kernel.starting.result()
        if failure is not None:
            raise failure
        self._list(kernel)
        self._begun(kernel)
        return str(kernel.kernel_id)

    async def _start(
        self, kernel: RemoteKernelManager, wanted: StartRequest
    ) -> ProviderError | None:
        """Start a kernel, which may be listed by the time that it has; return why it has not."""
        self._asked_for.add(kernel)
        failure: ProviderError | None = None
        try:
            await kernel.start_kernel(path=wanted.path, env=wanted.env)
        except ProviderError as error:
            failure = error
        except Exception as error:
            message = f"The code of the kernel provider {kernel.provider_id} failed. See the log."
            self._log.error(message, exc_info=error)
            failure = ProviderUnavailable(kernel.provider_id, "defect", message)
        except asyncio.CancelledError:
            message = f"The start of {kernel.kernel_name} was cancelled."
            failure = KernelGone(kernel.provider_id, "cancelled", message)
        self._asked_for.discard(kernel)
        if failure is not None and kernel.has_kernel:
            self._orphan(kernel, failure.message)
            kernel.remote_id = ""
        self.note()
        return failure

    def _list_early(self, kernel: RemoteKernelManager) -> None:
        kernel.kernel_id = kernel.kernel_id or self.free_id(kernel.remote_id)
        self._asked_for.discard(kernel)
        self._list(kernel)
        self._log.info("Kernel is starting: %s (%s)", kernel.kernel_id, kernel.kernel_name)
        self._providers.phases.begin(
            kernel, kernel.provider_id, kernel.kernel_id, STARTING, kernel.made
        )
        assert kernel.starting is not None
        kernel.starting.add_done_callback(lambda start: self._late(kernel, start.result()))

    def _late(self, kernel: RemoteKernelManager, failure: ProviderError | None) -> None:
        """Take notice that a start which took long has ended, well or not."""
        self._providers.phases.end(kernel)
        if self.get(str(kernel.kernel_id)) is not kernel:
            return
        if failure is None:
            self._begun(kernel)
            return
        self._log.warning("Kernel %s did not start: %s", kernel.kernel_id, failure.message)
        # JupyterLab shows the reason of a kernel that is dead.
        kernel.execution_state, kernel.reason = "dead", failure.message
        asyncio.get_running_loop().call_later(REMEMBERED, self.remove, kernel)

    def _begun(self, kernel: RemoteKernelManager) -> None:
        self._providers.poll(kernel.provider_id, kernel)
        self._log.info("Kernel started: %s (%s)", kernel.kernel_id, kernel.kernel_name)

    async def attach(self, provider_id: str, remote_id: str) -> str:
        """
        Take over a kernel that runs at a provider already, and return its id here.

        It is let go, not stopped, where it is not a user who stops it. Raises ProviderError, which
        is KernelGone where there is no such kernel.
        """
        provider = await self._providers.admitted(provider_id)
        model = (await provider.kernels([remote_id])).get(remote_id)
        for known in self.listed:
            if (known.provider_id, known.remote_id) == (provider_id, remote_id):
                return str(known.kernel_id)
        if model is None:
            message = f"{provider.label} has no kernel {remote_id}."
            raise KernelGone(provider_id, "kernel_gone", message)
        kernel = self._make(provider_id, str(model.get("name") or ""), None)
        kernel.is_attached = True
        kernel.take({**model, "id": remote_id})
        self.orphans.take_back(provider_id, remote_id)
        self._list(kernel)
        self._providers.poll(provider_id, kernel)
        self._log.info("Kernel attached: %s (%s)", kernel.kernel_id, kernel.kernel_name)
        return str(kernel.kernel_id)

    async def other_kernels(self, provider_id: str) -> list[KernelModel]:
        """
        Return the kernels at a provider that are none of this server's, under our names for them.

        Raises ProviderError.
        """
        provider = await self._providers.admitted(provider_id)
        models = await provider.running_kernels()
        ours = {r.remote_id for r in self.records if r.provider_id == provider_id}
        return [
            {**model, "name": self._providers.offered_name(provider_id, model["name"])}
            for model in models
            if model["id"] not in ours and isinstance(model.get("name"), str)
        ]

    def restore(self, record: Record) -> None:
        """Take over what an earlier run of this server has left at a provider."""
        try:
            start = self._providers.provider(record.provider_id).config.timeouts.start
        except ProviderError:
            start = 0.0
        expected_until = time.monotonic() + start if record.is_starting else 0.0
        if record.is_orphaned:
            self.orphans.add(record, expected_until)
        elif record.kernel_id not in self._map._kernels:
            kernel = self._make(record.provider_id, record.remote_name, record.kernel_id)
            kernel.remote_id, kernel.url = record.remote_id, record.url
            kernel.is_attached = record.is_attached
            kernel.expected_until = expected_until
            kernel.execution_state = "starting" if record.is_starting else "unknown"
            self._list(kernel)
            self._providers.poll(kernel.provider_id, kernel)
            self._log.info("Kernel found again: %s (%s)", kernel.kernel_id, kernel.kernel_name)

    def free_id(self, wanted: str) -> str:
        """Return the id itself where it can be ours too: the same gateway may be there twice."""
        usable = KERNEL_ID.fullmatch(wanted) and wanted not in self._map._kernels
        return wanted if usable else self._map.new_kernel_id()

    def _make(
        self, provider_id: str, remote_name: str, kernel_id: str | None
    ) -> RemoteKernelManager:
        kernel = RemoteKernelManager(
            parent=self._map,
            log=self._log,
            kernel_spec_manager=self._map.kernel_spec_manager,
            kernel_name=self._providers.offered_name(provider_id, remote_name),
            owner=self,
            providers=self._providers,
            provider_id=provider_id,
            remote_name=remote_name,
        )
        kernel.kernel_id = kernel_id
        return kernel

    def _list(self, kernel: RemoteKernelManager) -> None:
        self._map._kernels[kernel.kernel_id] = kernel
        self._map._kernel_connections[kernel.kernel_id] = 0
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).inc()
        self.note()
        if not self._map._initialized_culler:
            # What it does is not on behalf of the request that is being answered now.
            Context().run(self._map.initialize_culler)

    # -- how a kernel goes -------------------------------------------------------------------------

    async def shutdown(self, kernel: RemoteKernelManager, *, moves_on: bool) -> None:
        """
        Stop a kernel; it stays listed where its provider cannot be reached.

        But a session that moves on to another kernel can always leave: the kernel is then stopped
        once its provider is back, or is let go where it is an attached one.
        """
        if kernel.starting is not None and kernel.is_starting:
            self.remove(kernel)
            kernel.starting.cancel()
            await asyncio.wait({kernel.starting})
            return
        try:
            if kernel.has_kernel and not (moves_on and kernel.is_attached):
                if moves_on:  # and does not wait for a provider that is known to be away
                    self._providers.check(kernel.provider_id)
                await kernel.shutdown_kernel()
        except ProviderError as error:
            if not moves_on:
                raise
            self._orphan(kernel, error.message)
        self.remove(kernel)

    def lost(self, kernel: RemoteKernelManager) -> None:
        """Forget a kernel that is proved to be gone."""
        if self.get(str(kernel.kernel_id)) is kernel:
            self._log.warning(
                "Kernel %s (%s) is gone from its provider.", kernel.kernel_id, kernel.kernel_name
            )
            kernel.execution_state = "dead"
            self.remove(kernel)

    def remove(self, kernel: RemoteKernelManager) -> None:
        """List a kernel no more; harmless where it is not listed."""
        if self.get(str(kernel.kernel_id)) is not kernel:
            return
        self._map._kernels.pop(kernel.kernel_id)
        self._map._kernel_connections.pop(kernel.kernel_id, None)
        self._providers.stop_polling(kernel.provider_id, kernel)
        for removed in list(kernel.on_removed):
            removed()
        KERNEL_CURRENTLY_RUNNING_TOTAL.labels(type=kernel.kernel_name).dec()
        self.note()

    async def leave(self) -> None:
        """
        Stop all kernels as the server ends, where that is wanted, and within bounds.

        The others stay listed: clients that ask until the end are not to take them for gone.
        """
        starting = [kernel for kernel in self.listed if kernel.is_starting]
        starts = [k.starting for k in [*self._asked_for, *starting] if k.starting is not None]
        for kernel in starting:
            self.remove(kernel)
        for start in starts:
            start.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        stopping = {
            asyncio.create_task(kernel.provider.shutdown_kernel(kernel.remote_id)): kernel
            for kernel in self.listed
            if self._stops_with_server(kernel)
        }
        for kernel in stopping.values():
            kernel.is_stopping = True
        if stopping:
            stopped, late = await asyncio.wait(stopping, timeout=EXIT_TIMEOUT)
            for task in late:
                task.cancel()
                self._orphan(stopping[task], "no answer in time")
            for task in stopped:
                if error := task.exception():
                    self._orphan(stopping[task], str(error))
            await asyncio.gather(*late, return_exceptions=True)
        for kernel in stopping.values():
            self.remove(kernel)
        await self.orphans.aclose()

    def _stops_with_server(self, kernel: RemoteKernelManager) -> bool:
        if kernel.is_attached or not kernel.has_kernel:
            return False
        try:
            return kernel.provider.config.on_server_exit == "shutdown"
        except ProviderError as error:
            self._left_running(kernel, error.message)
            return False

    def _orphan(self, kernel: RemoteKernelManager, why: str) -> None:
        """Leave a kernel that nobody wants any more to its provider, for now."""
        self._left_running(kernel, why)
        self.orphans.add(_record(kernel, is_orphaned=True), kernel.expected_until)

    def _left_running(self, kernel: RemoteKernelManager, why: str) -> None:
        self._log.warning(
            "Kernel %s (%s) may still be running: %s", kernel.remote_id, kernel.kernel_name, why
        )

    def note(self) -> None:
        """Have it written down that there are more or fewer, before anything comes of it."""
        if self.observer is not None:
            self.observer.note()


def _record(kernel: RemoteKernelManager, *, is_orphaned: bool = False) -> Record:
    return Record(
        provider_id=kernel.provider_id,
        url=kernel.url,
        remote_name=kernel.remote_name,
        remote_id=kernel.remote_id,
        kernel_id=str(kernel.kernel_id or ""),
        is_orphaned=is_orphaned,
        is_attached=kernel.is_attached,
        is_starting=kernel.is_starting or time.monotonic() < kernel.expected_until,
    )
