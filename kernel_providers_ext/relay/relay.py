"""Frames between a browser and a remote kernel, through cuts of the connection to its provider."""

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
from ..provider.errors import (
    IncompatibleAnswer,
    NoSuchProvider,
    ProviderError,
    ProviderUnavailable,
)
from ..provider.interface import Frame, KernelChannels
from ..provider.status import now
from ..registry.phases import RECONNECTING, STARTING

ATTEMPTS = 10  # to open the channels again, at a provider that is there
FIRST_PAUSE = 1.0  # seconds before the second attempt at most, doubled each time
LONGEST_PAUSE = 30.0


class Relay:
    """
    Copies frames between a browser and a remote kernel, as they are.

    Where the connection to the provider is lost, it is opened again with the browser's session id,
    by which the provider finds what the kernel has sent meanwhile. What the browser sends waits in
    the send_queue, and is sent once, in its order. A provider that is known to be away is left alone:
    only its monitor asks it.
    """

    def __init__(self, kernel: RemoteKernelManager, session_id: str | None) -> None:
        self._kernel = kernel
        self._session_id = session_id
        self._channels: KernelChannels
        self._renewed = asyncio.Condition()
        self._attempts = 0  # to open the channels again, since they were good for a while
        self._is_over = False

    @property
    def subprotocol(self) -> str:
        """The websocket protocol that the provider has chosen."""
        return self._channels.subprotocol

    async def open(self, subprotocols: Collection[str]) -> None:
        """Open the kernel's channels for a browser that offers these; raises ProviderError."""
        kernel = self._kernel
        slow = asyncio.get_running_loop().call_later(
            kernel.providers.start_patience, self._begin_phase, STARTING, now()
        )
        if kernel.execution_state != "starting":
            slow.cancel()
        try:
            self._channels = await self._open(subprotocols)
        except BaseException:  # also where the browser leaves meanwhile
            self._end_phase()
            raise
        finally:
            slow.cancel()  # else the first frame tells that the kernel has started

    async def run(self, send_queue: SendQueue, write: Callable[[Frame], Awaitable[None]]) -> str:
        """
        Copy frames until the browser has left or the kernel cannot be reached any more.

        ``send_queue`` has what the browser sends, and an end when it has left; ``write`` takes a frame
        to the browser, and raises WebSocketClosedError if that has left.
        Returns a sentence that says why it ended, empty where the browser has left.
        """
        sending = asyncio.create_task(self._send(send_queue))
        receiving = asyncio.create_task(self._receive(write))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_over = True
            sending.cancel()
            # This ends the receiving, too. To cancel it first would cut the connection before the
            # provider has read what was sent last.
            await self.aclose()
            receiving.cancel()
            ends = await asyncio.gather(sending, receiving, return_exceptions=True)
            await self.aclose()  # it may have been opened again meanwhile
        return next((end.message for end in ends if isinstance(end, ProviderError)), "")

    async def aclose(self) -> None:
        """Close the connection to the provider."""
        self._end_phase()
        await self._channels.aclose()

    async def _send(self, send_queue: SendQueue) -> None:
        channels = self._channels
        while (frame := await send_queue.first()) is not None:
            while send_queue.has(frame):
                try:
                    is_sent = await channels.send(frame)
                except asyncio.CancelledError:
                    send_queue.drop(frame)  # it may be on its way
                    raise
                if is_sent:
                    send_queue.drop(frame)
                else:
                    channels = await self._successor(channels)

    async def _successor(self, ended: KernelChannels) -> KernelChannels:
        async with self._renewed:
            await self._renewed.wait_for(lambda: self._channels is not ended)
        return self._channels

    async def _receive(self, write: Callable[[Frame], Awaitable[None]]) -> None:
        while not self._is_over:
            self._kernel.follow(self)
            try:
                await self._copy(write)
            except WebSocketClosedError:
                return
            finally:
                self._kernel.unfollow(self)
            if not self._is_over:
                await self._reopen()

    async def _copy(self, write: Callable[[Frame], Awaitable[None]]) -> None:
        """Copy frames until the connection to the provider ends."""
        begun = time.monotonic()
        while (frame := await self._channels.receive()) is not None:
            if time.monotonic() - begun > FIRST_PAUSE:  # it has not just come to be cut again
                self._attempts = 0
            self._end_phase()
            self._kernel.observe_frame(frame)
            await write(frame)  # to wait is what slows the provider down to the browser's pace

    async def _reopen(self) -> None:
        """Open the channels again; raises ProviderError where that is in vain."""
        kernel = self._kernel
        self._begin_phase(RECONNECTING, now())
        try:
            channels = await self._persist([self.subprotocol] if self.subprotocol else [])
        finally:
            self._end_phase()
        if channels.subprotocol != self.subprotocol:
            await channels.aclose()
            message = f"{kernel.provider.label} speaks another protocol than before."
            raise IncompatibleAnswer(kernel.provider_id, "incompatible", message)
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
        provider = await kernel.providers.admitted(kernel.provider_id)
        try:
            return await provider.open_channels(
                kernel.remote_id, session_id=self._session_id, subprotocols=subprotocols
            )
        except ProviderError as error:
            kernel.providers.failed(kernel.provider_id, error)  # or the kernel may be gone
            raise

    def _begin_phase(self, name: str, since: datetime) -> None:
        kernel = self._kernel
        kernel.providers.phases.begin(self, kernel.provider_id, kernel.kernel_id, name, since)

    def _end_phase(self) -> None:
        self._kernel.providers.phases.end(self)

    async def _wait(self, attempt: int) -> None:
        """Wait until the provider is well, and then a while, so that not all come at once."""
        kernel = self._kernel
        with suppress(NoSuchProvider):  # opening the channels tells of that
            while not (monitor := kernel.providers.monitor(kernel.provider_id)).status.is_available:
                await monitor.available.wait()
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 16))
        await asyncio.sleep(random.uniform(0, longest))
