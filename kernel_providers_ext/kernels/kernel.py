"""A remote kernel, as Jupyter Server expects a kernel to be."""

from __future__ import annotations

import asyncio
import time
import uuid
from asyncio import Future
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from jupyter_client.kernelspec import KernelSpec
from jupyter_server.services.kernels.kernelmanager import (
    ServerKernelManager,
    emit_kernel_action_event,
)

from ..provider.errors import KernelGone, ProviderError
from ..provider.interface import KernelModel, RemoteKernelProvider
from ..provider.status import now
from ..registry.providers import KernelProviders
from .activity import KernelActivity
from .clients import KernelClients
from .start import KernelStart
from .store import Record


class KernelOwner(Protocol):
    """Is told of changes of a kernel; see `lifecycle.RemoteKernels`."""

    def free_id(self, wanted: str) -> str:
        """Return the id itself if no kernel of this server has it, else another one."""

    def changed(self) -> None:
        """Record that a kernel may exist, or exists no longer."""

    def gone(self, kernel: RemoteKernelManager) -> None:
        """Forget a kernel that is proved to be gone."""


class RemoteKernelManager(ServerKernelManager):
    """
    A kernel at a provider, as Jupyter Server expects a kernel to be.

    Its state is the last one that is known. Only what the user asks the kernel to do waits for the
    provider; those methods raise ProviderError.
    """

    parent: Any

    def __init__(
        self,
        *,
        owner: KernelOwner,
        providers: KernelProviders,
        provider_id: str,
        remote_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.providers = providers
        self.provider_id = provider_id
        self.remote_name = remote_name
        self.remote_id = ""
        #: The provider's address when it last told of the kernel.
        self.url = ""
        self.start = KernelStart()
        #: Whether others started the kernel; this server then does not stop it by itself.
        self.is_attached = False
        #: Called when the kernel is removed from this server, for example to close its relays.
        self.on_removed: set[Callable[[], None]] = set()
        self.activity = KernelActivity(self)
        self.clients = KernelClients()
        self.is_stopping = False
        self._owner = owner
        self.execution_state = "starting"
        self.created = self.last_activity = now()
        self._ready = Future()
        self._ready.set_result(None)

    @property
    def provider(self) -> RemoteKernelProvider:
        """The provider with its present configuration; raises ProviderUnavailable if removed."""
        return self.providers.provider(self.provider_id)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernelspec, as far as it is known; the culler reads its metadata."""
        entry = self.providers.entry(self.kernel_name)
        return entry.kernelspec if entry else KernelSpec()

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started, or may have been."""
        return bool(self.remote_id)

    @property
    def ports(self) -> list[int]:
        """No ports: the kernel is not on this machine."""
        return []

    # -- how it begins -----------------------------------------------------------------------------

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was started.")
    async def start_kernel(
        self, provider: RemoteKernelProvider, *, path: str | None, env: Mapping[str, str]
    ) -> None:
        """
        Start the kernel at its provider, which admits requests.

        If it fails and `has_kernel` is True then, the kernel may have started nonetheless.
        """
        # Not the id that the client wishes for, which may be the id of another kernel there.
        self.remote_id = str(uuid.uuid4())
        self.url = provider.config.url
        self.start.expect(provider.config.timeouts.start)
        self._owner.changed()  # recorded before it starts, so that a crash leaves no orphan
        try:
            async with self._failures_reported(provider):
                model = await provider.start_kernel(
                    self.remote_name, kernel_id=self.remote_id, path=path, env=env
                )
        except ProviderError as error:
            if error.is_certain:
                self.give_up()
            raise
        finally:
            # The provider may have received the request only now.
            self.start.expect(provider.config.timeouts.start)
        self.run_as(model)

    def attach(self, model: KernelModel) -> None:
        """Become the running kernel of this model, which others have started."""
        self.is_attached = True
        self.run_as(model)

    def run_as(self, model: KernelModel) -> None:
        """Become the running kernel of this model."""
        self.start.confirm()
        self.remote_id = model["id"]
        self._found()
        if not self.kernel_id:
            self.kernel_id = self._owner.free_id(self.remote_id)
        self.activity.begin(model)

    def restore(self, record: Record, expected_until: float) -> None:
        """Become the kernel of a record, whose state is not known yet."""
        self.remote_id, self.url = record.remote_id, record.url
        self.is_attached = record.is_attached
        self.start.expected_until = expected_until
        self.set_state("starting" if record.is_starting else "unknown")

    def fail(self, message: str) -> None:
        """Be dead, for a reason that JupyterLab shows."""
        self.set_state("dead", message)

    def give_up(self) -> None:
        """Forget the kernel at the provider: it does not exist, or is an orphan now."""
        self.remote_id = ""

    def removed(self) -> None:
        """Tell all clients that the kernel was removed from this server."""
        self.clients.clear_queues()
        for callback in list(self.on_removed):
            callback()

    def record(self, *, is_orphaned: bool = False) -> Record:
        """Return what the store keeps of the kernel."""
        return Record(
            provider_id=self.provider_id,
            url=self.url,
            remote_name=self.remote_name,
            remote_id=self.remote_id,
            kernel_id=str(self.kernel_id or ""),
            is_orphaned=is_orphaned,
            is_attached=self.is_attached,
            is_starting=self.start.is_running or self.start.is_expected,
        )

    async def until_started(self, timeout: float | None) -> None:
        """Wait for the kernel's start, at most so many seconds; raises ProviderError."""
        task = self.start.task
        if task is None:
            return
        await asyncio.wait({task}, timeout=timeout)
        self._check_started()
        failure = task.result()
        if failure is not None:
            raise failure.with_traceback(None)

    def _check_started(self) -> None:
        self.start.check(self.provider_id, self.kernel_name)

    # -- what users have it do ---------------------------------------------------------------------

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was shutdown.")
    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Stop the kernel."""
        self.is_stopping = True
        try:
            async with self._request() as provider:
                await provider.shutdown_kernel(self.remote_id)
        finally:
            self.is_stopping = False

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was restarted.")
    async def restart_kernel(self, now: bool = False, **_: Any) -> None:
        """Restart the kernel under the same id."""
        self._check_started()
        async with self._request() as provider:
            await provider.restart_kernel(self.remote_id)
        self.activity.become("restarting")
        self.clients.clear_queues()
        self.touch()

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was interrupted.")
    async def interrupt_kernel(self) -> None:
        """Interrupt the kernel."""
        self._check_started()
        async with self._request() as provider:
            await provider.interrupt_kernel(self.remote_id)

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[RemoteKernelProvider]:
        """Admit a request to the provider, and report its failure."""
        provider = await self.providers.admit(self.provider_id)
        async with self._failures_reported(provider):
            yield provider

    @asynccontextmanager
    async def _failures_reported(self, provider: RemoteKernelProvider) -> AsyncIterator[None]:
        """Have the provider polled if a request fails, so that people see its state at once."""
        try:
            yield
        except KernelGone:
            if provider.config.url == self.url:  # another server's answer proves nothing
                self._owner.gone(self)
            raise
        except ProviderError as error:
            self.providers.request_failed(self.provider_id, error)
            raise

    # -- its state and use -------------------------------------------------------------------------

    async def is_alive(self) -> bool:  # type: ignore[override] # as in the async managers
        """Whether the kernel was alive when last heard of."""
        return self.has_kernel and self.execution_state != "dead"

    @property
    def needs_polling(self) -> bool:
        """Whether the kernel has to be polled, see `KernelActivity.needs_polling`."""
        return self.activity.needs_polling

    def update(self, model: KernelModel | None, asked: float) -> None:
        """Adopt the provider's model, see `PolledKernel.update`."""
        self.activity.updated_at = time.monotonic()
        if model is None:
            if not self.start.is_expected and not self.is_stopping:
                self._owner.gone(self)
            return
        self.start.confirm()
        self._found()
        self.activity.update(model, asked)

    def set_state(self, state: str, reason: str = "") -> None:
        """Set the kernel's state, and the reason for it."""
        self.execution_state, self.reason = state, reason

    def touch(self) -> None:
        """Record that the kernel is used, so that neither it nor the server counts as idle."""
        self.last_activity = self.parent.last_kernel_activity = now()

    def poll_now(self) -> None:
        """Have the provider polled."""
        self.providers.wake(self.provider_id)

    def _found(self) -> None:
        """Record the address at which the kernel was found."""
        with suppress(ProviderError):
            self.url = self.provider.config.url

    # -- what a remote kernel cannot do ------------------------------------------------------------

    def resolve_path(self, path: str) -> None:
        """Resolve no path: the kernel's files are on another machine."""

    def update_env(self, *, env: Mapping[str, str]) -> None:
        """Ignore the environment: it cannot be changed from here."""

    def client(self, **kwargs: Any) -> Any:
        """Raise NotImplementedError: a client in this process would need ZMQ sockets."""
        raise NotImplementedError(
            f"{self.kernel_name} runs at the kernel provider {self.provider_id}, and can be "
            "reached through the server's websocket only."
        )

    async def cleanup_resources(  # type: ignore[override]
        self, restart: bool = False
    ) -> None:
        """Do nothing: the kernel has no resources on this machine."""
