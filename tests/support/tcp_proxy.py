"""A TCP proxy that can be cut, stalled and restored."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.support.processes import free_port


class TcpProxy:
    """Forwards a TCP port to another port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._copying: set[asyncio.Task[None]] = set()
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
        await asyncio.gather(*self._copying, return_exceptions=True)

    def stall(self) -> None:
        """Accept connections and data, and forward nothing."""
        self._forwarding.clear()

    async def close(self) -> None:
        """Close the proxy for good."""
        await self.cut()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
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
            task = asyncio.create_task(self._copy(source, sink))
            self._copying.add(task)
            task.add_done_callback(self._copying.discard)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(2**16):
                await self._forwarding.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
