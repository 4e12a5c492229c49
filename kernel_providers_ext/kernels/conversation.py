"""A conversation with a kernel: requests, and the messages that answer them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_client.session import Session

from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.interface import Frame, KernelChannels
from .messages import Message, pack, unpack


class Conversation:
    """
    Sends requests on the channel ``shell``, and waits for the messages that answer them.

    It is for one task. All methods raise ConnectionError once the channels have ended, and
    asyncio.TimeoutError.

    Args:
        channels: The open channels of the kernel; `aclose` closes them.
        session_id: The session id with which they were opened.
    """

    def __init__(self, channels: KernelChannels, session_id: str) -> None:
        self._channels = channels
        self._session = Session(session=session_id, username="")
        self._receiving: asyncio.Task[Frame | None] | None = None

    async def send(
        self,
        type: str,
        content: Mapping[str, Any],
        timeout: float,
        buffers: Sequence[bytes] = (),
    ) -> str:
        """Send a message, and return its id; ``timeout`` is in seconds."""
        message = self._session.msg(type, dict(content))
        frame = pack(self._session, message, buffers, self._channels.subprotocol)
        if not await asyncio.wait_for(self._channels.send(frame), timeout):
            raise ConnectionError(self._channels.failure)
        return str(message["header"]["msg_id"])

    async def receive(self, is_wanted: Callable[[Message], bool], timeout: float) -> Message:
        """Return the next message that is wanted, within so many seconds; ignore all others."""
        deadline = time.monotonic() + timeout
        while True:
            message = await self._next(deadline)
            if message is not None and is_wanted(message):
                return message

    async def request(self, type: str, content: Mapping[str, Any], timeout: float) -> Message:
        """Send a request, and return its reply."""
        sent = await self.send(type, content, timeout)
        return await self.receive(lambda m: m.channel == "shell" and m.request_id == sent, timeout)

    async def aclose(self) -> None:
        """Close the channels, within two seconds whatever the kernel's provider does."""
        await close_within(self._channels.aclose(), 2 * CLOSE_TIMEOUT)
        if self._receiving is not None:
            self._receiving.cancel()

    async def _next(self, deadline: float) -> Message | None:
        """Return the message in the next frame; None if that has none that can be read."""
        # It goes on after a timeout: channels whose `receive` was cancelled are of no use.
        self._receiving = self._receiving or asyncio.ensure_future(self._channels.receive())
        await asyncio.wait({self._receiving}, timeout=max(deadline - time.monotonic(), 0.0))
        if not self._receiving.done():
            raise asyncio.TimeoutError
        received, self._receiving = self._receiving, None
        frame = received.result()
        if frame is None:
            raise ConnectionError(self._channels.failure)
        return unpack(frame, self._channels.subprotocol)
