"""One kernel at a provider, as Jupyter Server expects a kernel to be."""

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

from ..provider.errors import KernelGone, KernelStarting, ProviderError
from ..provider.interface import Frame, KernelModel, RemoteKernelProvider
from ..provider.status import now
from ..registry.providers import KernelProviders
from ..server.kernelspec_manager import remote_kernelspec
from .iopub import parse_status
from .send_queue import SendQueue

#: States that a kernel has left as soon as it answers anything, and those in which it stays.
UNSETTLED = ("starting", "restarting", "unknown")
AT_REST = ("idle", "dead")
AT_WORK = 60.0  # seconds after which a silent kernel that is busy is noted to be in use, again


class KernelOwner(Protocol):
    """Who has to hear of what becomes of a kernel."""

    #: What copies frames between browsers and kernels.
    relays: set[asyncio.Task[None]]

    def free_id(self, wanted: str) -> str:
        """Return the id itself if no kernel of this server has it, else another one."""

    def note(self) -> None:
        """Have it written down that there may be a kernel."""

    def lost(self, kernel: RemoteKernelManager) -> None:
        """Take notice that a kernel is proved to be gone."""


class RemoteKernelManager(ServerKernelManager):
    """
    One kernel at a provider, as Jupyter Server expects a kernel to be.

    Its state is what was last heard of it; nothing here waits for the provider but what the user
    asked the kernel to do.
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
        self.owner = owner
        self.providers = providers
        self.provider_id = provider_id
        self.remote_name = remote_name
        self.remote_id = ""
        self.url = ""
        #: The start that is under way or has ended, with why it has failed.
        self.starting: asyncio.Task[ProviderError | None] | None = None
        #: By the monotonic clock: until then, a kernel that is not there may only be late.
        self.expected_until = 0.0
        #: Whether it was not started by this server, which then does not stop it by itself.
        self.is_attached = False
        #: What to call when the kernel is no longer this server's, such as to close a relay.
        self.on_removed: set[Callable[[], None]] = set()
        #: What waits to be sent to it, and what copies frames, by the session ids of clients.
        self.send_queues: dict[str, SendQueue] = {}
        self.relaying: dict[str, asyncio.Task[None]] = {}
        #: Whether this server has its provider stop it just now, so that its end is no news.
        self.is_stopping = False
        #: Those to whom the kernel's frames come just now.
        self._followers: set[object] = set()
        self._is_ending = False  # as it has said itself
        self._told_at = float("-inf")  # when it last told its state itself
        #: When its provider was last heard to tell of it, by the monotonic clock.
        self.heard_at = float("-inf")
        self._working: asyncio.TimerHandle | None = None
        self.execution_state = "starting"
        self.made = self.last_activity = now()
        self._last_heard: object = None  # the provider's time stamp of its last use, once known
        self._ready = Future()
        self._ready.set_result(None)

    @property
    def provider(self) -> RemoteKernelProvider:
        """The provider as it is configured now; raises ProviderUnavailable if it was removed."""
        return self.providers.provider(self.provider_id)

    @property
    def kernel_spec(self) -> KernelSpec:
        """What is known of the kernelspec; the culler reads its metadata."""
        entry = self.providers.entry(self.kernel_name)
        return remote_kernelspec(entry.original) if entry else KernelSpec()

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started, or may have been."""
        return bool(self.remote_id)

    @property
    def is_starting(self) -> bool:
        """Whether its start is under way."""
        return self.starting is not None and not self.starting.done()

    @property
    def ports(self) -> list[int]:
        """None on this machine."""
        return []

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was started.")
    async def start_kernel(self, *, path: str | None, env: Mapping[str, str]) -> None:
        """
        Start the kernel at its provider, under the id that this server gave or takes over.

        Where nobody knows what has become of the start, there may be a kernel nonetheless.
        """
        async with self._asking() as provider:
            # Not the caller's id, which may be that of somebody else's kernel.
            self.remote_id = str(uuid.uuid4())
            self.url = provider.config.url
            self._expect(provider)
            self.owner.note()  # before it is there: a crash of this server is to leave no orphan
            try:
                model = await provider.start_kernel(
                    self.remote_name, kernel_id=self.remote_id, path=path, env=env
                )
            except ProviderError as error:
                if error.is_certain:
                    self.remote_id = ""
                raise
            finally:
                self._expect(provider)  # the provider may begin only now
        self.expected_until = 0.0
        self.take(model)

    def _expect(self, provider: RemoteKernelProvider) -> None:
        self.expected_until = time.monotonic() + provider.config.timeouts.start

    def take(self, model: KernelModel) -> None:
        """Be the kernel of this model, which runs at the provider."""
        self.remote_id = model["id"]
        self._found()
        if not self.kernel_id:
            self.kernel_id = self.owner.free_id(self.remote_id)
        self._last_heard = model.get("last_activity")
        self._take_state(model)

    async def until_started(self, seconds: float | None) -> None:
        """Wait until the kernel has started; raises ProviderError where it has not by then."""
        if self.starting is None:
            return
        await asyncio.wait({self.starting}, timeout=seconds)
        self._check_started()
        failure = self.starting.result()
        if failure is not None:
            raise failure.with_traceback(None)

    def _check_started(self) -> None:
        if self.is_starting:
            message = f"{self.kernel_name} is still starting. Wait until it has, or shut it down."
            raise KernelStarting(self.provider_id, "starting", message)

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was shutdown.")
    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Stop the kernel."""
        self.is_stopping = True
        try:
            async with self._asking() as provider:
                await provider.shutdown_kernel(self.remote_id)
        finally:
            self.is_stopping = False

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was restarted.")
    async def restart_kernel(self, now: bool = False, **_: Any) -> None:
        """Restart the kernel under the same id."""
        self._check_started()
        async with self._asking() as provider:
            await provider.restart_kernel(self.remote_id)
        self._become("restarting")
        for send_queue in self.send_queues.values():
            send_queue.clear()
        self.touch()

    @emit_kernel_action_event(success_msg="Kernel {kernel_id} was interrupted.")
    async def interrupt_kernel(self) -> None:
        """Interrupt what the kernel is doing."""
        self._check_started()
        async with self._asking() as provider:
            await provider.interrupt_kernel(self.remote_id)

    async def is_alive(self) -> bool:  # type: ignore[override] # as in the async managers
        """Whether the kernel was alive when last heard of."""
        return self.has_kernel and self.execution_state != "dead"

    @property
    def needs_polling(self) -> bool:
        """
        Whether its state may change without anything that comes by telling.

        What ends tells its clients no more. What nobody uses here changes when a cell of it ends,
        and otherwise hardly; what is starting stays so until it has answered somebody.
        """
        if self._is_ending:
            return True
        if self._followers:
            return self.execution_state in UNSETTLED
        return self.execution_state not in (*UNSETTLED, *AT_REST)

    def follow(self, follower: object) -> None:
        """Take notice that the kernel's frames come to somebody from now on, see `overhear`."""
        self._followers.add(follower)
        self._begin_work()

    def unfollow(self, follower: object) -> None:
        """Take notice that they do so no more."""
        self._followers.discard(follower)
        if self.needs_polling:
            self.providers.wake(self.provider_id)

    def observe_frame(self, frame: Frame) -> None:
        """
        Take over what a frame from the kernel tells of its state.

        As Jupyter Server does for its own kernels, see `start_watching_activity` there: it is in
        use while it is busy, and by what users have it do.
        """
        told = parse_status(frame)
        is_use = told is not None and self.parent.track_message_type(told.cause)
        if is_use or self.execution_state == "busy":
            self._last_heard = None  # what its provider will tell of that use is no other one
            self.touch()
        if told is None:
            return
        self._told_at = time.monotonic()
        if told.is_ending:
            self._end()
        elif is_use:
            self._become(told.state)
        elif self.execution_state in UNSETTLED and told.state not in UNSETTLED:
            self._become("idle")

    def _become(self, state: str) -> None:
        self.execution_state = state
        if state == "dead":
            self._end()
        elif state in UNSETTLED:  # it does not end, it begins anew
            self._is_ending = False
            self.providers.wake(self.provider_id)
        self._begin_work()

    def _end(self) -> None:
        """Have it looked at until it is gone, which is no news where this server stops it."""
        if not self.is_stopping:
            self._is_ending = True
            self.providers.wake(self.provider_id)

    def _begin_work(self) -> None:
        if self._working is None:
            self._work()

    def _work(self) -> None:
        """Be in use for as long as there is a cell that runs: it may say nothing for hours."""
        self._working = None
        if self._followers and self._is_at_work:
            self.touch()
            self._working = asyncio.get_running_loop().call_later(AT_WORK, self._work)

    @property
    def _is_at_work(self) -> bool:
        """Whether it is in use although it may say nothing."""
        return self.execution_state == "busy" and not self.parent.cull_busy

    def update(self, model: KernelModel | None, asked: float) -> None:
        """Take over what the provider says of the kernel; None is the proof that it is gone."""
        self.heard_at = time.monotonic()
        if model is None:
            if time.monotonic() >= self.expected_until and not self.is_stopping:
                self.owner.lost(self)
            return
        self.expected_until = 0.0
        self._found()
        if self._told_at < asked:  # else what it has said itself is newer
            self._take_state(model)
        self._begin_work()
        # Only whether the time stamp has moved counts: the provider's clock may be anywhere.
        stamp, before = model.get("last_activity"), self._last_heard
        self._last_heard = stamp
        if before not in (None, stamp) or self._is_at_work:
            self.touch()

    def touch(self) -> None:
        """Note that the kernel is in use, so that neither it nor the server is taken for idle."""
        self.last_activity = self.parent.last_kernel_activity = now()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[RemoteKernelProvider]:
        """Where a request fails, have the provider's state looked at now, as users will."""
        provider = await self.providers.admitted(self.provider_id)
        try:
            yield provider
        except KernelGone:
            if provider.config.url == self.url:  # another server has no proof that it is gone
                self.owner.lost(self)
            raise
        except ProviderError as error:
            self.providers.failed(self.provider_id, error)
            raise

    def _found(self) -> None:
        """Take notice that the kernel is where its provider is now."""
        with suppress(ProviderError):
            self.url = self.provider.config.url

    def _take_state(self, model: KernelModel) -> None:
        self.execution_state = str(model.get("execution_state") or "unknown")
        self.reason = str(model.get("reason") or "")

    def resolve_path(self, path: str) -> None:
        """Resolve no path: the kernel's files are on another machine."""

    def update_env(self, *, env: Mapping[str, str]) -> None:
        """Leave the environment alone: it cannot be changed from afar."""

    def client(self, **kwargs: Any) -> Any:
        """Refuse: a client in this process would need the kernel's ZMQ sockets."""
        raise NotImplementedError(
            f"{self.kernel_name} runs at the kernel provider {self.provider_id}, and can be "
            "reached through the server's websocket only."
        )

    async def cleanup_resources(  # type: ignore[override]
        self, restart: bool = False
    ) -> None:
        """There is nothing of the kernel on this machine."""
