"""The kernel manager that Jupyter Server sees: kernels by id, local and remote ones."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from jupyter_server.services.sessions.handlers import SessionHandler
from tornado.web import HTTPError

from ..kernels.environment import kernel_environment
from ..kernels.kernel import RemoteKernelManager
from ..kernels.lifecycle import EXIT_TIMEOUT, KERNEL_ID, RemoteKernels, StartRequest
from ..provider.config import ProviderConfig
from ..provider.errors import KernelGone, ProviderError
from ..provider.status import now
from ..registry.providers import KernelProviders
from .kernel_map import ServerKernelMap

#: The variable that Jupyter Server's session manager gives to kernels.
SESSION_NAME = "JPY_SESSION_NAME"
CLIENT_CHECK_INTERVAL = 1.0  # seconds between two checks whether a client still waits
FRESH_FOR = 1.0  # seconds for which the provider's word on a kernel is good enough to cull it
LINGER = 0.5  # seconds for open websockets to close when the server stops
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has only the latter


class KernelProvidersKernelManager(MappingKernelManager):
    """
    A mixin for the configured kernel manager, which stays responsible for local kernels.

    Once a kernel has an id, the id decides: a remote kernel is in the same map as the local ones,
    as a `RemoteKernelManager`. `extension.mix` makes a class for each server, and sets
    ``providers``.
    """

    providers: KernelProviders

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remote = RemoteKernels(ServerKernelMap(self, self.providers))
        self._shutting_down: asyncio.Future[None] | None = None
        self.providers.subscribe(self._follow_default)

    # -- start -------------------------------------------------------------------------------------

    async def start_kernel(  # type: ignore[override] # the async managers' own signature
        self,
        *,
        kernel_name: str | None = None,
        kernel_id: str | None = None,
        path: Any = None,
        **kwargs: Any,
    ) -> str:
        """
        Start a kernel at the place that its name says, and return its id.

        A remote kernel that takes long is still starting then. Raises ProviderError, or for a local
        kernel what the configured manager raises.
        """
        if kernel_id is not None and kernel_id in self:
            self.log.info("Using existing kernel: %s", kernel_id)
            return kernel_id
        wanted = kernel_name or self.default_kernel_name
        _check_encodable(wanted, kernel_id)
        provider, remote_name = self.providers.resolve(wanted)
        if provider is None:
            started = await self._start_local(kernel_name, kernel_id=kernel_id, path=path, **kwargs)
        else:
            env = self._environment(provider.config, path, _env_in(kwargs))
            started = await self._start_remote(
                StartRequest(provider.id, remote_name, path, env, _moving_session()), kernel_id
            )
        remote = self.remote.get(started)
        has_started = provider is None or (remote is not None and remote.kernel_name == wanted)
        if has_started and SESSION_NAME in _env_in(kwargs) and self.providers.monitors:
            self.providers.recent.add(wanted)
        return started

    async def _start_remote(self, request: StartRequest, kernel_id: str | None) -> str:
        if kernel_id is not None and not KERNEL_ID.fullmatch(kernel_id):
            raise HTTPError(400, f"{kernel_id!r} cannot be the id of a kernel. Use a UUID.")
        if request.session_id:
            return await self._start_while_wanted(request)
        return await self.remote.start(request, kernel_id, self.providers.start_patience)

    async def _start_local(self, kernel_name: str | None, **kwargs: Any) -> str:
        await self._check_local(kernel_name)
        if self.providers.secret_variables:
            kwargs["env"] = self._without_secrets(_env_in(kwargs) or os.environ)
        local: Any = super().start_kernel(kernel_name=kernel_name, **kwargs)
        return str(await ensure_async(local))

    async def _check_local(self, kernel_name: str | None) -> None:
        """Raise NoSuchKernelspec if a name with a prefix is not that of a local kernelspec."""
        if kernel_name is None or "/" not in kernel_name:
            return
        try:
            manager: Any = self.kernel_spec_manager
            await ensure_async(manager.get_kernel_spec(kernel_name))
        except KeyError as error:
            raise self.providers.unknown(kernel_name) from error

    async def _start_while_wanted(self, request: StartRequest) -> str:
        """
        Start a kernel for a session that moves on, and that keeps its present kernel until then.

        Its present kernel is returned if it does not move: if meanwhile the client leaves, a proxy
        cuts the request, the new kernel is shut down, or the session moves to yet another kernel.
        Raises KernelGone if the session has ended.
        """
        before = await _present_kernel(request.session_id)
        patience = self.providers.start_patience
        starting = asyncio.create_task(self.remote.start_for_switch(request, patience))
        while not starting.done():
            await asyncio.wait({starting}, timeout=CLIENT_CHECK_INTERVAL)
            if _client_has_left() or await _present_kernel(request.session_id) != before:
                starting.cancel()
                await asyncio.wait({starting})
        started = None if starting.cancelled() else starting.result()
        present = await _present_kernel(request.session_id)
        if started is not None and present == before:
            return started
        if started is not None and (kernel := self.remote.get(started)) is not None:
            await self.remote.shutdown(kernel, moves_on=True)
        if not present:
            message = "The start was cancelled, because its notebook has ended."
            raise KernelGone(request.provider_id, "cancelled", message)
        return present

    def _environment(
        self, config: ProviderConfig, path: str | None, given: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the variables for a provider's kernel, with its working directory if wanted."""
        hidden = self.providers.secret_variables
        env = kernel_environment(config, {**os.environ, **given}, hidden)
        if path is not None and "KERNEL_WORKING_DIR" in config.env:
            env.setdefault("KERNEL_WORKING_DIR", self.cwd_for_path(path))
        return env

    def _without_secrets(self, env: Mapping[str, str]) -> dict[str, str]:
        hidden = self.providers.secret_variables
        return {name: value for name, value in env.items() if name not in hidden}

    @property
    def _default_is_configured(self) -> bool:
        sections = (self.config.get(base.__name__, {}) for base in type(self).__mro__)
        return any("default_kernel_name" in section for section in sections)

    def _follow_default(self) -> None:
        """Without local kernels, use the first provider's default kernel, once it is known."""
        name = self.providers.default_kernel_name
        if name is not None and not self._default_is_configured:
            self.default_kernel_name = name

    # -- what users have a kernel do ---------------------------------------------------------------

    async def shutdown_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False, restart: bool = False
    ) -> None:
        """Stop a kernel; raises ProviderError if a remote kernel's provider does not stop it."""
        kernel = self.remote.get(kernel_id)
        moves_on = bool(_moving_session())
        if kernel is not None:
            await self.remote.shutdown(kernel, moves_on=moves_on)
        elif kernel_id in self or not moves_on:  # the session may have moved on twice
            await ensure_async(super().shutdown_kernel(kernel_id, now=now, restart=restart))

    async def restart_kernel(  # type: ignore[override]
        self, kernel_id: str, now: bool = False
    ) -> Any:
        """Restart a kernel under its id."""
        kernel = self.remote.get(kernel_id)
        if kernel is None:
            return await ensure_async(super().restart_kernel(kernel_id, now=now))
        return await kernel.restart_kernel(now=now)

    # -- culling -----------------------------------------------------------------------------------

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Stop an idle kernel, unless it is attached or starting."""
        kernel = self.remote.get(kernel_id)
        if kernel is not None and not await self._may_be_culled(kernel):
            return
        if kernel_id in self:  # it may have gone while the one before it was checked
            await ensure_async(super().cull_kernel_if_idle(kernel_id))

    async def _may_be_culled(self, kernel: RemoteKernelManager) -> bool:
        if kernel.is_attached or kernel.start.is_running:
            return False
        try:
            self.providers.check_available(kernel.provider_id)
            monitor = self.providers.monitor(kernel.provider_id)
        except ProviderError:
            return False  # it could not be stopped anyway
        idle = (now() - kernel.last_activity).total_seconds()
        if idle <= kernel.kernel_spec.metadata.get("cull_idle_timeout", self.cull_idle_timeout):
            return True  # the configured manager sees that it is not idle for long enough
        fresh = time.monotonic() - FRESH_FOR
        # Others may have used it since the last poll.
        if kernel.activity.updated_at < fresh and not await monitor.refresh_kernels():
            self.providers.wake(kernel.provider_id)  # so that the next kernel need not wait for it
        return kernel.activity.updated_at >= fresh

    # -- when the server stops ---------------------------------------------------------------------

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """Stop all kernels and close all connections to providers; two signals do so once."""
        if self._shutting_down is None:
            self._shutting_down = asyncio.ensure_future(self._shutdown_all(now))
        await asyncio.shield(self._shutting_down)

    async def _shutdown_all(self, now: bool) -> None:
        local = ensure_async(super().shutdown_all(now=now))
        # An exception would keep the server from stopping.
        ends = await asyncio.gather(local, self.remote.aclose(), return_exceptions=True)
        for error in ends:
            if error is not None:
                self.log.error("A kernel may still be running: %r", error)
        if self.remote.recorder is not None:
            await self.remote.recorder.aclose()
        await self._close_connections()

    async def _async_shutdown_kernel(
        self, kernel_id: str, now: bool | None = False, restart: bool | None = False
    ) -> None:
        """Stop a local kernel for `shutdown_all`; `RemoteKernels.aclose` stops remote ones."""
        if kernel_id in self and self.remote.get(kernel_id) is None:
            kernel: Any = self.get_kernel(kernel_id)
            # jupyter_client 8.10 raises for a kernel that is restarting, and the server hangs.
            try:
                await asyncio.wait_for(_settled(kernel), EXIT_TIMEOUT)
            except asyncio.TimeoutError:
                with suppress(RuntimeError):  # it has just ended
                    await ensure_async(kernel.signal_kernel(KILL))
            else:
                await super()._async_shutdown_kernel(kernel_id, now=now, restart=restart)

    async def _close_connections(self) -> None:
        relays = list(self.remote.relays)
        for relay in relays:
            relay.cancel()
        await self.providers.aclose()
        if relays:
            await asyncio.wait(relays, timeout=LINGER)


async def _settled(kernel: Any) -> None:
    """Wait until a local kernel neither starts nor stops; a restart is a stop and then a start."""
    while not kernel.ready.done():
        await asyncio.wait({asyncio.wrap_future(kernel.ready)})


def _check_encodable(*texts: str | None) -> None:
    """Raise HTTPError if a name or an id has a surrogate, which JSON may have and UTF-8 may not."""
    for text in filter(None, texts):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"{text!r} has an unpaired surrogate, and is no Unicode text."
            raise HTTPError(400, message) from error


def _env_in(kwargs: Mapping[str, Any]) -> dict[str, str]:
    return kwargs.get("env") or {}


def _moving_session() -> str:
    """Return the id of the session whose kernel the present request changes; empty if none."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    moves = isinstance(handler, SessionHandler) and handler.request.method == "PATCH"
    return str(handler.path_kwargs["session_id"]) if moves else ""


async def _present_kernel(session_id: str) -> str:
    """Return the id of the kernel that a session has; empty if the session has ended."""
    sessions = CallContext.get(CallContext.JUPYTER_HANDLER).session_manager
    try:
        session = await ensure_async(sessions.get_session(session_id=session_id))
    except (HTTPError, KeyError):
        return ""
    return str(session["kernel"]["id"])


def _client_has_left() -> bool:
    """Return whether the present request's client has closed its connection."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    stream = getattr(handler.request.connection, "stream", None)
    return stream is not None and stream.closed()
