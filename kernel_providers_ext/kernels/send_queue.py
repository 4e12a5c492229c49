"""The frames that a client has sent to a kernel and that its provider has not taken yet."""

from __future__ import annotations

import asyncio
from collections import deque

from ..provider.interface import Frame

LIMIT = 64 * 2**20  # bytes of one client's frames


class SendBudget:
    """
    The bytes that may wait in the send queues of a server, or of one provider.

    The budget of a provider is half of that of its ``server``, so that a provider that takes
    nothing leaves enough for the others.
    """

    def __init__(self, limit: int, server: SendBudget | None = None) -> None:
        self._limit = limit
        self._server = server
        self._taken = 0

    def of_provider(self) -> SendBudget:
        """Return a budget for one provider."""
        return SendBudget(self._limit // 2, self)

    @property
    def taken(self) -> int:
        """The bytes that wait."""
        return self._taken

    def take(self, size: int) -> bool:
        """Take so many bytes; return False if there are not as many. The first may be too many."""
        if self._taken and self._taken + size > self._limit:
            return False
        if self._server is not None and not self._server.take(size):
            return False
        self._taken += size
        return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self._taken -= size
        if self._server is not None:
            self._server.give_back(size)

    def __repr__(self) -> str:
        return f"<SendBudget {self._taken} of {self._limit} bytes>"


class SendQueue:
    """
    The frames of one client, in order.

    It outlives the client's connection: the next connection of the same client sends what is left.
    A frame that may have been sent is dropped, so that none is sent twice.
    """

    def __init__(self, budget: SendBudget) -> None:
        self._budget = budget
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._is_ending = False
        self._changed = asyncio.Event()
        #: The connection that uses the queue, or used it last.
        self.user: object = None

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: Frame) -> bool:
        """
        Add a frame; return False if the queue is full, or the budget of the server is used up.

        A first frame may be larger than `LIMIT`.
        """
        if self._frames and self._bytes + len(frame) > LIMIT:
            return False
        if not self._budget.take(len(frame)):
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        self._changed.set()
        return True

    def drop(self, frame: Frame) -> None:
        """Remove a frame if it is the first."""
        if self.has(frame):
            size = len(self._frames.popleft())
            self._bytes -= size
            self._budget.give_back(size)

    def has(self, frame: Frame) -> bool:
        """Return whether this very frame is the first."""
        return bool(self._frames) and self._frames[0] is frame

    def clear(self) -> None:
        """Remove all frames: the kernel that they were for has been restarted, or is gone."""
        self._budget.give_back(self._bytes)
        self._frames.clear()
        self._bytes = 0

    def begin(self) -> None:
        """Wait for frames from now on."""
        self._is_ending = False

    def finish(self) -> None:
        """End once the queue is empty."""
        self._is_ending = True
        self._changed.set()

    async def first(self) -> Frame | None:
        """Wait for a frame, and return it without removing it; None at the end."""
        while not self._frames:
            if self._is_ending:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._frames[0]
