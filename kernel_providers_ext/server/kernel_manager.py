"""The kernel manager that Jupyter Server sees: kernels by id, wherever they run."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from jupyter_server.services.sessions.handlers import SessionHandler

from ..kernels.kernel import RemoteKernelManager
from ..kernels.lifecycle import EXIT_TIMEOUT, RemoteKernels, StartRequest
from ..provider.errors import KernelGone, ProviderError
from ..provider.interface import RemoteKernelProvider
from ..provider.status import now
from ..registry.providers import KernelProviders

LOOK_INTERVAL = 1.0  # seconds from one look at whether a client still waits to the next
JUST_NOW = 1.0  # seconds for which what a provider says of a kernel is good enough to stop it
LINGER = 0.5  # seconds for open websockets to be closed when the server ends
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has only the latter


class KernelProvidersKernelManager(MappingKernelManager):
    """
    Mixed into the configured kernel manager, which goes on to do all that concerns local kernels.

    Once a kernel has an id, the id decides: a remote kernel stands in the same map as the local
    ones, as a `RemoteKernelManager`. ``providers`` is set by the class made for each server.
    """

    providers: KernelProviders

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remote = RemoteKernels(self)
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

        A remote one that takes long is still starting then. Raises ProviderError, and for local
        kernels what the configured manager raises.
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
        available = {**os.environ, **(kwargs.get("env") or {})}
        env = _permitted(provider, _without(available, self.providers.secret_variables))
        wanted = StartRequest(provider, remote_name, path, env)
        if _session_moves_on():
            return await self._start_while_wanted(wanted)
        return await self.remote.start(wanted, kernel_id, self.providers.start_patience)

    async def _start_while_wanted(self, wanted: StartRequest) -> str:
        """
        Start a kernel for a notebook that moves on, which keeps the one it has until then.

        Where the client does not wait so long, or a proxy on the way, the notebook stays.
        """
        starting = asyncio.create_task(self.remote.start(wanted, None, None))
        while not starting.done():
            await asyncio.wait({starting}, timeout=LOOK_INTERVAL)
            if _client_has_left() and starting.cancel():
                await asyncio.wait({starting})
                message = "The start was cancelled, as nobody waited for it any more."
                raise KernelGone(wanted.provider.id, "cancelled", message)
        return starting.result()

    async def shutdown_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False, restart: bool = False
    ) -> None:
        """Stop a kernel; raises ProviderError where the provider of a remote one does not."""
        kernel = self.remote.get(kernel_id)
        if kernel is None:
            await ensure_async(super().shutdown_kernel(kernel_id, now=now, restart=restart))
        else:
            await self.remote.shutdown(kernel, moves_on=_session_moves_on())

    async def _async_shutdown_kernel(
        self, kernel_id: str, now: bool | None = False, restart: bool | None = False
    ) -> None:
        """Stop a kernel for `shutdown_all`; remote ones are stopped by `RemoteKernels.leave`."""
        if kernel_id in self and self.remote.get(kernel_id) is None:
            kernel: Any = self.get_kernel(kernel_id)
            # For one that is just restarting, jupyter_client (8.10) raises, and no server ends.
            try:
                await asyncio.wait_for(_settled(kernel), EXIT_TIMEOUT)
            except asyncio.TimeoutError:
                with suppress(RuntimeError):  # it has ended just now
                    await ensure_async(kernel.signal_kernel(KILL))
            else:
                await super()._async_shutdown_kernel(kernel_id, now=now, restart=restart)

    async def restart_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False
    ) -> Any:
        """Restart a kernel under its id."""
        kernel = self.remote.get(kernel_id)
        if kernel is None:
            return await ensure_async(super().restart_kernel(kernel_id, now=now))
        return await kernel.restart_kernel(now=now)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Stop a kernel that nobody has used for long; not one of others, nor one that starts."""
        kernel = self.remote.get(kernel_id)
        if kernel is not None and not await self._may_be_culled(kernel):
            return
        if kernel_id in self:  # it may have gone while another one was looked at
            await ensure_async(super().cull_kernel_if_idle(kernel_id))

    async def _may_be_culled(self, kernel: RemoteKernelManager) -> bool:
        if kernel.is_attached or kernel.is_starting:
            return False
        try:
            self.providers.check(kernel.provider_id)
            monitor = self.providers.monitor(kernel.provider_id)
        except ProviderError:
            return False  # it could not be stopped anyway
        idle = (now() - kernel.last_activity).total_seconds()
        if idle <= kernel.kernel_spec.metadata.get("cull_idle_timeout", self.cull_idle_timeout):
            return True  # its time has not come yet
        lately = time.monotonic() - JUST_NOW
        # Others may have used it since it was looked at.
        if kernel.heard_at < lately and not await monitor.refresh_kernels():
            self.providers.wake(kernel.provider_id)  # so that the next one does not wait for it
        return kernel.heard_at >= lately

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """Stop all kernels, as the server does at its end, and the talk with the providers."""
        local = ensure_async(super().shutdown_all(now=now))
        # With an exception, the server would not end.
        ends = await asyncio.gather(local, self.remote.leave(), return_exceptions=True)
        for error in ends:
            if error is not None:
                self.log.error("A kernel may still be running: %r", error)
        if self.remote.observer is not None:
            await self.remote.observer.close()
        await self._close_connections()

    async def _close_connections(self) -> None:
        relays = list(self.remote.relays)
        for relay in relays:
            relay.cancel()
        await self.providers.aclose()
        if relays:
            await asyncio.wait(relays, timeout=LINGER)

    async def _check_local(self, kernel_name: str | None) -> None:
        """Raise NoSuchKernelspec for a name like a provider's that is not a local one after all."""
        if kernel_name is None or "/" not in kernel_name:
            return
        try:
            manager: Any = self.kernel_spec_manager
            await ensure_async(manager.get_kernel_spec(kernel_name))
        except KeyError as error:
            raise self.providers.unknown(kernel_name) from error

    @property
    def _default_is_configured(self) -> bool:
        sections = (self.config.get(base.__name__, {}) for base in type(self).__mro__)
        return any("default_kernel_name" in section for section in sections)

    def _follow_default(self) -> None:
        """Without local kernels, the first provider's default is the default, once it is known."""
        name = self.providers.default_kernel_name
        if name is not None and not self._default_is_configured:
            self.default_kernel_name = name


async def _settled(kernel: Any) -> None:
    """Wait until a local kernel neither starts nor stops; a restart is a stop, and then a start."""
    while not kernel.ready.done():
        await asyncio.wait({asyncio.wrap_future(kernel.ready)})


def _permitted(provider: RemoteKernelProvider, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a provider's kernels may be given, out of all there are."""
    passed = provider.config.env
    return {n: v for n, v in env.items() if n.startswith("KERNEL_") or n in passed}


def _without(env: Mapping[str, str], hidden: Collection[str]) -> dict[str, str]:
    """Return the environment without the variables that hold secrets."""
    return {name: value for name, value in env.items() if name not in hidden}


def _session_moves_on() -> bool:
    """Tell whether this request changes the kernel of a session."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return isinstance(handler, SessionHandler) and handler.request.method == "PATCH"


def _client_has_left() -> bool:
    """Tell whether nobody is there any more to whom this request could be answered."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    stream = getattr(handler.request.connection, "stream", None)
    return stream is not None and stream.closed()
