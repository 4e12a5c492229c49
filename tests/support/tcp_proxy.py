"""A TCP proxy that can be cut, stalled and restored."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from tests.support.processes import free_port


class TcpProxy:
    """Forwards a TCP port to another port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._forwarders: set[asyncio.Task[None]] = set()
        self._forwarding = asyncio.Event()
        self._forwarding.set()
        self.port = free_port()

    @classmethod
    async def open(cls, target: int) -> TcpProxy:
        """Return an open proxy for a port."""
        proxy = cls(target)
        await proxy.restore()
        return proxy

    async def restore(self) -> None:
        """Forward all data again, on the same port."""
        self._forwarding.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Refuse connections, and abort open ones with their stalled data."""
        self._forwarding.set()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._writers:
            writer.transport.abort()
        while self._forwarders:
            await asyncio.wait(self._forwarders)

    def stall(self) -> None:
        """Accept connections and data, and forward nothing."""
        self._forwarding.clear()

    async def close(self) -> None:
        """Close the proxy for good."""
        await self.cut()

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._server is None:  # it was accepted just before the cut
            writer.transport.abort()
        else:
            self._keep(self._forward(reader, writer))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a part of the forwarding, for which a cut waits."""
        task = asyncio.create_task(work)
        self._forwarders.add(task)
        task.add_done_callback(self._forwarders.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(target_writer)
        if self._server is None:  # it was cut in the meantime
            writer.transport.abort()
            target_writer.transport.abort()
        for source, sink in ((reader, target_writer), (target_reader, writer)):
            self._keep(self._copy(source, sink))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(2**16):
                await self._forwarding.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
