"""The remote kernels of one server, from their start until they are removed."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..provider.closing import CLOSE_TIMEOUT
from ..provider.errors import KernelGone, ProviderError, defect
from ..provider.interface import KernelModel, RemoteKernelProvider, no_such_kernelspec
from ..provider.names import is_name
from ..registry.phases import STARTING, Phase
from .kernel import RemoteKernelManager
from .kernel_map import KernelMap
from .orphans import OrphanedKernels
from .send_queue import SendBudget
from .start import StartTask
from .store import Record

#: What Jupyter Server's routes accept as an id, in ASCII.
KERNEL_ID = re.compile(r"\w+-\w+-\w+-\w+-\w+", re.ASCII)
EXIT_TIMEOUT = 2.5  # seconds for remote kernels to stop when the server does
FAILED_START_KEPT = 120.0  # seconds for which a kernel that did not start stays listed


class KernelRecorder(Protocol):
    """Records which remote kernels there are; see `recovery.KernelRecovery`."""

    def changed(self) -> None:
        """Record soon that there are more or fewer kernels."""

    async def aclose(self) -> None:
        """Record what is left when the server stops."""


@dataclass(frozen=True)
class StartRequest:
    """
    A request for a kernel.

    ``path`` is the API path of its working directory, and ``env`` all variables that it may get.
    ``session_id`` is that of a session which moves to the kernel once it has started.
    """

    provider_id: str
    kernel_name: str
    path: str | None
    env: Mapping[str, str]
    session_id: str = ""


class RemoteKernels:
    """
    The remote kernels of one server.

    Listed kernels are in the server's map of kernels, so that clients see them. A pending kernel
    has been requested and is not listed yet. An orphaned kernel is to be stopped.
    """

    def __init__(self, map: KernelMap) -> None:
        self.recorder: KernelRecorder | None = None
        #: The tasks that relay frames, to be ended when the server stops.
        self.relays: set[asyncio.Task[None]] = set()
        self._map = map
        self._providers = map.providers
        self._log = map.log
        #: The bytes of frames that may wait, by provider.
        self.send_budgets: Mapping[str, SendBudget] = defaultdict(
            SendBudget(map.providers.send_queue_size).of_provider
        )
        self._pending: set[RemoteKernelManager] = set()
        self._orphans = OrphanedKernels(self._providers, self.changed, self._log)

    def get(self, kernel_id: str) -> RemoteKernelManager | None:
        """Return a listed kernel; None if there is none, or if it is a local one."""
        kernel = self._map.get(kernel_id)
        return kernel if isinstance(kernel, RemoteKernelManager) else None

    @property
    def listed(self) -> list[RemoteKernelManager]:
        """The kernels that clients see."""
        return [k for k in self._map.kernels if isinstance(k, RemoteKernelManager)]

    @property
    def records(self) -> list[Record]:
        """Records, without sessions, of all that runs at providers because of this server."""
        return [
            *(
                kernel.record(is_orphaned=kernel.start.is_for_switch)
                for kernel in self.listed
                if kernel.has_kernel
            ),
            *(one.record(is_orphaned=True) for one in self._pending if one.has_kernel),
            *self._orphans.records,
        ]

    # -- how a kernel begins -----------------------------------------------------------------------

    async def start(
        self, request: StartRequest, kernel_id: str | None, patience: float | None
    ) -> str:
        """
        Start a kernel, and return its id.

        A kernel that takes longer than ``patience``, in seconds, is listed while it starts; its
        state then shows the result. Raises ProviderError if it does not start. If it is cancelled,
        so is the start.
        """
        other = self._pending_under(kernel_id)
        if other is None:
            provider = await self._providers.admit(request.provider_id)
            other = self._pending_under(kernel_id)  # one may have come meanwhile
        if other is not None:
            await other.until_started(patience)
            return str(kernel_id)
        kernel = self._create(request.provider_id, request.kernel_name, kernel_id)
        self._pending.add(kernel)  # before any wait, so that no other has its id
        starting = asyncio.create_task(self._start(kernel, provider, request))
        kernel.start.task, kernel.start.session_id = starting, request.session_id
        try:
            await asyncio.wait({starting}, timeout=patience)
        except asyncio.CancelledError:
            if starting.cancel():
                if not kernel.has_kernel:  # its task may not have begun
                    self._pending.discard(kernel)
            elif starting.result() is None:  # it has just started
                self._abandon(kernel, "the request was cancelled")
            raise
        if not starting.done():
            self._list_early(kernel, starting)
        elif (failure := starting.result()) is not None:
            raise failure
        else:
            self._list(kernel)
            self._started(kernel)
        return str(kernel.kernel_id)

    async def start_for_switch(self, request: StartRequest, patience: float) -> str | None:
        """
        Start a kernel for a session that keeps its present kernel until then, and return its id.

        A kernel that takes longer than ``patience`` is listed while it starts. If it is shut down
        meanwhile, None is returned. Raises ProviderError if it does not start. If it is cancelled,
        so is the start.
        """
        kernel_id = await self.start(request, None, patience)
        kernel = self.get(kernel_id)
        assert kernel is not None
        try:
            await kernel.until_started(None)
        except asyncio.CancelledError:
            await self.shutdown(kernel, moves_on=True)
            raise
        except ProviderError:
            if self.get(kernel_id) is kernel:
                self.remove(kernel)
                raise
        return kernel_id if self.get(kernel_id) is kernel else None

    def _pending_under(self, kernel_id: str | None) -> RemoteKernelManager | None:
        if kernel_id is None:
            return None
        return next((one for one in self._pending if one.kernel_id == kernel_id), None)

    async def _start(
        self, kernel: RemoteKernelManager, provider: RemoteKernelProvider, request: StartRequest
    ) -> ProviderError | None:
        """Start a kernel, which may become listed meanwhile; return why it failed."""
        failure: ProviderError | None = None
        try:
            await kernel.start_kernel(provider, path=request.path, env=request.env)
        except ProviderError as error:
            failure = error
        except Exception as error:
            failure = defect(kernel.provider_id)
            self._log.error(failure.message, exc_info=error)
        except asyncio.CancelledError:
            message = f"The start of {kernel.kernel_name} was cancelled."
            failure = KernelGone(kernel.provider_id, "cancelled", message)
        if failure is not None:
            self._abandon(kernel, failure.message)
        return failure

    def _abandon(self, kernel: RemoteKernelManager, why: str) -> None:
        """Stop a kernel that was requested and is not wanted, if it may have started."""
        self._pending.discard(kernel)
        if kernel.has_kernel:
            self._orphan(kernel, why)
            kernel.give_up()
        self.changed()

    def _list_early(self, kernel: RemoteKernelManager, starting: StartTask) -> None:
        """List a kernel that is still starting."""
        kernel.kernel_id = kernel_id = kernel.kernel_id or self.free_id(kernel.remote_id)
        self._list(kernel)
        self._log.info("Kernel is starting: %s (%s)", kernel_id, kernel.kernel_name)
        self._providers.phases.begin(
            kernel,
            Phase(
                provider_id=kernel.provider_id,
                kernel_id=kernel_id,
                kernel_name=kernel.kernel_name,
                name=STARTING,
                since=kernel.created,
                session_id=kernel.start.session_id,
            ),
        )
        starting.add_done_callback(lambda start: self._end_late_start(kernel, start.result()))

    def _end_late_start(self, kernel: RemoteKernelManager, failure: ProviderError | None) -> None:
        self._providers.phases.end(kernel)
        if self.get(str(kernel.kernel_id)) is not kernel:
            return
        if failure is None:
            self._started(kernel)
            return
        self._log.warning("Kernel %s did not start: %s", kernel.kernel_id, failure.message)
        kernel.fail(failure.message)
        asyncio.get_running_loop().call_later(FAILED_START_KEPT, self.remove, kernel)

    def _started(self, kernel: RemoteKernelManager) -> None:
        self._providers.poll(kernel.provider_id, kernel)
        self._log.info("Kernel started: %s (%s)", kernel.kernel_id, kernel.kernel_name)

    async def attach(self, provider_id: str, remote_id: str) -> str:
        """
        Attach a kernel that runs at a provider, and return its id here.

        Only a user stops it; this server just lets it go. Raises ProviderError, which is KernelGone
        if there is no such kernel.
        """
        provider = await self._providers.admit(provider_id)
        model = (await provider.kernels([remote_id])).get(remote_id)
        for known in self.listed:
            if (known.provider_id, known.remote_id) == (provider_id, remote_id):
                return str(known.kernel_id)
        if model is None:
            message = f"{provider.label} has no kernel {remote_id}."
            raise KernelGone(provider_id, "kernel_gone", message)
        name = model["name"] if is_name(model.get("name")) else ""
        if not provider.config.offers(name):
            raise no_such_kernelspec(provider.config, name)
        kernel = self._create(provider_id, name, None)
        kernel.attach({**model, "id": remote_id})
        self._orphans.take_back(provider_id, remote_id)
        self._list(kernel)
        self._providers.poll(provider_id, kernel)
        self._log.info("Kernel attached: %s (%s)", kernel.kernel_id, kernel.kernel_name)
        return str(kernel.kernel_id)

    async def other_kernels(self, provider_id: str) -> list[KernelModel]:
        """
        Return the models of a provider's kernels that are not this server's, with our names.

        Raises ProviderError.
        """
        provider = await self._providers.admit(provider_id)
        models = await provider.running_kernels()
        ours = {r.remote_id for r in self.records if r.provider_id == provider_id}
        return [
            {**model, "name": self._providers.offered_name(provider_id, model["name"])}
            for model in models
            if model["id"] not in ours
            and is_name(model.get("name"))
            and provider.config.offers(model["name"])
        ]

    def restore(self, record: Record) -> None:
        """List or stop a kernel that an earlier run of this server has left at a provider."""
        try:
            start = self._providers.provider(record.provider_id).config.timeouts.start
        except ProviderError:
            start = 0.0
        expected_until = time.monotonic() + start if record.is_starting else 0.0
        if record.is_orphaned:
            self._orphans.add(record, expected_until)
        elif self._map.get(record.kernel_id) is None:
            kernel = self._create(record.provider_id, record.remote_name, record.kernel_id)
            kernel.restore(record, expected_until)
            self._list(kernel)
            self._providers.poll(kernel.provider_id, kernel)
            self._log.info("Kernel restored: %s (%s)", kernel.kernel_id, kernel.kernel_name)

    def free_id(self, wanted: str) -> str:
        """Return the id itself if it is free here: the same gateway may be configured twice."""
        reserved = {kernel.kernel_id for kernel in self._pending}
        is_free = self._map.get(wanted) is None and wanted not in reserved
        return wanted if is_free and KERNEL_ID.fullmatch(wanted) else self._map.new_id()

    def _create(
        self, provider_id: str, remote_name: str, kernel_id: str | None
    ) -> RemoteKernelManager:
        kernel = RemoteKernelManager(
            **self._map.manager_arguments(),
            kernel_name=self._providers.offered_name(provider_id, remote_name),
            owner=self,
            providers=self._providers,
            provider_id=provider_id,
            remote_name=remote_name,
        )
        kernel.kernel_id = kernel_id
        return kernel

    def _list(self, kernel: RemoteKernelManager) -> None:
        self._map.add(kernel)
        self._pending.discard(kernel)  # only now, as it keeps the id from being given twice
        self.changed()

    # -- how a kernel ends -------------------------------------------------------------------------

    async def shutdown(self, kernel: RemoteKernelManager, *, moves_on: bool) -> None:
        """
        Stop a kernel. Raises ProviderError if its provider does not stop it; it then stays listed.

        If its session ``moves_on`` to another kernel, it is always removed: an attached kernel is
        let go, and any other one becomes an orphan if its provider is unavailable.
        """
        if kernel.start.is_running:
            self.remove(kernel)
            await kernel.start.cancel()
            return
        try:
            if kernel.has_kernel and not (moves_on and kernel.is_attached):
                if moves_on:  # without waiting for a provider that is known to be unavailable
                    self._providers.check_available(kernel.provider_id)
                await kernel.shutdown_kernel()
        except ProviderError as error:
            if not moves_on:
                raise
            self._orphan(kernel, error.message)
        self.remove(kernel)

    def gone(self, kernel: RemoteKernelManager) -> None:
        """Remove a kernel that is proved to be gone."""
        if self.get(str(kernel.kernel_id)) is kernel:
            self._log.warning(
                "Kernel %s (%s) is gone from its provider.", kernel.kernel_id, kernel.kernel_name
            )
            kernel.set_state("dead")
            self.remove(kernel)

    def remove(self, kernel: RemoteKernelManager) -> None:
        """List a kernel no longer; does nothing if it is not listed."""
        if self.get(str(kernel.kernel_id)) is kernel:
            self._map.remove(kernel)
            self._providers.stop_polling(kernel.provider_id, kernel)
            kernel.removed()
            self.changed()

    async def aclose(self) -> None:
        """
        Stop the kernels that end with the server, within `EXIT_TIMEOUT`.

        1. A kernel that is still starting is cancelled.
        2. A kernel whose provider has ``on_server_exit: shutdown`` is stopped. If that fails or
           takes too long, it becomes an orphan, which the next server stops.
        3. All others stay listed, so that no client takes them for gone.
        """
        await self._cancel_starts()
        stopping = {
            asyncio.create_task(kernel.provider.shutdown_kernel(kernel.remote_id)): kernel
            for kernel in self.listed
            if self._ends_with_server(kernel)
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
            if late:  # the code of another package may ignore that
                await asyncio.wait(late, timeout=CLOSE_TIMEOUT)
        for kernel in stopping.values():
            self.remove(kernel)
        await self._orphans.aclose()

    async def _cancel_starts(self) -> None:
        listed = [kernel for kernel in self.listed if kernel.start.is_running]
        starting = [*self._pending, *listed]
        for kernel in listed:
            self.remove(kernel)
        await asyncio.gather(*(kernel.start.cancel() for kernel in starting))

    def _ends_with_server(self, kernel: RemoteKernelManager) -> bool:
        if kernel.is_attached or not kernel.has_kernel:
            return False
        try:
            return kernel.provider.config.on_server_exit == "shutdown"
        except ProviderError as error:
            self._log_still_running(kernel, error.message)
            return False

    def _orphan(self, kernel: RemoteKernelManager, why: str) -> None:
        """Stop a kernel once its provider is available."""
        self._log_still_running(kernel, why)
        self._orphans.add(kernel.record(is_orphaned=True), kernel.start.expected_until)

    def _log_still_running(self, kernel: RemoteKernelManager, why: str) -> None:
        self._log.warning(
            "Kernel %s (%s) may still be running: %s", kernel.remote_id, kernel.kernel_name, why
        )

    def changed(self) -> None:
        """Record that there are more or fewer kernels."""
        if self.recorder is not None:
            self.recorder.changed()
