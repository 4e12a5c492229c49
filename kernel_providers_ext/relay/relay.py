"""Relays frames between a browser and a remote kernel, and reconnects to its provider."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import datetime

from tornado.websocket import WebSocketClosedError

from ..kernels.kernel import RemoteKernelManager
from ..kernels.send_queue import SendQueue
from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.errors import (
    IncompatibleAnswer,
    NoSuchProvider,
    ProviderError,
    ProviderUnavailable,
)
from ..provider.interface import Frame, KernelChannels
from ..provider.status import now
from ..registry.phases import RECONNECTING, STARTING, Phase

ATTEMPTS = 10  # to open the channels again while the provider is available
FIRST_PAUSE = 1.0  # seconds before the second attempt at most, doubled for each further one
LONGEST_PAUSE = 30.0
LONGEST_TURN = 0.005  # seconds of copying, after which others have their turn


class Relay:
    """
    Copies frames, unchanged, between a browser and a remote kernel.

    If the connection to the provider is lost, it is opened again with the browser's session id, for
    which the provider has buffered the kernel's messages. Frames of the browser wait in the send
    queue, and are sent once and in order. While the provider is unavailable, only its monitor tries
    to reach it.
    """

    def __init__(self, kernel: RemoteKernelManager, session_id: str | None) -> None:
        self._kernel = kernel
        self._session_id = session_id
        self._counters = kernel.providers.counters[kernel.provider_id]
        self._channels: KernelChannels
        self._renewed = asyncio.Condition()
        self._attempts = 0  # to open the channels, since they last worked for a while
        self._is_over = False

    @property
    def subprotocol(self) -> str:
        """The websocket protocol that the provider has chosen."""
        return self._channels.subprotocol

    async def open(self, subprotocols: Collection[str]) -> None:
        """
        Open the kernel's channels with one of the protocols that the browser offers.

        Raises ProviderError. If it is cancelled, nothing stays open.
        """
        kernel = self._kernel
        slow = asyncio.get_running_loop().call_later(
            kernel.providers.start_patience, self._begin_phase, STARTING, now()
        )
        if kernel.execution_state != "starting":
            slow.cancel()
        try:
            self._channels = await self._open(subprotocols)
        except BaseException:
            self._end_phase()
            raise
        finally:
            slow.cancel()  # a phase that has begun ends with the first frame

    async def run(self, queue: SendQueue, write: Callable[[Frame], Awaitable[None]]) -> str:
        """
        Copy frames until the browser has left or the kernel cannot be reached any more.

        Args:
            queue: The frames of the browser; it ends when the browser has left.
            write: Writes a frame to the browser; raises WebSocketClosedError if that has left.

        Returns a message that says why the relay ended, empty if the browser has left.
        """
        sending = asyncio.create_task(self._send(queue))
        receiving = asyncio.create_task(self._receive(write))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing = asyncio.create_task(self._close(sending, receiving))
            await _completed(closing)
        return closing.result()

    async def _close(self, sending: asyncio.Task[None], receiving: asyncio.Task[None]) -> str:
        """End both tasks and the connection, and return why the relay ended."""
        self._is_over = True
        sending.cancel()
        # This ends the receiving, too. To cancel that first would cut the connection before the
        # provider has read the last frame.
        await self.aclose()
        receiving.cancel()
        # The channels of another package may ignore that.
        done, _ = await asyncio.wait((sending, receiving), timeout=2 * CLOSE_TIMEOUT)
        await self.aclose()  # it may have been opened again meanwhile
        ends = [task.exception() for task in done if not task.cancelled()]
        return next((end.message for end in ends if isinstance(end, ProviderError)), "")

    async def aclose(self) -> None:
        """Close the connection to the provider, within two seconds whatever that does."""
        self._end_phase()
        await close_within(self._channels.aclose(), 2 * CLOSE_TIMEOUT)

    async def _send(self, queue: SendQueue) -> None:
        channels = self._channels
        while (frame := await queue.first()) is not None:
            while queue.has(frame):
                try:
                    is_sent = await channels.send(frame)
                except asyncio.CancelledError:
                    queue.drop(frame)  # it may be on its way
                    raise
                if is_sent:
                    self._counters.to_kernels.add(frame)
                    queue.drop(frame)
                else:
                    channels = await self._successor(channels)

    async def _successor(self, ended: KernelChannels) -> KernelChannels:
        async with self._renewed:
            await self._renewed.wait_for(lambda: self._channels is not ended)
        return self._channels

    async def _receive(self, write: Callable[[Frame], Awaitable[None]]) -> None:
        activity = self._kernel.activity
        while not self._is_over:
            activity.follow(self)
            try:
                await self._copy(write)
            except WebSocketClosedError:
                return
            finally:
                activity.unfollow(self)
            if not self._is_over:
                await self._reopen()

    async def _copy(self, write: Callable[[Frame], Awaitable[None]]) -> None:
        """Copy frames until the connection to the provider ends."""
        begun = rested = time.monotonic()
        observe, count = self._kernel.activity.observe, self._counters.from_kernels.add
        while (frame := await self._channels.receive()) is not None:
            instant = time.monotonic()
            if instant - begun > FIRST_PAUSE:  # the connection works, and was not cut at once
                self._attempts = 0
            if instant - rested > LONGEST_TURN:  # no wait below waits while there is more to copy
                await asyncio.sleep(0)
                rested = time.monotonic()
            self._end_phase()
            observe(frame)
            count(frame)
            await write(frame)  # this wait slows the provider down to the browser's pace
        if self._channels.failure:
            self._kernel.providers.warn(self._kernel.provider_id, self._channels.failure)

    async def _reopen(self) -> None:
        """Open the channels again; raises ProviderError if that fails for good."""
        kernel = self._kernel
        self._begin_phase(RECONNECTING, now())
        try:
            channels = await self._persist([self.subprotocol] if self.subprotocol else [])
        finally:
            self._end_phase()
        if channels.subprotocol != self.subprotocol:
            await close_within(channels.aclose(), 2 * CLOSE_TIMEOUT)
            message = f"{kernel.provider.label} now speaks another protocol."
            raise IncompatibleAnswer(kernel.provider_id, "incompatible", message)
        self._counters.reconnects += 1
        async with self._renewed:
            self._channels = channels
            self._renewed.notify_all()

    async def _persist(self, subprotocols: Collection[str]) -> KernelChannels:
        """Try to open the channels for as long as the provider may come back."""
        refusals = 0
        while True:
            if self._attempts > 0:
                await self._wait(self._attempts)
            self._attempts += 1
            try:
                return await self._open(subprotocols)
            except ProviderError as error:
                refusals += not isinstance(error, ProviderUnavailable)
                if error.reason_code in ("removed", "stopping") or refusals == ATTEMPTS:
                    raise

    async def _open(self, subprotocols: Collection[str]) -> KernelChannels:
        kernel = self._kernel
        provider = await kernel.providers.admit(kernel.provider_id)
        try:
            channels = await provider.open_channels(
                kernel.remote_id, session_id=self._session_id, subprotocols=subprotocols
            )
        except ProviderError as error:
            kernel.providers.handshake_failed(kernel.provider_id, error)
            raise
        kernel.providers.handshake_done(kernel.provider_id)
        return channels

    def _begin_phase(self, name: str, since: datetime) -> None:
        kernel = self._kernel
        phase = Phase(kernel.provider_id, kernel.kernel_id, kernel.kernel_name, name, since)
        kernel.providers.phases.begin(self, phase)

    def _end_phase(self) -> None:
        self._kernel.providers.phases.end(self)

    async def _wait(self, attempt: int) -> None:
        """Wait until the provider is available, and then a while, so that relays spread out."""
        kernel = self._kernel
        with suppress(NoSuchProvider):  # then opening the channels raises the right error
            while not (monitor := kernel.providers.monitor(kernel.provider_id)).status.is_available:
                await monitor.available.wait()
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 16))
        await asyncio.sleep(random.uniform(0, longest))


async def _completed(task: asyncio.Task[str]) -> None:
    """
    Wait until a task is done, also if the wait is cancelled meanwhile.

    A client that connects again cancels the relay of its former connection. If that were cut, the
    provider could lose what the client sends next.
    """
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
