"""The clients of one remote kernel: their send queues and the tasks that relay their frames."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from .send_queue import SendQueue


class KernelClients:
    """
    The clients of one kernel, by session id.

    A client that loses its connection and comes again has the same session id. Its provider closes
    one of two connections with the same id, so that there must never be two.
    """

    def __init__(self) -> None:
        self._queues: dict[str, SendQueue] = {}
        self._relays: dict[str, asyncio.Task[None]] = {}

    async def disconnect(self, client: str) -> None:
        """End the client's former connection, if it has one, and wait until it has ended."""
        former = self._relays.get(client)
        if former is not None:
            former.cancel()
            await asyncio.wait({former})

    def connect(self, client: str, connection: object, queue: SendQueue) -> SendQueue:
        """Return the send queue of a client's new connection: its former one, or else ``queue``."""
        queue = self._queues.setdefault(client, queue)
        queue.user = connection
        queue.begin()
        return queue

    def relay(self, client: str, task: asyncio.Task[None]) -> None:
        """Record the task that relays a client's frames."""
        self._relays[client] = task

    def relay_ended(self, client: str, task: asyncio.Task[None] | None) -> None:
        """Forget the task, unless the client has a new one."""
        if self._relays.get(client) is task:
            del self._relays[client]

    def forget(self, client: str, connection: object) -> None:
        """Forget a client's send queue, unless the client has a new connection."""
        queue = self._queues.get(client)
        if queue is not None and queue.user is connection:
            queue.clear()
            del self._queues[client]

    def clear_queues(self) -> None:
        """Remove all waiting frames."""
        for queue in self._queues.values():
            queue.clear()

    @property
    def connected(self) -> Collection[str]:
        """The session ids of all clients with a relay."""
        return self._relays.keys()

    @property
    def waiting(self) -> int:
        """The number of frames in all send queues."""
        return sum(map(len, self._queues.values()))

    def __repr__(self) -> str:
        return f"<KernelClients {len(self._relays)} connected, {self.waiting} frames waiting>"
